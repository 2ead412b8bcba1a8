"""Floats that are the integers of the network, and one that is not."""

import numpy as np
import pytest

from neurodeploy.graph import Graph, IntGraph, Ref, Trace, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input, Readout
from neurodeploy.graph.unrounded import unrounded
from neurodeploy.verify.integer_values import are_integer_values

NODES = (
    Input("input", (), (4,)),
    Dense("fc1", (Ref("input"),), np.array([[2, 4, -6, 8], [10, -2, 4, 6]])),
    Cuba("cuba1", (Ref("fc1"),), 4096, 0, 9),
    Dense("fc2", (Ref("cuba1"),), np.array([[3, -5]])),
    Readout("readout", (Ref("fc2"),)),
)
NAMES = ("cuba1", "cuba1.voltage", "readout")


def traces(rng: np.random.Generator) -> tuple[Graph, Trace, dict[str, np.ndarray]]:
    integer = IntGraph(Graph(NODES))
    frames = rng.integers(0, 2, (8, 3, 4))
    found = simulate(unrounded(integer), frames)
    return integer.graph, simulate(integer, frames), {name: found[name] for name in NAMES}


def test_a_run_without_rounding_shows_the_integers(rng: np.random.Generator) -> None:
    graph, integer, found = traces(rng)
    assert found["cuba1"].any()
    assert are_integer_values(graph, integer, Trace(found))


@pytest.mark.parametrize("name", NAMES)
def test_one_other_value_is_noticed(name: str, rng: np.random.Generator) -> None:
    graph, integer, found = traces(rng)
    found[name] = found[name].copy()
    found[name][3, 1, 0] += 1 / 128
    assert not are_integer_values(graph, integer, Trace(found))
