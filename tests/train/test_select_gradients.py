"""That a choice by importance represents all gradients, and with less variance than a choice by lot."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
import torch
from gradients import batch_of, each_gradient, ranks_agree
from torch import Tensor

from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.train.config import ModelConfig, NeuronConfig, TrainConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.loop import make_optimizer, train_step
from neurodeploy.train.loss import losses
from neurodeploy.train.methods import Choice
from neurodeploy.train.methods.selection.importance import inclusion_probabilities
from neurodeploy.train.methods.selection.sadp import Sadp
from neurodeploy.train.methods.selection.scores import el2n_scores, spike_scores
from neurodeploy.train.model import SpikingNet, build_model

DRAWS, COUNT = 2000, 300
SIZE = COUNT // 2
CONFIG = TrainConfig(lr=5e-3)

Draw = Callable[[np.random.Generator], Choice]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tensor, Tensor]:
    config = DataConfig(
        dataset="digits-dvs", timesteps=4, duration_us=300_000, limit=COUNT, cache=str(tmp_path_factory.mktemp("cache"))
    )
    split = open_frames(config).train
    return as_input(split.batch(), torch.device("cpu")), torch.from_numpy(split.labels)


def half_trained(recordings: tuple[Tensor, Tensor], passes: int, *, normed: bool) -> SpikingNet:
    """A small network after a few passes over the recordings, in eval mode."""
    frames, labels = recordings
    model = ModelConfig(channels=(6, 8), kernels=(5, 3), strides=(3, 2), paddings=(1, 1), batch_norm=normed)
    neuron = NeuronConfig(threshold=0.5 if normed else 0.1)
    net = build_model(model, neuron, tuple(frames.shape[2:]), 10, torch.Generator().manual_seed(0)).train()
    optimizer = make_optimizer(net, CONFIG)
    generator = torch.Generator().manual_seed(0)
    for _ in range(passes):
        for part in torch.randperm(COUNT, generator=generator).split(30):
            train_step(optimizer, losses(net(frames[:, part]).logits, labels[part], CONFIG).mean(), CONFIG.lr, 1.0)
    return net.eval()


@dataclass(frozen=True)
class Measured:
    """Of every recording.

    Args:
        products: of the gradients of all weights, for all pairs: enough for norms of weighted sums.
        norms: of these gradients.
        spike, el2n: scores.
    """

    products: np.ndarray
    norms: np.ndarray
    spike: np.ndarray
    el2n: np.ndarray

    @cached_property
    def lot(self) -> np.ndarray:
        """What a choice by lot makes of the gradients, as all properties below: (draws, recordings)."""
        return coefficients(lambda rng: Choice(rng.permutation(COUNT)[:SIZE], np.ones(SIZE)))

    @cached_property
    def by_norm(self) -> np.ndarray:
        return coefficients(sadp(self.norms))

    @cached_property
    def by_spike(self) -> np.ndarray:
        return coefficients(sadp(self.spike))


@pytest.fixture(scope="module")
def normed(recordings: tuple[Tensor, Tensor]) -> Measured:
    return measure(half_trained(recordings, 6, normed=True), recordings)


@pytest.fixture(scope="module")
def plain(recordings: tuple[Tensor, Tensor]) -> Measured:
    """Without batch norm."""
    return measure(half_trained(recordings, 6, normed=False), recordings)


def measure(net: SpikingNet, recordings: tuple[Tensor, Tensor]) -> Measured:
    frames, labels = recordings
    gradients = each_gradient(net, frames, labels, CONFIG).numpy()
    with torch.no_grad():
        output = net(frames)
    right = float((output.logits.mean(0).argmax(1) == labels).float().mean())
    assert 0.5 < right < 0.97, "half trained"
    spike = spike_scores(batch_of(frames, labels), output, CONFIG, counted=False).numpy()
    el2n = el2n_scores(output.logits, labels, CONFIG).numpy()
    return Measured(gradients @ gradients.T, np.linalg.norm(gradients, axis=1), spike, el2n)


def sadp(scores: np.ndarray) -> Draw:
    rule = Sadp(lambda batch, output, losses: losses, COUNT, 0.1, 0.0, torch.device("cpu"))
    rule.scores[:] = torch.from_numpy(scores)
    return lambda rng: rule.choose(np.arange(COUNT), SIZE, rng)


def coefficients(draw: Draw) -> np.ndarray:
    """(draws, recordings): how much of each recording's gradient is in the mean weighted gradient of an epoch."""
    rng, found = np.random.default_rng(0), np.zeros((DRAWS, COUNT))
    for row in found:
        choice = draw(rng)
        row[choice.indices] = choice.weights / len(choice.indices)
    return found


