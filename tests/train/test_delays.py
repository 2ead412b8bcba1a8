"""Trainings with delays: what they learn is deployed, an interrupted one goes on, and others go on from it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from coincidence import LAG, trained_on_coincidences
from interrupted import InterruptedAt, assert_same_weights, weights

from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.errors import CheckpointError
from neurodeploy.graph import predictions, simulate
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.delays import SIGMA_END, SynapticDelay, delays_of
from neurodeploy.train.progress import Silent
from neurodeploy.train.run_dir import deployment, load_run
from neurodeploy.train.training import resume_run, train_run


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="digits-dvs", timesteps=5, limit=60, cache=str(tmp_path_factory.mktemp("cache"))),
        model=ModelConfig(kind="mlp", hidden=(6, 5)),
        neuron=NeuronConfig(threshold=0.5, delays="synapse", max_delay=3),
        train=TrainConfig(epochs=4, batch_size=20, quantize_from=0.5),
        augment=AugmentConfig(),
        device="cpu",
    )


def with_delays(config: RunConfig, delays: str) -> RunConfig:
    return replace(config, neuron=replace(config.neuron, delays=delays))


@pytest.fixture(scope="module", params=["axon", "synapse"])
def finished(
    request: pytest.FixtureRequest, config: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RunConfig, Path]:
    chosen = with_delays(config, request.param)
    return chosen, train_run(chosen, tmp_path_factory.mktemp("runs"), progress=Silent())


def test_the_deployed_integers_have_the_reported_accuracy(finished: tuple[RunConfig, Path]) -> None:
    run = load_run(finished[1])
    network = deployment(run).integer
    test = open_frames(run.config.data).test
    answers = predictions(network.graph, simulate(network, np.moveaxis(test.batch(), 0, 1)))
    assert (answers == test.labels).mean() == run.metrics["test_accuracy_integer"]
    assert any(ref.delay for node in network.graph.nodes for ref in node.inputs)


@pytest.mark.parametrize("steps", [4, 11], ids=["float phase", "integer phase"])
def test_an_interrupted_run_goes_on_to_the_same_weights(
    steps: int, finished: tuple[RunConfig, Path], tmp_path: Path
) -> None:
    chosen, whole = finished
    with pytest.raises(KeyboardInterrupt):
        train_run(chosen, tmp_path, progress=InterruptedAt(steps))
    torn = tmp_path / "digits-dvs-0001"
    resume_run(torn, progress=Silent())
    assert_same_weights(torn, whole)
    assert "stages.1.delay.steps" in weights(torn)


def test_delays_are_learned_in_both_phases_and_stay_at_rate_zero(config: RunConfig, tmp_path: Path) -> None:
    moved = {}
    for rate in (0.0, 0.1):
        chosen = replace(config, neuron=replace(config.neuron, delay_lr=rate))
        with pytest.raises(KeyboardInterrupt):
            train_run(chosen, tmp_path / f"{rate}", progress=InterruptedAt(1))
        path = tmp_path / f"{rate}" / "digits-dvs-0001"
        first = weights(path)["stages.0.delay.steps"]
        moved[rate] = not torch.equal(first, weights(resume_run(path, progress=Silent()))["stages.0.delay.steps"])
    assert moved == {0.0: False, 0.1: True}


def test_a_run_without_delays_has_none_in_its_checkpoint(config: RunConfig, tmp_path: Path) -> None:
    plain = replace(with_delays(config, "none"), train=replace(config.train, epochs=1))
    assert not any("delay" in name for name in weights(train_run(plain, tmp_path, progress=Silent())))


def test_a_run_goes_on_from_the_delays_of_another_without_widening_them(
    finished: tuple[RunConfig, Path], tmp_path: Path
) -> None:
    chosen, source = finished
    again = replace(chosen, train=replace(chosen.train, init=str(source)))
    with pytest.raises(KeyboardInterrupt):
        train_run(again, tmp_path, progress=InterruptedAt(1))
    begun, best = weights(tmp_path / "digits-dvs-0001"), weights(source, "best")
    assert torch.equal(begun["stages.1.delay.steps"], best["stages.1.delay.steps"])


def test_delays_do_not_appear_in_a_run_that_begins_without_them(config: RunConfig, tmp_path: Path) -> None:
    plain = replace(with_delays(config, "none"), train=replace(config.train, epochs=1))
    source = train_run(plain, tmp_path, progress=Silent())
    with pytest.raises(CheckpointError, match=r"stages\.0\.delay\.steps"):
        train_run(replace(config, train=replace(config.train, init=str(source))), tmp_path, progress=Silent())


# ------------------------------------------------------------------------------------ coincidence


def test_only_with_delays_a_network_without_memory_tells_a_lag() -> None:
    training, accuracy = trained_on_coincidences("synapse")
    assert accuracy > 0.95
    lags = {int(delay[0] - delay[1]) for delay in next(delays_of(training.net)).rounded()}
    assert LAG in lags
    assert trained_on_coincidences("none", epochs=8)[1] < 0.55


def test_sigma_follows_the_epochs_of_the_training() -> None:
    training, _ = trained_on_coincidences("synapse", epochs=1)
    delay = next(delays_of(training.net))
    assert isinstance(delay, SynapticDelay)
    assert delay.sigma == 4
    training.config = replace(training.config, train=replace(training.config.train, init="before"))
    training.run_epoch(lambda: None)
    assert delay.sigma == SIGMA_END
