"""SLTT: against a graph over all timesteps whose states are detached, and against backpropagation through time."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from held import Held
from torch import Tensor

from neurodeploy.errors import ConfigError
from neurodeploy.graph import Graph
from neurodeploy.train import online as module
from neurodeploy.train.config import DataConfig, ModelConfig, NeuronConfig, PenaltyConfig, RunConfig, TrainConfig
from neurodeploy.train.loop import Training
from neurodeploy.train.loss import losses
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.neurons.cells import State
from neurodeploy.train.online import learn_online
from neurodeploy.train.stage import Stage
from neurodeploy.train.to_graph import to_graph

SHAPE, STEPS = (2, 9, 8), 6
SLTT = TrainConfig(gradient="sltt", loss="tet", tet_lambda=0.05)
PLAIN = ModelConfig(kind="mlp", hidden=(40,), batch_norm=False)
NORMED = ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(2, 1), paddings=(1, 0))
NEURON = NeuronConfig(threshold=0.3)
LABELS = torch.arange(8) % 3


@pytest.fixture
def frames(rng: np.random.Generator) -> Tensor:
    return torch.from_numpy((rng.random((STEPS, 8, *SHAPE)) < 0.3).astype(np.float32))


def build(model: ModelConfig = PLAIN, neuron: NeuronConfig = NEURON, seed: int = 0) -> SpikingNet:
    return build_model(model, neuron, SHAPE, 3, torch.Generator().manual_seed(seed)).train()


def online(net: SpikingNet, frames: Tensor, settings: TrainConfig = SLTT, seed: int = 0) -> list[Tensor]:
    net.zero_grad()
    learn_online(net, frames, LABELS, settings, np.random.default_rng(seed))
    return [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in net.parameters()]


def through_time(net: SpikingNet, frames: Tensor) -> list[Tensor]:
    net.is_stepwise = True
    loss = losses(net(frames).logits, LABELS, SLTT).mean()
    return list(torch.autograd.grad(loss, list(net.parameters()), allow_unused=True, materialize_grads=True))


def detached(net: SpikingNet, frames: Tensor, monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The gradient on one graph over all timesteps in which no state has a history."""

    def cut(state: State | None) -> State | None:
        return None if state is None else state.detached()

    with monkeypatch.context() as patch:
        for name, place in (("after", 1), ("integer_after", 2)):
            right = getattr(Stage, name)
            patch.setattr(
                Stage, name, lambda s, *given, right=right, place=place: right(s, *given[:place], cut(given[place]))
            )
        return through_time(net, frames)


def cosine(ours: Tensor, theirs: Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(ours.flatten(), theirs.flatten(), dim=0))


