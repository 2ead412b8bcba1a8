"""Graph to torch and back: the same function, and what cannot be trained is refused by name."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph import Graph, Node, Ref, simulate
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset
from neurodeploy.train.config import ModelConfig, NeuronConfig
from neurodeploy.train.from_graph import from_graph
from neurodeploy.train.model import build_model
from neurodeploy.train.neurons.surrogate import Triangle
from neurodeploy.train.to_graph import to_graph

SHAPE = (2, 9, 9)


def trained(**neuron: object) -> Graph:
    """A network as training leaves it: two convs, dense, biases."""
    model = ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(2, 1), paddings=(1, 0), batch_norm=False)
    net = build_model(model, NeuronConfig(threshold=0.2, **neuron), SHAPE, 3, torch.Generator().manual_seed(1))
    with torch.no_grad():
        for stage in net.stages:
            stage.bias.copy_(torch.linspace(-0.02, 0.04, len(stage.bias)))
    return to_graph(net, SHAPE)


def frames(rng: np.random.Generator, graph: Graph) -> np.ndarray:
    return (rng.random((6, 3, *graph.input.shape)) < 0.4).astype(np.uint8)


@pytest.mark.parametrize("readout", ["accumulate", "spikes"])
@pytest.mark.parametrize(("kind", "reset"), [("lif", "zero"), ("cuba", "subtract"), ("if", "zero")])
def test_there_and_back_is_the_same_function(kind: str, reset: str, readout: str, rng: np.random.Generator) -> None:
    graph = trained(kind=kind, reset=reset, readout=readout)
    back = to_graph(from_graph(graph, Reset(reset), Triangle(1.0)), SHAPE)
    inputs = frames(rng, graph)
    before, after = simulate(graph, inputs), simulate(back, inputs)
    for old, new in zip(graph.nodes, back.nodes, strict=True):
        if isinstance(old, Cuba):
            assert before[old.name].any()
            np.testing.assert_array_equal(before[old.name], after[new.name])
    if readout == "accumulate":  # 32-bit weights on one side, 64 on the other
        np.testing.assert_allclose(before["readout"], after["readout"], atol=1e-5)


def test_thresholds_become_one_and_another_scale_is_the_same_function(rng: np.random.Generator) -> None:
    graph = trained()
    scaled = [replace(n, weight=n.weight * 8) if n.name == "conv1" else n for n in graph.nodes]
    scaled = [replace(n, threshold=n.threshold * 8, bias=n.bias * 8) if n.name == "cuba1" else n for n in scaled]
    net = from_graph(Graph(tuple(scaled)), Reset.ZERO, Triangle(1.0))
    assert [stage.cell.threshold for stage in net.stages] == [1.0, 1.0]
    inputs = frames(rng, graph)
    np.testing.assert_array_equal(simulate(graph, inputs)["cuba1"], simulate(to_graph(net, SHAPE), inputs)["cuba1"])


def subtracting(rng: np.random.Generator, *, back: np.ndarray, to: str = "lif") -> Graph:
    """One dense layer that subtracts its threshold, with weights `back` from its own last spikes."""
    nodes: Sequence[Node] = (
        Input("input", (), (5,)),
        Dense("fc1", (Ref("input"),), rng.normal(size=(3, 5))),
        Dense("late", (Ref("lif", 1),), back),
        Cuba(to, (Ref("fc1"), Ref("late")), 4096, 1024, 1.0, reset=Reset.SUBTRACT),
    )
    return Graph(tuple(nodes))


def test_an_edge_that_delays_the_subtraction_goes_with_it(rng: np.random.Generator) -> None:
    net = from_graph(subtracting(rng, back=-0.25 * np.eye(3)), Reset.ZERO, Triangle(1.0))
    assert [node.name for node in to_graph(net, (5,)).nodes] == ["input", "fc", "output"]


@pytest.mark.parametrize("reset", [Reset.ZERO, Reset.SUBTRACT])
def test_recurrence_is_refused(reset: Reset, rng: np.random.Generator) -> None:
    with pytest.raises(UnsupportedNodeError, match=r"node 'late'.*chains without delays and recurrence"):
        from_graph(subtracting(rng, back=np.ones((3, 3))), reset, Triangle(1.0))


def test_the_delayed_subtraction_itself_cannot_be_trained(rng: np.random.Generator) -> None:
    with pytest.raises(UnsupportedNodeError, match="node 'late'"):
        from_graph(subtracting(rng, back=-0.25 * np.eye(3)), Reset.SUBTRACT, Triangle(1.0))


REFUSED: dict[str, tuple[tuple[Node, ...], str]] = {
    "delay": ((Dense("fc1", (Ref("input", 1),), np.ones((2, 4))), Cuba("c", (Ref("fc1"),), 4096, 0, 1.0)), "'fc1'"),
    "bias on the sum": (
        (Dense("fc1", (Ref("input"),), np.ones((2, 4)), np.ones(2)), Cuba("c", (Ref("fc1"),), 0, 0, 1.0)),
        "'fc1'",
    ),
    "threshold 0": (
        (Dense("fc1", (Ref("input"),), np.ones((2, 4))), Cuba("c", (Ref("fc1"),), 4096, 0, 0.0)),
        "'c'.*above 0",
    ),
    "neurons without synapse": ((Cuba("c", (Ref("input"),), 4096, 0, 1.0),), "'c'.*after a dense"),
    "a readout after a flatten": ((Flatten("f", (Ref("input"),)), Readout("r", (Ref("f"),))), "'r'.*after a dense"),
    "skip": ((Add("sum", (Ref("input"), Ref("input"))), Dense("fc1", (Ref("sum"),), np.ones((2, 4)))), "'sum'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_trained_is_refused_by_name(what: str) -> None:
    nodes, message = REFUSED[what]
    with pytest.raises(UnsupportedNodeError, match=message):
        from_graph(Graph((Input("input", (), (4,)), *nodes)), Reset.ZERO, Triangle(1.0))


def test_a_depthwise_edge_counts_as_a_delayed_subtraction(rng: np.random.Generator) -> None:
    def graph(back: np.ndarray) -> Graph:
        late = Conv2d("late", (Ref("lif", 1),), back, groups=3 if back.shape[1] == 1 else 1)
        conv = Conv2d("conv1", (Ref("input"),), rng.normal(size=(3, 2, 1, 1)))
        return Graph(
            (
                Input("input", (), (2, 4, 4)),
                conv,
                late,
                Cuba("lif", (Ref("conv1"), Ref("late")), 4096, 1024, 1.0, reset=Reset.SUBTRACT),
            )
        )

    assert len(from_graph(graph(-np.ones((3, 1, 1, 1))), Reset.ZERO, Triangle(1.0)).stages) == 1
    with pytest.raises(UnsupportedNodeError, match="'late'"):
        from_graph(graph(np.ones((3, 3, 1, 1))), Reset.ZERO, Triangle(1.0))
