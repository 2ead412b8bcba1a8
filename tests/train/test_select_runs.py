"""A whole run that leaves recordings out: numbers, resumption, and that the deployed network is the trained one."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from interrupted import InterruptedAt, assert_same_weights

from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.graph import simulate
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.progress import Silent
from neurodeploy.train.run_dir import Run, deployment, load_run
from neurodeploy.train.select_config import SelectConfig
from neurodeploy.train.training import resume_run, train_run

EPOCHS, PRUNED = 5, 3


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    cache = str(tmp_path_factory.mktemp("cache"))
    # With a stated duration no recording has to be made to know how long they last.
    data = DataConfig(dataset="digits-dvs", timesteps=3, duration_us=300_000, limit=60, cache=cache)
    return RunConfig(
        data=data,
        model=ModelConfig(kind="mlp", hidden=(12,)),
        neuron=NeuronConfig(threshold=0.5),
        train=TrainConfig(epochs=EPOCHS, batch_size=20, quantize_from=0.5),
        select=SelectConfig(kind="sadp", ratio=0.6, warmup=1, delta=0.8),
        device="cpu",
    )


@pytest.fixture(scope="module")
def finished(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return load_run(train_run(config, tmp_path_factory.mktemp("runs"), progress=Silent()))


def without_times(metrics: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in metrics.items() if not key.endswith("_s")}


def test_exactly_the_predicted_share_is_visited(finished: Run) -> None:
    learned = finished.metrics["recordings"]["train"]
    kept = round(0.4 * learned)
    assert finished.metrics["visited_ratio"] == (2 * learned + PRUNED * kept) / (learned * EPOCHS)


def test_the_final_numbers_tell_where_the_time_went(finished: Run) -> None:
    metrics = finished.metrics
    assert 0 < metrics["select_s"] < metrics["learn_s"]
    assert abs(metrics["learn_s"] + metrics["validation_s"] - metrics["wall_s"]) < 0.1


def test_a_run_interrupted_in_a_pruned_epoch_goes_on_to_the_same_weights(
    finished: Run, config: RunConfig, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_run(config, tmp_path, progress=InterruptedAt(6))
    torn = resume_run(tmp_path / "digits-dvs-0001", progress=Silent())
    assert_same_weights(torn, finished.path)
    assert without_times(load_run(torn).metrics) == without_times(finished.metrics)


def test_the_deployed_integers_are_the_trained_ones_spike_for_spike(finished: Run) -> None:
    frames = open_frames(finished.config.data).test.batch(np.arange(20))
    net, network = finished.model, deployment(finished).integer
    net.is_integer = True
    with torch.no_grad():
        output = net(as_input(frames, torch.device("cpu")))
    trace = simulate(network, np.moveaxis(frames, 0, 1))
    assert sum(float(spikes.sum()) for spikes in output.spikes) > 0
    for name, spikes in zip(net.neuron_names, output.spikes, strict=True):
        np.testing.assert_array_equal(spikes.numpy(), trace[name])