@pytest.mark.parametrize("is_integer", [False, True])
@pytest.mark.parametrize(("model", "kind"), list(itertools.product((PLAIN, NORMED), ("lif", "cuba", "if"))))
def test_gradients_are_those_of_detached_states(
    model: ModelConfig, kind: str, is_integer: bool, frames: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = build(model, replace(NEURON, kind=kind))
    net.is_integer = is_integer
    for ours, theirs in zip(online(net, frames), detached(net, frames, monkeypatch), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)  # other order of the same float32 sums


def test_the_learned_decay_keeps_its_gradient_within_a_timestep(
    frames: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = build(neuron=replace(NEURON, learn_decay=True))
    ours, theirs = online(net, frames), detached(net, frames, monkeypatch)
    place = [name for name, _ in net.named_parameters()].index("stages.0.leak")
    assert ours[place]
    torch.testing.assert_close(ours[place], theirs[place], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("is_integer", [False, True])
def test_forward_passes_are_those_of_backpropagation_to_the_last_bit(is_integer: bool, frames: Tensor) -> None:
    net = build(NORMED)
    net.is_integer, net.is_stepwise = is_integer, True
    learned = learn_online(net, frames, LABELS, SLTT, np.random.default_rng(0))
    assert torch.equal(learned.logits, build_like(net)(frames).logits)


def build_like(net: SpikingNet) -> SpikingNet:
    other = build(NORMED)
    other.is_integer, other.is_stepwise = net.is_integer, net.is_stepwise
    return other


def test_one_timestep_is_backpropagation(frames: Tensor) -> None:
    net = build()
    assert all(torch.equal(*pair) for pair in zip(online(net, frames[:1]), through_time(net, frames[:1]), strict=True))


def test_the_gradient_of_the_readout_is_that_of_backpropagation(frames: Tensor) -> None:
    net = build()
    torch.testing.assert_close(online(net, frames)[-1], through_time(net, frames)[-1])


def test_the_gradient_of_a_hidden_layer_is_not(frames: Tensor) -> None:
    """So the comparisons above compare something."""
    net = build(neuron=replace(NEURON, voltage_decay=0))
    assert cosine(online(net, frames)[0], through_time(net, frames)[0]) < 0.999


@pytest.mark.parametrize(("keep", "least"), [(0.091, 0.99), (0.5, 0.9)])
@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_with_a_strong_leak_gradients_point_where_those_of_backpropagation_do(
    keep: float, least: float, reset: str, frames: Tensor
) -> None:
    neuron = replace(NEURON, voltage_decay=round(4096 * (1 - keep)), reset=reset)
    nets = [build(neuron=neuron, seed=seed) for seed in range(10)]
    assert np.mean([cosine(online(net, frames)[0], through_time(net, frames)[0]) for net in nets]) > least


def test_all_timesteps_drawn_are_sltt(frames: Tensor) -> None:
    net, every = build(), replace(SLTT, gradient="sltt_k", sltt_steps=STEPS)
    for rescale in (False, True):
        found = online(net, frames, replace(every, sltt_rescale=rescale))
        assert all(torch.equal(*pair) for pair in zip(found, online(net, frames), strict=True))


def test_rescaled_draws_are_sltt_on_average(frames: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    net, found = build(), []
    for pair in itertools.combinations(range(STEPS), 2):
        drawn = np.isin(np.arange(STEPS), pair)
        monkeypatch.setattr(module, "_chosen", lambda *given, drawn=drawn: (drawn, STEPS / 2))
        found.append(online(net, frames))
    monkeypatch.undo()
    for place, whole in enumerate(online(net, frames)):
        torch.testing.assert_close(torch.stack([each[place] for each in found]).mean(0), whole)


def test_every_timestep_is_drawn_equally_often() -> None:
    rng, some = np.random.default_rng(0), replace(SLTT, gradient="sltt_k", sltt_steps=2, sltt_rescale=True)
    draws = [module._chosen(STEPS, some, rng) for _ in range(3000)]
    assert all(chosen.sum() == 2 and factor == STEPS / 2 for chosen, factor in draws)
    np.testing.assert_allclose(np.mean([chosen for chosen, _ in draws], axis=0), 2 / STEPS, atol=0.03)


def test_draws_that_are_not_rescaled_are_a_share_of_it(frames: Tensor) -> None:
    net, some = build(), replace(SLTT, gradient="sltt_k", sltt_steps=2)
    plain, scaled = (online(net, frames, replace(some, sltt_rescale=rescale)) for rescale in (False, True))
    for ours, theirs in zip(plain, scaled, strict=True):
        torch.testing.assert_close(ours * STEPS / 2, theirs)


def test_weights_and_shares_scale_gradients(frames: Tensor) -> None:
    net, rng = build(), np.random.default_rng(0)
    whole = online(net, frames)
    net.zero_grad()
    learn_online(net, frames, LABELS, SLTT, rng, weights=torch.full((8,), 0.5), share=0.5)
    for parameter, theirs in zip(net.parameters(), whole, strict=True):
        torch.testing.assert_close(parameter.grad, theirs / 4)


def saved_bytes(net: SpikingNet, frames: Tensor, settings: TrainConfig) -> int:
    """Largest sum of what graphs held at one time."""
    held, peak = 0, 0

    class Kept:
        def __init__(self, value: Tensor) -> None:
            nonlocal held, peak
            self.value, self.size = value, value.numel() * value.element_size()
            held += self.size
            peak = max(peak, held)

        def __del__(self) -> None:
            nonlocal held
            held -= self.size

    with torch.autograd.graph.saved_tensors_hooks(Kept, lambda kept: kept.value):
        if settings.is_online:
            learn_online(net, frames, LABELS, settings, np.random.default_rng(0))
        else:
            losses(net(frames).logits, LABELS, settings).mean().backward()
    return peak


@pytest.mark.parametrize("is_integer", [False, True])
def test_memory_does_not_grow_with_time(is_integer: bool, frames: Tensor) -> None:
    net = build(NORMED)
    net.is_integer = is_integer
    few, many = frames[:4], torch.cat([frames] * 6)[:32]
    sltt = [saved_bytes(net, each, SLTT) for each in (few, many)]
    bptt = [saved_bytes(net, each, replace(SLTT, gradient="bptt")) for each in (few, many)]
    assert sltt[1] < 1.1 * sltt[0]
    assert bptt[1] > 4 * bptt[0]


def run(train: TrainConfig, **settings: object) -> Training:
    config = RunConfig(data=DataConfig(timesteps=5), model=PLAIN, neuron=NEURON, train=train, **settings)
    rng = np.random.default_rng(0)
    labels = np.arange(24) % 3
    recordings = (rng.random((24, 5, *SHAPE)) < 0.1 + 0.2 * labels[:, None, None, None, None]).astype(np.uint8)
    config.check()
    return Training(config, build(), Held(recordings, labels), graph_of)


def graph_of(net: SpikingNet) -> Graph:
    return to_graph(net, SHAPE)


FAST = replace(SLTT, epochs=4, batch_size=6, lr=0.02, quantize_from=0.5)


@pytest.mark.parametrize("train", [FAST, replace(FAST, gradient="sltt_k", sltt_steps=2)])
def test_the_loop_learns_online_in_both_phases(train: TrainConfig) -> None:
    training = run(train)
    for _ in range(4):
        training.run_epoch(lambda: None)
    assert [record["phase"] for record in training.history] == ["float", "float", "integer", "integer"]
    assert training.history[-1]["loss"] < training.history[0]["loss"]


def test_gradients_make_room_for_the_next_batch() -> None:
    training = run(FAST)
    training.run_epoch(lambda: None)
    assert all(parameter.grad is None for parameter in training.net.parameters())


def test_the_same_seed_draws_the_same_timesteps() -> None:
    runs = [run(replace(FAST, gradient="sltt_k"), seed=seed) for seed in (1, 1, 2)]
    for training in runs:
        training.run_epoch(lambda: None)
    first, again, other = (training.net.readout.weight for training in runs)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_loss_on_the_mean_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"train\.loss.*tet"):
        RunConfig(train=TrainConfig(gradient="sltt")).check()


def test_more_timesteps_than_there_are_cannot_be_drawn() -> None:
    train = replace(SLTT, gradient="sltt_k", sltt_steps=9)
    with pytest.raises(ConfigError, match=r"train\.sltt_steps"):
        RunConfig(data=DataConfig(timesteps=8), train=train).check()


def test_losses_of_whole_recordings_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"train\.gradient.*penalty"):
        run(FAST, penalty=PenaltyConfig(rate=1.0))