def is_unbiased(found: np.ndarray, products: np.ndarray) -> bool:
    """Whether the mean of the draws is the mean of all gradients within four standard errors."""
    off = found - 1 / COUNT
    return bool(off.mean(0) @ products @ off.mean(0) < 4**2 * variance(found, products) / DRAWS)


def variance(found: np.ndarray, products: np.ndarray) -> float:
    """Mean squared distance of a draw from the mean of all gradients."""
    off = found - 1 / COUNT
    return float(((off @ products) * off).sum(1).mean())


def test_the_weighted_gradient_is_unbiased(normed: Measured) -> None:
    assert is_unbiased(normed.by_norm, normed.products)
    assert is_unbiased(normed.by_spike, normed.products)


def test_a_sampler_without_those_inclusion_probabilities_is_biased(normed: Measured) -> None:
    """Drawing one after the other by weight, without replacement: the test above notices it."""
    probabilities = inclusion_probabilities(normed.norms, SIZE, 0.1)

    def draw(rng: np.random.Generator) -> Choice:
        chosen = rng.choice(COUNT, SIZE, replace=False, p=probabilities / SIZE)
        return Choice(chosen, SIZE / COUNT / probabilities[chosen])

    assert not is_unbiased(coefficients(draw), normed.products)


def test_forgotten_weights_are_a_bias(normed: Measured) -> None:
    unweighted = (normed.by_norm > 0) / SIZE
    assert not is_unbiased(unweighted, normed.products)


def test_the_variance_is_below_that_of_a_choice_by_lot(normed: Measured, plain: Measured) -> None:
    for net in (normed, plain):
        lot = variance(net.lot, net.products)
        assert variance(net.by_norm, net.products) < lot
        assert variance(net.by_spike, net.products) < lot


def test_the_variance_is_that_of_the_formula(normed: Measured) -> None:
    """The formula is for independent draws; a sample of fixed size varies less, as its weights add up."""
    probabilities = inclusion_probabilities(normed.norms, SIZE, 0.1)
    formula = ((1 / probabilities - 1) * normed.norms**2).sum() / COUNT**2
    draws = np.random.default_rng(1).random((DRAWS, COUNT)) < probabilities
    independent = variance(draws / probabilities / COUNT, normed.products)
    assert abs(independent / formula - 1) < 0.1
    assert variance(normed.by_norm, normed.products) < 1.05 * formula


def test_the_spike_score_orders_recordings_as_their_gradients_do(normed: Measured, plain: Measured) -> None:
    for net in (normed, plain):
        spike, el2n = (ranks_agree(score, net.norms) for score in (net.spike, net.el2n))
        assert spike > 0.9
        assert spike > el2n - 0.01


def test_spikes_order_recordings_where_errors_do_not(recordings: tuple[Tensor, Tensor]) -> None:
    """In a network that is neither normalised nor confident yet, recordings differ in spikes more than in errors."""
    frames, labels = recordings
    net = measure(half_trained(recordings, 3, normed=False), (frames[:, :100], labels[:100]))
    spike, el2n = (ranks_agree(score, net.norms) for score in (net.spike, net.el2n))
    assert spike > el2n + 0.05
