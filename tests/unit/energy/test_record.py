"""A trace that was simulated here is counted without a replay where nothing can overflow."""

from dataclasses import asdict

import numpy as np
import pytest

from neurodeploy.conformance.choose import RngChoose
from neurodeploy.conformance.draw import draw_frames, draw_network
from neurodeploy.energy import record
from neurodeploy.energy.counts import Counts, count
from neurodeploy.energy.record import tally
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input, Readout
from neurodeploy.graph.numeric import Array


def as_plain(counts: Counts) -> list[dict[str, object]]:
    nodes = [asdict(node) for node in counts.nodes]
    return [node | {"fired": None if node["fired"] is None else node["fired"].tolist()} for node in nodes]


@pytest.mark.parametrize("seed", range(60))
def test_counts_do_not_depend_on_the_replay(seed: int) -> None:
    choose = RngChoose(np.random.default_rng(seed))
    network = draw_network(choose).network
    trace = simulate(network, draw_frames(choose, network))
    assert as_plain(count(network, trace, is_simulated=True)) == as_plain(count(network, trace))


def integrator(weight: int, voltage_decay: int = 4096, bias: int = 0) -> IntGraph:
    neuron = Cuba("c", (Ref("d"),), 0, voltage_decay, 131071, np.array([bias]))
    return IntGraph(Graph((Input("x", (), (8,)), Dense("d", (Ref("x"),), np.full((1, 8), weight)), neuron)))


def readout(weight: int) -> IntGraph:
    nodes = (Input("x", (), (8,)), Dense("d", (Ref("x"),), np.full((1, 8), weight)), Readout("c", (Ref("d"),)))
    return IntGraph(Graph(nodes))


@pytest.mark.parametrize(
    "graph",
    [integrator(16000), integrator(-16000), integrator(100, 0, 32000), integrator(16000, 1), readout(16000)],
)
@pytest.mark.parametrize("steps", [1, 2, 3, 40])
def test_every_wrap_and_saturation_is_found_without_asking_for_a_replay(graph: IntGraph, steps: int) -> None:
    trace = simulate(graph, np.ones((steps, 2, 8), np.int64))
    counted, wanted = count(graph, trace, is_simulated=True)["c"], count(graph, trace)["c"]
    assert (counted.wraps, counted.saturations) == (wanted.wraps, wanted.saturations)
    assert steps < 40 or counted.wraps + counted.saturations > 0


def test_small_sums_are_not_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    def replayed() -> None:
        raise AssertionError("replayed")

    graph = integrator(100)
    trace = simulate(graph, np.ones((40, 2, 8), np.int64))
    monkeypatch.setattr(record, "WatchedArithmetic", replayed)
    assert count(graph, trace, is_simulated=True)["c"].wraps == 0
    with pytest.raises(AssertionError, match="replayed"):
        count(graph, trace)


@pytest.mark.parametrize("batch", [1, 254, 255, 256, 600])
def test_marks_are_added_up_beyond_a_byte(batch: int) -> None:
    marks: Array = np.random.default_rng(batch).random((3, batch, 2, 5)) < 0.9
    np.testing.assert_array_equal(tally(marks), marks.sum((0, 1)))
    np.testing.assert_array_equal(tally(marks[:, ::-1]), marks.sum((0, 1)))
