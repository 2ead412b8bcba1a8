"""Wraps and saturations are found by replaying a trace; a trace of another network is refused."""

import numpy as np
import pytest

from neurodeploy.energy import Recorder, count, observe
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input, Readout


def integrator(weight: int, voltage_decay: int = 4096, bias: int = 0) -> IntGraph:
    neuron = Cuba("c", (Ref("d"),), 0, voltage_decay, 131071, np.array([bias]))
    return IntGraph(Graph((Input("x", (), (8,)), Dense("d", (Ref("x"),), np.full((1, 8), weight)), neuron)))


def readout(weight: int) -> IntGraph:
    nodes = (Input("x", (), (8,)), Dense("d", (Ref("x"),), np.full((1, 8), weight)), Readout("c", (Ref("d"),)))
    return IntGraph(Graph(nodes))


OVERFLOWING = [integrator(16000), integrator(-16000), integrator(100, 0, 32000), integrator(16000, 1), readout(16000)]


@pytest.mark.parametrize("graph", OVERFLOWING)
@pytest.mark.parametrize("steps", [1, 2, 3, 40])
def test_a_run_without_a_trace_finds_every_wrap_and_saturation(graph: IntGraph, steps: int) -> None:
    frames = np.ones((steps, 2, 8), np.int64)
    counted, wanted = Recorder(graph).record(frames).full.counts()["c"], count(graph, simulate(graph, frames))["c"]
    assert (counted.wraps, counted.saturations) == (wanted.wraps, wanted.saturations)
    assert steps < 40 or counted.wraps + counted.saturations > 0


def test_a_wrap_is_told_with_its_timestep_and_sample() -> None:
    graph = integrator(16000)
    frames = np.ones((40, 3, 8), np.int64)
    frames[:, 1] = 0
    found = observe(graph, simulate(graph, frames))["c"]
    assert found.wraps[:, 1].sum() == 0
    assert found.wraps[0].sum() == 0
    assert found.wraps[:, 0].sum() == found.wraps[:, 2].sum() > 0
