"""The integer network in floats: the same spikes where no decay rounds, whatever the rounding of floats."""

import numpy as np
import pytest

from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input, Reset
from neurodeploy.graph.unrounded import half_step, unrounded


def network(rng: np.random.Generator, current: int, voltage: int, reset: Reset = Reset.ZERO) -> IntGraph:
    dense = Dense("fc1", (Ref("input"),), 2 * rng.integers(-40, 60, (12, 20)))
    cuba = Cuba("cuba1", (Ref("fc1"),), current, voltage, 100, bias=rng.integers(-9, 9, 12), reset=reset)
    return IntGraph(Graph((Input("input", (), (20,)), dense, cuba)))


@pytest.mark.parametrize("decays", [(4096, 0), (4096, 4096), (0, 4096)])
@pytest.mark.parametrize("reset", Reset)
def test_values_are_the_integer_ones_where_no_decay_rounds(
    decays: tuple[int, int], reset: Reset, rng: np.random.Generator
) -> None:
    integer = network(rng, *decays, reset=reset)
    frames = rng.integers(0, 2, (12, 6, 20))
    expected, found = simulate(integer, frames), simulate(unrounded(integer), frames)
    np.testing.assert_array_equal(found["cuba1"], expected["cuba1"])
    np.testing.assert_array_equal(64 * found["cuba1.voltage"], expected["cuba1.voltage"])
    np.testing.assert_array_equal(64 * found["cuba1.current"], expected["cuba1.current"])
    assert expected["cuba1"].any()


def test_a_voltage_at_threshold_stays_silent_by_a_margin() -> None:
    dense = Dense("fc1", (Ref("input"),), np.array([[100], [102]]))
    cuba = Cuba("cuba1", (Ref("fc1"),), 4096, 410, 100)
    graph = unrounded(IntGraph(Graph((Input("input", (), (1,)), dense, cuba))))
    assert simulate(graph, np.ones((1, 1, 1)))["cuba1"].tolist() == [[[0, 1]]]
    assert graph["cuba1"].threshold - 100 == half_step(cuba)


@pytest.mark.parametrize("decays", [(4096, 1), (1, 4096), (1024, 410)])
def test_a_threshold_stays_below_the_next_voltage(decays: tuple[int, int]) -> None:
    assert 0 < half_step(Cuba("cuba1", (Ref("fc1"),), *decays, 100)) < 1 / 64


def test_a_subtracting_threshold_is_the_networks_own(rng: np.random.Generator) -> None:
    integer = network(rng, 4096, 0, Reset.SUBTRACT)
    assert unrounded(integer)["cuba1"].threshold == 100
