import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from held import Held

from neurodeploy.errors import CheckpointError, ConfigError
from neurodeploy.graph import Graph
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.loop import Training, float_epochs, learning_rate, make_optimizer
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.to_graph import to_graph

SHAPE = (2, 6, 6)
CONFIG = RunConfig(
    model=ModelConfig(channels=(4,), kernels=(3,), strides=(1,), paddings=(0,)),
    neuron=NeuronConfig(threshold=0.5),
    train=TrainConfig(epochs=4, batch_size=5, lr=0.01, quantize_from=0.5),
)


def graph_of(net: SpikingNet) -> Graph:
    return to_graph(net, SHAPE)


def training(config: RunConfig = CONFIG, seed: int = 0) -> Training:
    config = replace(config, seed=seed, data=replace(config.data, timesteps=5))
    rng = np.random.default_rng(0)
    labels = np.arange(24) % 3
    frames = (rng.random((24, 5, *SHAPE)) < 0.2 + 0.2 * labels[:, None, None, None, None]).astype(np.uint8)
    net = build_model(config.model, config.neuron, SHAPE, 3, torch.Generator().manual_seed(config.seed))
    return Training(config, net, Held(frames, labels), graph_of)


def silent() -> None:
    pass


def test_epochs_are_recorded_and_the_network_turns_to_integers_in_time() -> None:
    found = training()
    for _ in range(4):
        found.run_epoch(silent)
    assert [record["phase"] for record in found.history] == ["float", "float", "integer", "integer"]
    assert [record["epoch"] for record in found.history] == [1, 2, 3, 4]
    keys = {"loss", "accuracy", "lr", "validation_accuracy_float", "validation_accuracy_integer", "validation_loss"}
    assert keys <= set(found.history[0])
    assert set(found.history[0]["firing_rate"]) == {"cuba1"}


def test_the_same_seed_gives_the_same_weights_and_another_does_not() -> None:
    runs = [training(seed=seed) for seed in (1, 1, 2)]
    for run in runs:
        run.run_epoch(silent)
    weights = [run.net.readout.weight for run in runs]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_training_and_validation_do_not_overlap() -> None:
    found = training(replace(CONFIG, data=replace(CONFIG.data, validation=0.25)))
    assert len(found.validated) == 6
    assert not set(found.learned) & set(found.validated)
    assert len(found.learned) + len(found.validated) == 24


def test_without_validation_the_last_epoch_is_the_best() -> None:
    found = training(replace(CONFIG, data=replace(CONFIG.data, validation=0.0)))
    for _ in range(3):
        found.run_epoch(silent)
    assert found.best_epoch() == 3
    assert "validation_loss" not in found.history[0]


def test_the_best_epoch_is_integer_then_accurate_then_sure() -> None:
    found = training()
    rows = [
        ("float", 0.9, 0.1),
        ("integer", 0.7, 0.5),
        ("integer", 0.8, 0.6),
        ("integer", 0.8, 0.5),
        ("integer", 0.8, 0.7),
    ]
    for epoch, (phase, accuracy, loss) in enumerate(rows, 1):
        record = {"epoch": epoch, "phase": phase, "validation_accuracy_integer": accuracy, "validation_loss": loss}
        found.history.append(record)
    assert found.best_epoch() == 4
    found.history = found.history[:1]
    assert found.best_epoch() == 1


def test_a_restored_training_goes_on_to_the_same_weights() -> None:
    straight, first, second = training(), training(), training()
    for _ in range(4):
        straight.run_epoch(silent)
    for _ in range(2):
        first.run_epoch(silent)
    second.restore(first.checkpoint(with_optimizer=True), Path("last"))
    for _ in range(2):
        second.run_epoch(silent)
    for name, value in straight.net.state_dict().items():
        assert torch.equal(value, second.net.state_dict()[name]), name
    assert [r["loss"] for r in straight.history] == [r["loss"] for r in second.history]


def test_a_loss_that_is_not_finite_stops_the_training() -> None:
    found = training()
    with torch.no_grad():
        found.net.readout.weight.fill_(float("inf"))
    with pytest.raises(ConfigError, match=r"train\.lr"):
        found.run_epoch(silent)
    assert found.epochs_done == 0


def test_steps_are_reported() -> None:
    found = training()
    steps = []
    found.run_epoch(lambda: steps.append(1))
    assert len(steps) == found.steps_per_epoch == math.ceil(len(found.learned) / 5)


def test_the_learning_rate_rises_and_falls_as_half_a_cosine() -> None:
    config = TrainConfig(lr=2.0, warmup=0.2)
    assert [learning_rate(p, config) for p in (0.0, 0.1, 0.2, 0.6, 1.0)] == pytest.approx([0, 1, 2, 1, 0])
    assert learning_rate(0.0, replace(config, warmup=0.0)) == 2.0


@pytest.mark.parametrize(
    ("epochs", "share", "wanted"), [(60, 0.6, 36), (1, 0.6, 1), (10, 0.7, 7), (5, 0.0, 0), (5, 1.0, 5), (3, 0.5, 2)]
)
def test_float_epochs(epochs: int, share: float, wanted: int) -> None:
    assert float_epochs(TrainConfig(epochs=epochs, quantize_from=share)) == wanted


def test_weight_decay_pulls_at_weights_of_synapses_only() -> None:
    found = training()
    optimizer = make_optimizer(found.net, TrainConfig(weight_decay=0.5))
    decayed, others = optimizer.param_groups
    assert (decayed["weight_decay"], others["weight_decay"]) == (0.5, 0.0)
    assert {p.ndim for p in decayed["params"]} == {2, 4}
    assert {p.ndim for p in others["params"]} == {1}


def test_another_model_cannot_be_continued() -> None:
    other = training(replace(CONFIG, model=ModelConfig(kind="mlp", hidden=(4,))))
    with pytest.raises(CheckpointError):
        other.restore(training().checkpoint(with_optimizer=True), Path("last"))
