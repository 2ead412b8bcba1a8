"""Scores of the forward pass against gradients of single recordings."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from gradients import batch_of, each_gradient
from torch import Tensor

from neurodeploy.train.config import ModelConfig, NeuronConfig, TrainConfig
from neurodeploy.train.loss import losses
from neurodeploy.train.methods.selection.scores import answer_errors, el2n_scores, spike_scores
from neurodeploy.train.model import SpikingNet, build_model

SHAPE, COUNT = (2, 6, 6), 12
MEAN = TrainConfig(label_smoothing=0.1)
TET = replace(MEAN, loss="tet", tet_lambda=0.05)


def network(readout: str = "accumulate", kind: str = "strided-cnn") -> SpikingNet:
    model = ModelConfig(kind=kind, channels=(4,), kernels=(3,), strides=(1,), paddings=(0,), hidden=(9,))
    neuron = NeuronConfig(threshold=0.5, readout=readout)
    torch.manual_seed(0)
    net = build_model(model, neuron, SHAPE, 3, torch.Generator().manual_seed(0))
    data = recordings()[0]
    with torch.no_grad():
        net(data)  # so that the running statistics are those of something
    return net.eval()


def recordings() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    density = 0.2 + 0.6 * torch.rand((1, COUNT, 1, 1, 1), generator=generator)
    frames = (torch.rand((5, COUNT, *SHAPE), generator=generator) < density).float()
    return frames, torch.arange(COUNT) % 3


def norms_and_scores(config: TrainConfig, integer: bool) -> tuple[np.ndarray, np.ndarray]:
    net, (frames, labels) = network(), recordings()
    net.is_integer = integer
    gradients = each_gradient(net, frames, labels, config, "readout")
    with torch.no_grad():
        found = spike_scores(batch_of(frames, labels), net(frames), config, counted=False)
    return gradients.norm(dim=1).numpy(), found.double().numpy()


@pytest.mark.parametrize("integer", [False, True], ids=["float", "integer"])
def test_the_score_is_the_norm_of_the_readouts_gradient(integer: bool) -> None:
    norms, found = norms_and_scores(MEAN, integer)
    assert norms.min() > 0
    np.testing.assert_allclose(found, norms, rtol=1e-5)  # float32 sums over time and neurons in another order


@pytest.mark.parametrize("integer", [False, True], ids=["float", "integer"])
def test_the_score_bounds_the_norm_of_the_readouts_gradient_under_tet(integer: bool) -> None:
    norms, found = norms_and_scores(TET, integer)
    assert (found >= norms * (1 - 1e-6)).all()
    assert (found < 3 * norms).all()


def test_a_score_of_other_spikes_is_not_that_norm() -> None:
    """So the identity above compares something."""
    net, (frames, labels) = network(), recordings()
    norms = each_gradient(net, frames, labels, MEAN, "readout").norm(dim=1)
    with torch.no_grad():
        found = spike_scores(batch_of(frames, labels), net(frames), MEAN, counted=True)
    assert not np.allclose(found, norms, rtol=1e-2)


@pytest.mark.parametrize("config", [MEAN, TET], ids=["mean", "tet"])
def test_errors_are_the_gradients_of_the_losses(config: TrainConfig) -> None:
    logits = torch.randn((5, COUNT, 3), generator=torch.Generator().manual_seed(2), requires_grad=True)
    labels = recordings()[1]
    losses(logits, labels, config).sum().backward()
    errors = answer_errors(logits.detach(), labels, config)
    np.testing.assert_allclose(errors.expand(logits.shape) / 5, logits.grad, atol=1e-6)  # float32 rounding


def test_el2n_is_the_norm_of_the_error() -> None:
    logits = torch.tensor([[[0.0, 0.0]], [[2.0, 0.0]]])
    found = el2n_scores(logits, torch.tensor([0]), TrainConfig())
    right = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(found, [np.sqrt(2) * (1 - right)], rtol=1e-6)


@pytest.mark.parametrize("kind", ["strided-cnn", "mlp"])
def test_counted_spikes_are_scored_by_what_enters_the_last_neurons(kind: str) -> None:
    net, (frames, labels) = network("spikes", kind), recordings()
    with torch.no_grad():
        output = net(frames)
        before = spike_scores(batch_of(frames, labels), output, MEAN, counted=True)
        output.spikes[-1].zero_()
        assert torch.equal(before, spike_scores(batch_of(frames, labels), output, MEAN, counted=True))
    assert (before > 0).sum() > COUNT / 2


def test_a_network_of_one_layer_of_counted_neurons_is_scored_by_its_frames() -> None:
    net, (frames, labels) = network("spikes"), recordings()
    with torch.no_grad():
        output = net(frames)
        alone = replace(output, spikes=output.spikes[-1:])
        found = spike_scores(batch_of(frames, labels), alone, MEAN, counted=True)
    wanted = el2n_scores(output.logits, labels, MEAN) * frames.flatten(2).norm(dim=-1).mean(0)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
