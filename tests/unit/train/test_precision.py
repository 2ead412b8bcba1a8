"""Widths of single layers and learned step sizes: what training computes is what `quantize` is told to make."""

import itertools

import numpy as np
import pytest
import torch

from neurodeploy.errors import ConfigError
from neurodeploy.graph import Synapse, simulate
from neurodeploy.graph.widths import weight_bits
from neurodeploy.quantize import WeightFormat, quantize
from neurodeploy.train.config import ModelConfig, NeuronConfig, TrainConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.from_graph import from_graph
from neurodeploy.train.loop import make_optimizer, train_step
from neurodeploy.train.loss import mean_losses
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.to_graph import to_graph

SHAPE, STEPS = (2, 9, 8), 7
SMALL = ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(2, 1), paddings=(1, 0))
MLP = ModelConfig(kind="mlp", hidden=(12, 7), batch_norm=False)
NETS = [
    pytest.param(
        model,
        NeuronConfig(kind=kind, threshold=0.5, reset=reset, readout=readout),
        ((8, 8, 8), (2, 3, 4), (4, 8, 2))[place % 3],
        id=f"{model.kind}-{kind}-{readout}",
    )
    for place, (model, kind, (reset, readout)) in enumerate(
        itertools.product((SMALL, MLP), ("lif", "cuba", "if"), (("zero", "accumulate"), ("subtract", "spikes")))
    )
]


def frames(rng: np.random.Generator, batch: int = 6) -> np.ndarray:
    return (rng.random((batch, STEPS, *SHAPE)) < 0.3).astype(np.uint8)


def learn(net: SpikingNet, recordings: np.ndarray, steps: int) -> SpikingNet:
    optimizer, labels = make_optimizer(net, TrainConfig()), torch.arange(len(recordings)) % 3
    for _ in range(steps):
        output = net(as_input(recordings, torch.device("cpu")))
        train_step(optimizer, mean_losses(output.logits, labels).mean(), 0.02, 1.0)
    return net


def trained(model: ModelConfig, neuron: NeuronConfig, bits: tuple[int, ...], recordings: np.ndarray) -> SpikingNet:
    """A network that learned in floats, then with learned step sizes in integers."""
    net = build_model(model, neuron, SHAPE, 3, torch.Generator().manual_seed(0))
    net.store_weights(bits, learn_steps=True)
    learn(net, recordings, 5).is_integer = True
    return learn(net, recordings, 8)


@pytest.mark.parametrize(("model", "neuron", "bits"), NETS)
def test_with_learned_step_sizes_the_network_computes_the_deployed_integers(
    model: ModelConfig, neuron: NeuronConfig, bits: tuple[int, ...], rng: np.random.Generator
) -> None:
    recordings = frames(rng)
    net = trained(model, neuron, bits, recordings)
    result = quantize(to_graph(net, SHAPE), net.weight_bits, STEPS, net.formats)
    trace = simulate(result.graph, np.moveaxis(recordings, 0, 1))
    for training in (True, False):
        net.train(training)
        output = net(as_input(recordings, torch.device("cpu")))
        for name, spikes in zip(net.neuron_names, output.spikes, strict=True):
            np.testing.assert_array_equal(spikes.detach().numpy(), trace[name], err_msg=name)
        if neuron.readout == "accumulate":
            steps = output.logits.detach().double().cumsum(0).numpy() * result.scales["readout"]
            np.testing.assert_array_equal(np.rint(steps).astype(np.int64) * 64, trace["readout"])
    widths = [weight_bits(node.weight) for node in result.graph.graph.nodes if isinstance(node, Synapse)]
    assert all(width <= most for width, most in zip(widths, bits, strict=True))


def test_without_the_learned_factors_the_integers_are_others(rng: np.random.Generator) -> None:
    """So the test above compares something."""
    net = trained(SMALL, NeuronConfig(threshold=0.5), (4, 4, 4), frames(rng))
    graph, bits = to_graph(net, SHAPE), {name: WeightFormat(form.bits) for name, form in net.formats.items()}
    told, untold = (quantize(graph, 8, STEPS, formats).graph.graph for formats in (net.formats, bits))
    assert any((told[name].weight != untold[name].weight).any() for name in bits)


def test_the_gradient_reaches_weights_and_step_sizes(rng: np.random.Generator) -> None:
    recordings = frames(rng)
    net = trained(SMALL, NeuronConfig(threshold=0.5), (4, 4, 4), recordings)
    net.zero_grad()
    mean_losses(net(as_input(recordings, torch.device("cpu"))).logits, torch.arange(6) % 3).mean().backward()
    for name, value in net.named_parameters():
        assert value.grad is not None, name
        assert torch.isfinite(value.grad).all(), name
        assert value.grad.any(), name


def test_evaluation_begins_no_step_size(rng: np.random.Generator) -> None:
    net = build_model(SMALL, NeuronConfig(threshold=0.5), SHAPE, 3, torch.Generator().manual_seed(0))
    net.store_weights((), learn_steps=True)
    net.eval().is_integer = True
    net(as_input(frames(rng), torch.device("cpu")))
    assert all(form.factor is None for form in net.formats.values())


@pytest.mark.parametrize("readout", ["accumulate", "spikes"])
@pytest.mark.parametrize("model", [SMALL, MLP])
def test_synapses_are_named_as_in_the_graph(model: ModelConfig, readout: str) -> None:
    neuron = NeuronConfig(readout=readout)
    net = build_model(model, neuron, SHAPE, 3, torch.Generator().manual_seed(0))
    graph = to_graph(net, SHAPE)
    assert list(net.synapse_names) == [node.name for node in graph.nodes if isinstance(node, Synapse)]


def test_a_network_of_a_graph_takes_widths_and_step_sizes(rng: np.random.Generator) -> None:
    net = build_model(SMALL, NeuronConfig(), SHAPE, 3, torch.Generator().manual_seed(0))
    cell = net.stages[0].cell
    again = from_graph(to_graph(net, SHAPE), cell.reset, cell.surrogate)
    again.store_weights((3, 4, 5), learn_steps=True)
    assert [form.bits for form in again.formats.values()] == [3, 4, 5]


def test_another_number_of_widths_than_layers_is_refused() -> None:
    net = build_model(SMALL, NeuronConfig(), SHAPE, 3, torch.Generator().manual_seed(0))
    with pytest.raises(ConfigError, match=r"train\.layer_bits.*3 entries.*conv1, conv2, fc"):
        net.store_weights((8, 8), learn_steps=False)
