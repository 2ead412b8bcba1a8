"""Neurons that never fire leave no trace when they are dropped; the weights of the others stay as they were."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.errors import GraphError
from neurodeploy.graph import Graph, IntGraph, Ref, Trace, simulate
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, SumPool2d
from neurodeploy.graph.passes import drop_neurons

SHAPE = (2, 7, 8)
SILENT = -2000
"""A bias with which no neuron here can fire."""


def network(rng: np.random.Generator) -> IntGraph:
    """Map, pooling, flattening, recurrence with delay, and neurons 1 of cuba1, 0 and 2 of cuba2 that never fire."""
    pooled = (
        Input("input", (), SHAPE),
        Conv2d("conv1", (Ref("input"),), rng.integers(-60, 90, (4, 2, 3, 2)), padding=(1, 0), stride=(2, 1)),
        Cuba("cuba1", (Ref("conv1"),), 4096, 900, 80, np.array([0, SILENT, 5, 20])),
        SumPool2d("pool", (Ref("cuba1"),), (2, 2), (2, 2)),
        Conv2d("conv2", (Ref("pool"),), rng.integers(-60, 90, (3, 4, 1, 2)), np.array([3, -1, 2])),
        Cuba("maps", (Ref("conv2"),), 2000, 900, 80),
        Flatten("flat", (Ref("maps"),)),
    )
    size = Graph(pooled).shapes["flat"][0]
    return IntGraph(
        Graph(
            (
                *pooled,
                Dense("fc1", (Ref("flat", 1),), rng.integers(-60, 80, (5, size))),
                Dense("loop", (Ref("flat"), Ref("flat", 2)), rng.integers(-9, 9, (5, size))),
                Cuba("cuba2", (Ref("fc1"), Ref("loop")), 3000, 900, 80, np.array([SILENT, 60, SILENT, 30, 30])),
                Dense("fc", (Ref("cuba2"),), rng.integers(-100, 100, (3, 5))),
                Readout("readout", (Ref("fc"),)),
            )
        )
    )


def frames(rng: np.random.Generator) -> np.ndarray:
    return (rng.random((9, 6, *SHAPE)) < 0.4).astype(np.int64)


def firing(graph: Graph, trace: Trace) -> dict[str, np.ndarray]:
    """Neuron node -> whether each neuron, or channel of a map, ever fired."""
    names = [node.name for node in graph.nodes if isinstance(node, Cuba)]
    return {name: np.moveaxis(trace[name], 2, 0).reshape(trace[name].shape[2], -1).any(1) for name in names}


def test_without_silent_neurons_every_remaining_value_is_as_before(rng: np.random.Generator) -> None:
    whole, data = network(rng), frames(rng)
    before = simulate(whole, data)
    kept = firing(whole.graph, before)
    assert not kept["cuba1"][1]
    assert list(kept["cuba2"][[0, 2]]) == [False, False]
    assert all(stay.any() for stay in kept.values())
    small = IntGraph(drop_neurons(whole.graph, kept))
    after = simulate(small, data)
    for name, stay in kept.items():
        for value in (name, f"{name}.current", f"{name}.voltage"):
            np.testing.assert_array_equal(after[value], before[value][:, :, stay], err_msg=value)
    np.testing.assert_array_equal(after["readout"], before["readout"])
    assert small.graph.shapes["cuba2"] == (int(kept["cuba2"].sum()),)
    assert small.graph["fc"].weight.shape == (3, int(kept["cuba2"].sum()))
    assert small.graph["conv2"].weight.shape[1] == int(kept["cuba1"].sum())


def test_without_a_neuron_that_fires_the_answer_changes(rng: np.random.Generator) -> None:
    """So the test above compares something."""
    whole, data = network(rng), frames(rng)
    kept = firing(whole.graph, simulate(whole, data))
    loud = np.flatnonzero(kept["cuba2"])
    assert len(loud) > 1
    kept["cuba2"][loud[0]] = False
    small = IntGraph(drop_neurons(whole.graph, kept))
    assert (simulate(small, data)["readout"] != simulate(whole, data)["readout"]).any()


def test_a_float_graph_is_cut_in_the_same_places(rng: np.random.Generator) -> None:
    whole = network(rng).graph
    plain = replace(whole, nodes=tuple(_float(node) for node in whole.nodes))
    kept = {"cuba1": np.array([True, False, True, True])}
    ours, theirs = drop_neurons(plain, kept), drop_neurons(whole, kept)
    assert ours.shapes == theirs.shapes
    np.testing.assert_array_equal(ours["conv1"].weight, theirs["conv1"].weight)


def _float(node):
    weight = getattr(node, "weight", None)
    return node if weight is None else replace(node, weight=weight.astype(np.float64))


def test_recurrent_neurons_lose_rows_and_columns(rng: np.random.Generator) -> None:
    graph = Graph(
        (
            Input("input", (), (4,)),
            Dense("fc", (Ref("input"),), rng.integers(-9, 9, (3, 4))),
            Dense("loop", (Ref("input"),), rng.integers(-9, 9, (3, 4))),
            Cuba("cuba", (Ref("fc"), Ref("back", 1)), 4096, 0, 9),
            Dense("back", (Ref("cuba"),), np.arange(9).reshape(3, 3)),
            Dense("end", (Ref("cuba"),), rng.integers(-9, 9, (2, 3))),
            Readout("readout", (Ref("end"),)),
        )
    )
    small = drop_neurons(graph, {"cuba": np.array([True, False, True])})
    assert small["back"].weight.tolist() == [[0, 2], [6, 8]]
    assert small["loop"].weight.shape == (3, 4)


def test_dropping_nothing_changes_nothing(rng: np.random.Generator) -> None:
    whole = network(rng).graph
    same = drop_neurons(whole, {"cuba1": np.ones(4, bool)})
    assert all(np.array_equal(same[name].weight, whole[name].weight) for name in ("conv1", "conv2", "fc"))


def _chain(*nodes) -> Graph:
    return Graph((Input("input", (), (2, 4, 4)), *nodes))


@pytest.mark.parametrize(
    ("graph", "name", "reason"),
    [
        (
            lambda: _chain(
                Conv2d("conv", (Ref("input"),), np.ones((2, 1, 1, 1), int), groups=2),
                Cuba("cuba", (Ref("conv"),), 4096, 0, 1),
                Conv2d("next", (Ref("cuba"),), np.ones((2, 2, 1, 1), int)),
                Cuba("output", (Ref("next"),), 4096, 0, 1),
            ),
            "cuba",
            "2 groups of channels",
        ),
        (
            lambda: _chain(
                Conv2d("conv", (Ref("input"),), np.ones((2, 2, 1, 1), int)),
                Cuba("cuba", (Ref("conv"),), 4096, 0, 1),
                Add("sum", (Ref("cuba"), Ref("input"))),
                Conv2d("next", (Ref("sum"),), np.ones((2, 2, 1, 1), int)),
                Cuba("output", (Ref("next"),), 4096, 0, 1),
            ),
            "cuba",
            "sums 'cuba' with other values",
        ),
        (
            lambda: _chain(
                Conv2d("conv", (Ref("input"),), np.ones((2, 2, 1, 1), int)),
                Cuba("cuba", (Ref("conv"),), 4096, 0, 1),
                Cuba("output", (Ref("cuba"),), 4096, 0, 1),
            ),
            "cuba",
            "reads neurons of 'cuba'",
        ),
        (
            lambda: _chain(
                Conv2d("conv", (Ref("input"),), np.ones((2, 2, 1, 1), int)),
                Cuba("cuba", (Ref("conv"),), 4096, 0, 1),
                Cuba("output", (Ref("conv"),), 4096, 0, 1),
            ),
            "cuba",
            "no synapse of its own",
        ),
        (
            lambda: _chain(
                Conv2d("conv", (Ref("input"),), np.ones((2, 2, 1, 1), int)),
                Cuba("output", (Ref("conv"),), 4096, 0, 1),
            ),
            "output",
            "the answer",
        ),
        (lambda: _chain(Conv2d("conv", (Ref("input"),), np.ones((2, 2, 1, 1), int))), "conv", "only neurons"),
    ],
    ids=["groups", "sum", "neuron after neuron", "shared synapse", "answer", "no neuron"],
)
def test_what_cannot_be_cut_is_refused(graph, name: str, reason: str) -> None:
    with pytest.raises(GraphError, match=reason):
        drop_neurons(graph(), {name: np.array([True, False])})


def test_none_left_or_a_wrong_number_of_flags_is_refused(rng: np.random.Generator) -> None:
    whole = network(rng).graph
    with pytest.raises(GraphError, match="no neuron of it would stay"):
        drop_neurons(whole, {"cuba1": np.zeros(4, bool)})
    with pytest.raises(GraphError, match=r"\(3,\) flags for 4"):
        drop_neurons(whole, {"cuba1": np.ones(3, bool)})
