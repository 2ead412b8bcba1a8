"""Runs with learned step sizes and layers of different widths: interrupted, loaded again, begun with other weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from interrupted import InterruptedAt, assert_same_weights

from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.errors import ConfigError
from neurodeploy.graph import Synapse, predictions, simulate
from neurodeploy.graph.widths import weight_bits
from neurodeploy.train.checkpoint import load_checkpoint
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.progress import Silent
from neurodeploy.train.run_dir import deployment, load_run
from neurodeploy.train.training import resume_run, train_run

BITS = (4, 3)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="digits-dvs", timesteps=4, limit=60, cache=str(tmp_path_factory.mktemp("cache"))),
        model=ModelConfig(channels=(4,), kernels=(5,), strides=(3,), paddings=(1,)),
        neuron=NeuronConfig(threshold=0.5),
        train=TrainConfig(epochs=4, batch_size=20, quantize_from=0.5, quantizer="lsq", layer_bits=BITS),
        augment=AugmentConfig(),
        device="cpu",
    )


@pytest.fixture(scope="module")
def finished(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_run(config, tmp_path_factory.mktemp("runs"), progress=Silent())


def test_the_checkpoint_carries_the_step_sizes(finished: Path) -> None:
    weights = load_checkpoint(finished / "checkpoints/best").weights
    assert all(bool(weights[f"step_sizes.{place}.is_learned"]) for place in range(len(BITS)))
    assert all(float(weights[f"step_sizes.{place}.log_alpha"]) != 0 for place in range(len(BITS)))


def test_the_deployed_integers_have_the_reported_accuracy_and_widths(finished: Path) -> None:
    run = load_run(finished)
    network = deployment(run).integer
    test = open_frames(run.config.data).test
    answers = predictions(network.graph, simulate(network, np.moveaxis(test.batch(), 0, 1)))
    assert (answers == test.labels).mean() == run.metrics["test_accuracy_integer"]
    widths = [weight_bits(node.weight) for node in network.graph.nodes if isinstance(node, Synapse)]
    assert all(width <= most for width, most in zip(widths, BITS, strict=True))


@pytest.mark.parametrize("steps", [4, 7, 11], ids=["float phase", "first integer epoch", "last epoch"])
def test_an_interrupted_run_goes_on_to_the_same_weights(
    steps: int, finished: Path, config: RunConfig, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_run(config, tmp_path, progress=InterruptedAt(steps))
    torn = tmp_path / "digits-dvs-0001"
    resume_run(torn, progress=Silent())
    assert_same_weights(torn, finished)


def test_a_run_without_learned_steps_has_none_in_its_checkpoint(config: RunConfig, tmp_path: Path) -> None:
    plain = replace(config, train=replace(config.train, epochs=1, quantizer="max"))
    weights = load_checkpoint(train_run(plain, tmp_path, progress=Silent()) / "checkpoints/last").weights
    assert not any("step_size" in name for name in weights)


def test_step_sizes_begin_anew_with_the_weights_of_another_run(
    finished: Path, config: RunConfig, tmp_path: Path
) -> None:
    again = replace(config, train=replace(config.train, init=str(finished), layer_bits=(2, 2)))
    with pytest.raises(KeyboardInterrupt):
        train_run(again, tmp_path, progress=InterruptedAt(1))
    begun = load_checkpoint(tmp_path / "digits-dvs-0001/checkpoints/last").weights
    best = load_checkpoint(finished / "checkpoints/best").weights
    assert all(torch.equal(begun[name], value) for name, value in best.items() if not name.startswith("step_sizes"))
    assert not begun["step_sizes.0.is_learned"]


def test_widths_for_other_layers_are_refused_before_there_is_a_folder(config: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"train\.layer_bits"):
        train_run(replace(config, train=replace(config.train, layer_bits=(8,))), tmp_path, progress=Silent())
    assert not list(tmp_path.iterdir())
