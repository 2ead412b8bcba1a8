"""Whole runs of the recipes iir, inherit and ann-init on a few recordings."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from interrupted import InterruptedAt, assert_same_weights

from neurodeploy.data.config import DataConfig
from neurodeploy.graph import simulate
from neurodeploy.train import complete
from neurodeploy.train import training as module
from neurodeploy.train.config import ModelConfig, NeuronConfig, RecipeConfig, RunConfig, TrainConfig
from neurodeploy.train.convert import convert_ann
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.progress import Silent
from neurodeploy.train.run_dir import deployment, load_run, new_model
from neurodeploy.train.training import resume_run, train_run


@pytest.fixture(autouse=True, scope="module")
def no_plots() -> Iterator[None]:
    """Drawing takes longer than these trainings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(complete, "plots", lambda history: {})
        yield


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="digits-dvs", timesteps=1, limit=60, cache=str(tmp_path_factory.mktemp("cache"))),
        model=ModelConfig(kind="mlp", hidden=(16, 8)),
        neuron=NeuronConfig(threshold=0.5),
        train=TrainConfig(epochs=2, batch_size=20, quantize_from=0.5),
        recipe=RecipeConfig(kind="iir", chain=(4, 2, 1), phase_epochs=(1, 2, 2)),
        device="cpu",
    )


@pytest.fixture(scope="module")
def finished(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_run(config, tmp_path_factory.mktemp("runs"), progress=Silent())


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()


def test_a_chain_is_a_run_for_each_number_of_timesteps(finished: Path) -> None:
    assert sorted(path.name for path in (finished / "phases").iterdir()) == ["1-t4", "2-t2"]
    metrics = load_run(finished).metrics
    assert [(phase["timesteps"], phase["epochs"]) for phase in metrics["phases"]] == [(4, 1), (2, 2)]
    assert [record["phase"] for record in load_run(finished).history] == ["float", "integer"]


def test_each_phase_begins_with_the_best_weights_of_the_one_before_and_interruptions_change_nothing(
    config: RunConfig, finished: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "digits-dvs-0001"
    with pytest.raises(KeyboardInterrupt):
        train_run(config, tmp_path, progress=InterruptedAt(4))
    assert digest(torn / "phases/2-t2/checkpoints/last") == digest(torn / "phases/1-t4/checkpoints/best")
    with pytest.raises(KeyboardInterrupt):
        resume_run(torn, progress=InterruptedAt(7))
    assert digest(torn / "checkpoints/last") == digest(torn / "phases/2-t2/checkpoints/best")
    resume_run(torn, progress=Silent())
    assert_same_weights(torn, finished)
    assert_same_weights(torn / "phases/2-t2", finished / "phases/2-t2")


def test_the_network_of_one_timestep_is_deployed_spike_for_spike(finished: Path) -> None:
    run = load_run(finished)
    network, test = deployment(run), module.open_frames(run.config.data).test
    assert network.timesteps == 1
    net = run.model
    net.is_integer = True
    with torch.no_grad():
        output = net(as_input(test.batch(), torch.device("cpu")))
    trace = simulate(network.integer, np.moveaxis(test.batch(), 0, 1))
    for name, spikes in zip(net.neuron_names, output.spikes, strict=True):
        assert spikes.any()
        np.testing.assert_array_equal(trace[name], spikes.numpy())


def test_time_is_inherited_from_few_timesteps_to_many(config: RunConfig, tmp_path: Path) -> None:
    data = replace(config.data, timesteps=4, limit=30)
    recipe = RecipeConfig(kind="inherit", chain=(2, 4), phase_epochs=(1, 1))
    run = load_run(train_run(replace(config, data=data, recipe=recipe), tmp_path, progress=Silent()))
    assert [phase["timesteps"] for phase in run.metrics["phases"]] == [2]
    assert run.config.data.steps == 4


def small(config: RunConfig, **recipe: object) -> RunConfig:
    return replace(config, data=replace(config.data, limit=30), recipe=RecipeConfig(**recipe))


def test_a_chain_can_begin_with_an_artificial_network(config: RunConfig, tmp_path: Path) -> None:
    changed = small(config, kind="iir", chain=(2, 1), ann_epochs=1, phase_epochs=(1, 1))
    run = load_run(train_run(changed, tmp_path, progress=Silent()))
    assert [(phase["name"], phase["timesteps"]) for phase in run.metrics["phases"]] == [("1-ann", 2), ("2-t2", 2)]
    assert "test_accuracy_float" in run.metrics["phases"][0]
    assert "test_accuracy_integer" in run.metrics


def test_a_spiking_network_begins_with_the_weights_of_an_artificial_one(config: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_run(small(config, kind="ann-init", ann_epochs=1), tmp_path, progress=InterruptedAt(2))
    torn = tmp_path / "digits-dvs-0001"
    ann, run = load_run(torn / "phases/1-ann").model, load_run(torn)
    net = new_model(run.config, run.task)
    convert_ann(ann, net)
    begun = module.load_checkpoint(torn / "checkpoints/last").weights
    for name, value in net.state_dict().items():
        assert torch.equal(begun[name], value), name
