"""What neurons with a steady rate give becomes a bias: exactly where they always fire, as their mean elsewhere."""

import numpy as np
import pytest

from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout, SumPool2d
from neurodeploy.graph.passes import drop_neurons, fold_rates

SHAPE, STEPS = (2, 8, 8), 7
LOUD = np.array([0, 3000, 5, 3000])
"""Biases with which channels 1 and 3 fire at every timestep."""
RATES = np.array([0.0, 1.0, 0.0, 1.0])


def network(rng: np.random.Generator, *, padding: int = 0, decay: int = 4096, delay: int = 0) -> Graph:
    """A map, pooling, a convolution and a dense layer behind the channels that always fire."""
    front = (
        Input("input", (), SHAPE),
        Conv2d("conv1", (Ref("input"),), rng.integers(-60, 90, (4, 2, 3, 3))),
        Cuba("cuba1", (Ref("conv1"),), 4096, 900, 80, LOUD),
        SumPool2d("pool", (Ref("cuba1"),), (2, 2), (2, 2)),
        Conv2d("conv2", (Ref("pool", delay),), rng.integers(-30, 45, (3, 4, 2, 2)), padding=(padding, padding)),
        Cuba("cuba2", (Ref("conv2"),), decay, 900, 80, np.array([3, 0, -5])),
        Flatten("flat", (Ref("cuba2"),)),
    )
    size = Graph(front).shapes["flat"][0]
    last = (Dense("fc", (Ref("flat"),), rng.integers(-90, 90, (3, size))), Readout("readout", (Ref("fc"),)))
    return Graph((*front, *last))


def frames(rng: np.random.Generator) -> np.ndarray:
    return (rng.random((STEPS, 20, *SHAPE)) < 0.3).astype(np.int64)


def test_what_always_fires_behind_pooling_and_a_convolution_is_folded_exactly(rng: np.random.Generator) -> None:
    whole, data = network(rng), frames(rng)
    found = fold_rates(whole, "cuba1", RATES)
    assert (found.readers, found.exact, found.reason) == (("cuba2",), True, "")
    before = simulate(IntGraph(whole), data)
    assert before["cuba1"][:, :, 1::2].all()
    after = simulate(IntGraph(drop_neurons(found.graph, {"cuba1": RATES == 0})), data)
    for value in ("cuba2", "cuba2.voltage", "readout"):
        np.testing.assert_array_equal(after[value], before[value], err_msg=value)


def test_a_map_that_is_flattened_gives_the_sum_of_its_positions(rng: np.random.Generator) -> None:
    nodes = (
        Input("input", (), SHAPE),
        Conv2d("conv1", (Ref("input"),), rng.integers(-60, 90, (4, 2, 7, 7))),
        Cuba("cuba1", (Ref("conv1"),), 4096, 900, 80, LOUD),
        Flatten("flat", (Ref("cuba1"),)),
        Dense("fc2", (Ref("flat"),), rng.integers(-20, 30, (3, 16))),
        Cuba("output", (Ref("fc2"),), 4096, 900, 80),
    )
    whole, data = Graph(nodes), frames(rng)
    found = fold_rates(whole, "cuba1", RATES)
    weight = whole["fc2"].weight.reshape(3, 4, 4)
    np.testing.assert_array_equal(found.graph["output"].bias, weight[:, 1::2].sum((1, 2)))
    after = simulate(IntGraph(drop_neurons(found.graph, {"cuba1": RATES == 0})), data)
    np.testing.assert_array_equal(after["output"], simulate(IntGraph(whole), data)["output"])


@pytest.mark.parametrize(
    ("change", "rates", "reason"),
    [
        ({"padding": 1}, RATES, "padded borders"),
        ({"delay": 2}, RATES, "2 timesteps late"),
        ({}, RATES * 0.9, "did not fire at every timestep"),
    ],
)
def test_elsewhere_it_is_a_mean_and_the_reason_is_given(
    change: dict[str, int], rates: np.ndarray, reason: str, rng: np.random.Generator
) -> None:
    found = fold_rates(network(rng, **change), "cuba1", rates)
    assert found.readers == ("cuba2",)
    assert not found.exact
    assert reason in found.reason


def test_a_mean_in_an_integer_graph_is_rounded_and_in_a_float_one_it_is_not(rng: np.random.Generator) -> None:
    weight = np.array([[3, 5], [2, -4]])
    for kind in (np.int64, np.float64):
        nodes = (
            Input("input", (), (2,)),
            Dense("fc1", (Ref("input"),), np.eye(2).astype(kind)),
            Cuba("cuba1", (Ref("fc1"),), 4096, 900, 0),
            Dense("fc2", (Ref("cuba1"),), weight.astype(kind)),
            Cuba("output", (Ref("fc2"),), 4096, 900, 80, np.array([10, 20]).astype(kind)),
        )
        bias = fold_rates(Graph(nodes), "cuba1", np.array([0.5, 0.0])).graph["output"].bias
        assert bias.tolist() == ([12, 21] if kind is np.int64 else [11.5, 21.0])


@pytest.mark.parametrize(
    ("graph", "name", "reason"),
    [("current", "cuba1", "have a memory"), ("plain", "cuba2", "'readout' has no biases"), ("large", "cuba1", "4095")],
)
def test_where_there_is_no_place_nothing_changes(graph: str, name: str, reason: str, rng: np.random.Generator) -> None:
    given = network(rng, decay=2000 if graph == "current" else 4096)
    rates = np.ones(len(given[name].bias)) * (40 if graph == "large" else 1)
    found = fold_rates(given, name, rates)
    assert (found.readers, found.exact) == ((), False)
    assert reason in found.reason
    assert found.graph is given
