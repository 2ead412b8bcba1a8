"""A voltage decay that is learned: what is trained is what is exported."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neurodeploy.errors import ConfigError, UnsupportedNodeError
from neurodeploy.graph import simulate
from neurodeploy.graph.nodes import Cuba, Reset
from neurodeploy.quantize import quantize
from neurodeploy.train.checkpoint import Checkpoint, load_checkpoint, restore_weights, save_checkpoint
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.from_graph import from_graph
from neurodeploy.train.loop import make_optimizer, train_step
from neurodeploy.train.loss import mean_losses
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.neurons.surrogate import Triangle
from neurodeploy.train.to_graph import to_graph

SHAPE, STEPS = (2, 9, 8), 7
MODEL = ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(2, 1), paddings=(1, 0))
NEURON = NeuronConfig(threshold=0.5, voltage_decay=1024, learn_decay=True)
CPU = torch.device("cpu")


@pytest.fixture
def recordings(rng: np.random.Generator) -> np.ndarray:
    return (rng.random((6, STEPS, *SHAPE)) < 0.3).astype(np.uint8)


def build(neuron: NeuronConfig = NEURON) -> SpikingNet:
    return build_model(MODEL, neuron, SHAPE, 3, torch.Generator().manual_seed(0))


def learn(net: SpikingNet, recordings: np.ndarray, steps: int = 8) -> SpikingNet:
    optimizer, labels = make_optimizer(net, TrainConfig()), torch.arange(len(recordings)) % 3
    for _ in range(steps):
        train_step(optimizer, mean_losses(net(as_input(recordings, CPU)).logits, labels).mean(), 0.05, 1.0)
    return net


def decays(net: SpikingNet) -> list[int]:
    return [stage.neurons.voltage_decay for stage in net.stages]


def test_before_training_the_decay_is_that_of_the_configuration() -> None:
    assert decays(build()) == [1024, 1024]


@pytest.mark.parametrize(("wanted", "first"), [(0, 1), (4096, 4095)])
def test_a_decay_at_the_border_begins_inside(wanted: int, first: int) -> None:
    assert decays(build(replace(NEURON, voltage_decay=wanted))) == [first, first]


def test_training_changes_the_decay_of_each_layer(recordings: np.ndarray) -> None:
    found = decays(learn(build(), recordings, 15))
    assert 1024 not in found
    assert len(set(found)) == 2


def test_without_it_there_is_nothing_to_learn() -> None:
    net = build(replace(NEURON, learn_decay=False))
    assert not any(name.endswith("leak") for name, _ in net.named_parameters())


@pytest.mark.parametrize("kind", ["lif", "cuba"])
@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_the_integers_are_those_of_the_exported_network(kind: str, reset: str, recordings: np.ndarray) -> None:
    net = learn(build(replace(NEURON, kind=kind, reset=reset)), recordings)
    net.is_integer = True
    learn(net, recordings, 3)
    graph = to_graph(net, SHAPE)
    assert [node.voltage_decay for node in graph.nodes if isinstance(node, Cuba)] == decays(net)
    trace = simulate(quantize(graph, 8, STEPS).graph, np.moveaxis(recordings, 0, 1))
    for training in (True, False):
        output = net.train(training)(as_input(recordings, CPU))
        for name, spikes in zip(net.neuron_names, output.spikes, strict=True):
            assert spikes.any()
            np.testing.assert_array_equal(spikes.detach().numpy(), trace[name], err_msg=name)


def test_the_float_network_is_its_graph(recordings: np.ndarray) -> None:
    net = learn(build(), recordings).eval()
    output = net(as_input(recordings, CPU))
    trace = simulate(to_graph(net, SHAPE), np.moveaxis(recordings, 0, 1))
    assert (
        output.spikes[-1].detach().numpy() != trace["cuba2"]
    ).mean() < 0.005  # a sum at the threshold may round either way


def test_an_exported_decay_that_is_not_the_learned_one_is_noticed(recordings: np.ndarray) -> None:
    net = learn(build(), recordings)
    net.is_integer = True
    graph = to_graph(net, SHAPE)
    wrong = replace(
        graph, nodes=tuple(replace(n, voltage_decay=1024) if isinstance(n, Cuba) else n for n in graph.nodes)
    )
    trace = simulate(quantize(wrong, 8, STEPS).graph, np.moveaxis(recordings, 0, 1))
    output = net.eval()(as_input(recordings, CPU))
    assert (output.spikes[-1].detach().numpy() != trace["cuba2"]).any()


def test_checkpoints_keep_the_decay(recordings: np.ndarray, tmp_path: Path) -> None:
    net, other = learn(build(), recordings), build()
    save_checkpoint(tmp_path / "kept", Checkpoint(net.state_dict(), {}, {}))
    restore_weights(other, load_checkpoint(tmp_path / "kept").weights, tmp_path)
    assert decays(other) == decays(net)


def test_the_way_back_from_the_graph_keeps_the_decay(recordings: np.ndarray) -> None:
    net = learn(build(), recordings)
    back = from_graph(to_graph(net, SHAPE), Reset.ZERO, Triangle(1.0), learn_decay=True)
    assert decays(back) == decays(net)
    assert decays(learn(back, recordings)) != decays(net)


def test_a_neuron_without_leak_cannot_learn_one() -> None:
    with pytest.raises(ConfigError, match=r"neuron\.learn_decay"):
        RunConfig(neuron=NeuronConfig(kind="if", learn_decay=True)).check()


def test_neurons_that_start_above_zero_are_not_exported() -> None:
    net = build(replace(NEURON, learn_decay=False))
    net.stages[1].cell = replace(net.stages[1].cell, start=0.5)
    with pytest.raises(UnsupportedNodeError, match=r"cuba2.*0\.5 of the threshold"):
        to_graph(net, SHAPE)
