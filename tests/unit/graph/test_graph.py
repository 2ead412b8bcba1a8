from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.errors import GraphError, ShapeError
from neurodeploy.graph import Graph, Ref, Schedule
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Input, Readout


def small() -> Graph:
    return Graph(
        (
            Input("input", (), (3,)),
            Dense("fc", (Ref("input"),), np.ones((2, 3))),
            Cuba("cuba", (Ref("fc"),), 4096, 0, 1.0),
        )
    )


def test_shapes_are_inferred() -> None:
    assert small().shapes == {"input": (3,), "fc": (2,), "cuba": (2,)}


def test_arrays_are_copied_and_read_only() -> None:
    weight = np.ones((2, 3))
    dense = Dense("fc", (Ref("input"),), weight)
    weight[:] = 7
    assert dense.weight.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        dense.weight[0, 0] = 2


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ((Input("a", (), (3,)),), "at least one more"),
        ((Input("a", (), (3,)), Cuba("a", (Ref("a"),), 0, 0, 1.0)), "used twice"),
        ((Input("a", (), (3,)), Cuba("1x", (Ref("a"),), 0, 0, 1.0)), "C identifier"),
        ((Input("a", (), (3,)), Cuba("if", (Ref("a"),), 0, 0, 1.0)), "C identifier"),
        ((Input("a", (), (3,)), Cuba("b", (Ref("c"),), 0, 0, 1.0)), "does not exist"),
        ((Input("a", (), (3,)), Cuba("b", (Ref("b"),), 0, 0, 1.0)), "computed later"),
        ((Input("a", (), (3,)), Cuba("b", (Ref("a", -1),), 0, 0, 1.0)), "delay -1"),
        ((Input("a", (), (3,)), Cuba("b", (), 0, 0, 1.0)), "no inputs"),
        ((Input("a", (), (3,)), Cuba("b", (Ref("b", 1),), 0, 0, 1.0)), "shape is unknown"),
    ],
)
def test_meaningless_graphs_are_refused_by_name(nodes: tuple, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        Graph(nodes)


def test_shapes_must_fit_along_edges() -> None:
    with pytest.raises(ShapeError, match=r"node 'fc': input 'input' has shape \(4,\), wanted \(3,\)"):
        replace(small(), nodes=(Input("input", (), (4,)), *small().nodes[1:]))


def test_recurrent_shapes_must_fit_too() -> None:
    graph = small()
    cuba = replace(graph["cuba"], inputs=(Ref("fc"), Ref("input", 1)))
    with pytest.raises(ShapeError):
        replace(graph, nodes=(*graph.nodes[:2], cuba))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cuba("n", (Ref("a"),), 4097, 0, 1.0),
        lambda: Cuba("n", (Ref("a"),), 0, -1, 1.0),
        lambda: Cuba("n", (Ref("a"),), 0, 0, -1.0),
        lambda: Cuba("n", (Ref("a"),), 0, 0, float("nan")),
        lambda: Dense("n", (Ref("a"),), np.ones(3)),
        lambda: Dense("n", (Ref("a"),), np.ones((0, 3))),
        lambda: Dense("n", (Ref("a"),), np.full((2, 2), np.nan)),
        lambda: Dense("n", (Ref("a"),), np.ones((2, 2)), np.ones(3)),
        lambda: Dense("n", (Ref("a"),), np.array([["x"]])),
        lambda: Conv2d("n", (Ref("a"),), np.ones((2, 1, 3, 3)), stride=(0, 1)),
        lambda: Conv2d("n", (Ref("a"),), np.ones((3, 1, 3, 3)), groups=2),
        lambda: Input("n", (Ref("a"),), (3,)),
        lambda: Input("n", (), (3, 3)),
        lambda: Input("n", (), (3,), high=256),
    ],
)
def test_bad_nodes_are_refused_when_built(make) -> None:
    with pytest.raises(GraphError, match="node 'n'"):
        make()


def test_conv_refuses_maps_smaller_than_its_kernel() -> None:
    with pytest.raises(ShapeError):
        Graph((Input("i", (), (1, 2, 2)), Conv2d("c", (Ref("i"),), np.ones((1, 1, 3, 3))), Readout("r", (Ref("c"),))))


def test_pipelined_synapses_deliver_one_step_later() -> None:
    graph = small()
    dense = graph["fc"]
    assert graph.delay(dense, Ref("input")) == 0
    assert replace(graph, schedule=Schedule.PIPELINED).delay(dense, Ref("input")) == 1
    assert replace(graph, schedule=Schedule.PIPELINED).delay(graph["cuba"], Ref("fc")) == 0
    assert replace(graph, schedule=Schedule.PIPELINED).delay(dense, Ref("cuba", 1)) == 1


def test_timestep_must_be_positive() -> None:
    with pytest.raises(GraphError, match="timestep_us"):
        replace(small(), timestep_us=0)
