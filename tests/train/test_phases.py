"""A recipe of two phases: folders, first weights, and that an interrupted one ends as an uninterrupted one."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from interrupted import InterruptedAt, assert_same_weights

from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.errors import CheckpointError
from neurodeploy.train import training as module
from neurodeploy.train.checkpoint import load_checkpoint
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.progress import Silent
from neurodeploy.train.recipes import Phase
from neurodeploy.train.run_dir import load_run
from neurodeploy.train.training import resume_run, train_run


@pytest.fixture
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="digits-dvs", timesteps=2, limit=60, cache=str(tmp_path_factory.mktemp("cache"))),
        model=ModelConfig(kind="mlp", hidden=(8,)),
        neuron=NeuronConfig(threshold=0.5),
        train=TrainConfig(epochs=2, batch_size=20, quantize_from=0.5),
        augment=AugmentConfig(),
        device="cpu",
    )


def two_phases(config: RunConfig) -> tuple[Phase, ...]:
    def begin(net: SpikingNet, earlier: Mapping[str, SpikingNet]) -> None:
        net.load_state_dict(earlier["long"].state_dict())

    longer = replace(config, data=replace(config.data, timesteps=4))
    return Phase("long", longer), Phase("short", config, begin)


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "phases_of", two_phases)


@pytest.mark.usefixtures("recipe")
def test_each_phase_is_a_run_and_the_last_is_the_run_itself(config: RunConfig, tmp_path: Path) -> None:
    path = train_run(config, tmp_path, progress=Silent())
    early, run = load_run(path / "phases/1-long"), load_run(path)
    assert (early.config.data.steps, run.config.data.steps) == (4, 2)
    assert "test_accuracy_integer" in early.metrics
    (phase,) = run.metrics["phases"]
    assert (phase["name"], phase["timesteps"], phase["epochs"]) == ("1-long", 4, 2)
    assert run.metrics["wall_s_all_phases"] >= run.metrics["wall_s"]


@pytest.mark.usefixtures("recipe")
@pytest.mark.parametrize("steps", [2, 7], ids=["in the first phase", "in the second phase"])
def test_an_interrupted_recipe_goes_on_to_the_same_weights(steps: int, config: RunConfig, tmp_path: Path) -> None:
    whole = train_run(config, tmp_path / "whole", progress=Silent())
    reporter = InterruptedAt(steps)
    with pytest.raises(KeyboardInterrupt):
        train_run(config, tmp_path / "torn", progress=reporter)
    torn = tmp_path / "torn/digits-dvs-0001"
    assert reporter.notes[-1].endswith(f"--resume {torn}")
    resume_run(torn, progress=Silent())
    assert_same_weights(torn, whole)
    assert_same_weights(torn / "phases/1-long", whole / "phases/1-long")


def test_a_run_begins_with_the_best_weights_of_the_one_it_is_given(config: RunConfig, tmp_path: Path) -> None:
    first = train_run(config, tmp_path, progress=Silent())
    again = replace(config, train=replace(config.train, init=str(first)))
    with pytest.raises(KeyboardInterrupt):
        train_run(again, tmp_path, progress=InterruptedAt(1))
    begun = load_checkpoint(tmp_path / "digits-dvs-0002/checkpoints/last").weights
    best = load_checkpoint(first / "checkpoints/best").weights
    assert all(torch.equal(begun[name], tensor) for name, tensor in best.items())


def test_first_weights_of_another_model_are_refused_before_there_is_a_folder(config: RunConfig, tmp_path: Path) -> None:
    first = train_run(config, tmp_path, progress=Silent())
    wider = replace(config, model=ModelConfig(kind="mlp", hidden=(9,)), train=replace(config.train, init=str(first)))
    with pytest.raises(CheckpointError):
        train_run(wider, tmp_path / "other", progress=Silent())
    assert not (tmp_path / "other").exists()


def test_a_network_is_shown_the_windows_that_are_asked_for(config: RunConfig, tmp_path: Path) -> None:
    sliced = replace(config, data=replace(config.data, timesteps=6, skip=2, take=3))
    run = load_run(train_run(sliced, tmp_path, progress=Silent()))
    assert run.config.data.steps == 3
    assert run.metrics["recordings"]["test"] > 0
