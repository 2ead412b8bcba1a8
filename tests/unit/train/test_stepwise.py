"""Training timestep by timestep against training layer by layer."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from held import Held
from torch import Tensor

from neurodeploy.errors import ConfigError
from neurodeploy.train.config import DataConfig, ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.loop import Training
from neurodeploy.train.loss import mean_losses
from neurodeploy.train.model import Output, SpikingNet, build_model
from neurodeploy.train.stage import Stage
from neurodeploy.train.to_graph import to_graph

SHAPE, STEPS = (2, 9, 8), 7
PLAIN = ModelConfig(kind="mlp", hidden=(12, 7), batch_norm=False)
MAPS = ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(2, 1), paddings=(1, 0), batch_norm=False)
NORMED = replace(MAPS, batch_norm=True)
KINDS = ("lif", "cuba", "if", "relu")
NEURON = NeuronConfig(threshold=0.3)


@pytest.fixture
def frames(rng: np.random.Generator) -> Tensor:
    return as_input((rng.random((6, STEPS, *SHAPE)) < 0.3).astype(np.uint8), torch.device("cpu"))


def build(model: ModelConfig, neuron: NeuronConfig = NEURON) -> SpikingNet:
    return build_model(model, neuron, SHAPE, 3, torch.Generator().manual_seed(0)).train()


def gradients(net: SpikingNet, output: Output) -> list[Tensor]:
    loss = mean_losses(output.logits, torch.arange(6) % 3).mean()
    return list(torch.autograd.grad(loss, list(net.parameters()), allow_unused=True, materialize_grads=True))


def both(net: SpikingNet, frames: Tensor) -> tuple[Output, Output]:
    found = []
    for net.is_stepwise in (False, True):
        found.append(net(frames))
    return found[0], found[1]


@pytest.mark.parametrize("readout", ["accumulate", "spikes"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", [PLAIN, MAPS])
def test_without_batch_norm_values_and_gradients_are_equal(
    model: ModelConfig, kind: str, readout: str, frames: Tensor
) -> None:
    if kind == "relu" and readout == "spikes":
        return
    net = build(model, replace(NEURON, kind=kind, readout=readout))
    whole, steps = both(net, frames)
    torch.testing.assert_close(steps.logits, whole.logits)
    for ours, theirs in zip(steps.spikes, whole.spikes, strict=True):
        torch.testing.assert_close(ours, theirs)
    for ours, theirs in zip(gradients(net, steps), gradients(net, whole), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)  # other order of the same float32 sums


@pytest.mark.parametrize("readout", ["accumulate", "spikes"])
@pytest.mark.parametrize("kind", ["lif", "cuba", "if"])
@pytest.mark.parametrize("model", [PLAIN, NORMED])
def test_integers_are_equal_to_the_last_bit(model: ModelConfig, kind: str, readout: str, frames: Tensor) -> None:
    net = build(model, replace(NEURON, kind=kind, readout=readout))
    net.is_integer = True
    whole, steps = both(net, frames)
    assert whole.spikes[-1].any()
    assert torch.equal(steps.logits, whole.logits)
    assert all(torch.equal(*pair) for pair in zip(steps.spikes, whole.spikes, strict=True))


def test_batch_norm_sees_one_timestep_at_a_time(frames: Tensor) -> None:
    net = build(NORMED)
    whole, steps = both(net, frames)
    assert not torch.allclose(whole.logits, steps.logits)


def test_in_eval_mode_both_are_one(frames: Tensor) -> None:
    net = build(NORMED).eval()
    whole, steps = both(net, frames)
    assert torch.equal(whole.logits, steps.logits)


def test_a_state_that_is_dropped_is_noticed(frames: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the comparisons above compare something."""
    right = Stage.after
    monkeypatch.setattr(Stage, "after", lambda stage, spikes, state: right(stage, spikes, None))
    whole, steps = both(build(MAPS), frames)
    assert not torch.allclose(whole.logits, steps.logits)


@pytest.mark.parametrize(
    ("execution", "gradient", "stepwise"),
    [("auto", "bptt", False), ("layer", "bptt", False), ("step", "bptt", True), ("auto", "sltt", True)],
)
def test_auto_is_what_takes_less_with_each_gradient(execution: str, gradient: str, stepwise: bool) -> None:
    train = TrainConfig(execution=execution, gradient=gradient, loss="tet")
    train.check()
    config = RunConfig(data=DataConfig(timesteps=STEPS), model=PLAIN, neuron=NEURON, train=train)
    frames = Held(np.zeros((8, STEPS, *SHAPE), np.uint8), np.arange(8) % 3)
    assert Training(config, build(PLAIN), frames, lambda net: to_graph(net, SHAPE)).net.is_stepwise is stepwise


@pytest.mark.parametrize("gradient", ["sltt", "sltt_k"])
def test_gradients_of_single_timesteps_are_not_computed_layer_by_layer(gradient: str) -> None:
    with pytest.raises(ConfigError, match=r"train\.execution"):
        TrainConfig(execution="layer", gradient=gradient, loss="tet").check()


@pytest.mark.parametrize("learn_decay", [False, True])
def test_only_a_learned_decay_keeps_voltages_after_the_reset(learn_decay: bool, frames: Tensor) -> None:
    """Every timestep keeps the spikes that the next layer reads, of the same shape."""
    net, kept = build(PLAIN, replace(NEURON, learn_decay=learn_decay)), []
    net.is_stepwise = True
    with torch.autograd.graph.saved_tensors_hooks(lambda value: kept.append(value.shape) or value, lambda value: value):
        net(frames)
    assert kept.count(torch.Size((6, PLAIN.hidden[0]))) == STEPS * (2 if learn_decay else 1)


@pytest.mark.parametrize("train", [TrainConfig(execution="step"), TrainConfig(gradient="sltt", loss="tet")])
def test_delays_are_refused_where_one_timestep_is_kept_at_a_time(train: TrainConfig) -> None:
    neuron = NeuronConfig(delays="axon", max_delay=2)
    config = RunConfig(data=DataConfig(timesteps=8), model=replace(PLAIN, batch_norm=True), neuron=neuron, train=train)
    with pytest.raises(ConfigError, match=r"neuron\.delays"):
        config.check()


def test_a_network_with_delays_does_not_walk() -> None:
    net = build(PLAIN, replace(NEURON, delays="axon", max_delay=2))
    with pytest.raises(ConfigError, match=r"neuron\.delays"):
        net.walk(STEPS)
