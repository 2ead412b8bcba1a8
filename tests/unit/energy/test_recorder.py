"""What is recorded while the fast simulator runs is what the trace of the reference says, at every timestep."""

from collections.abc import Callable

import numpy as np
import pytest

from neurodeploy.conformance.cases import CASES
from neurodeploy.conformance.choose import RngChoose
from neurodeploy.conformance.draw import draw_frames, draw_network
from neurodeploy.early_exit import ExitRule, exits, margins, prefix_scores
from neurodeploy.energy import Activity, Recorder, observe
from neurodeploy.energy.connection import part_of
from neurodeploy.errors import DataError, GraphError
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout


def differences(one: Activity, two: Activity) -> list[str]:
    """Names of all that differs."""
    bad = [] if np.array_equal(one.until, two.until) else ["until"]
    for a, b in zip(one.nodes, two.nodes, strict=True):
        bad += [] if a.facts == b.facts else [f"{a.facts.name} facts"]
        theirs = b.arrays()
        bad += [f"{a.facts.name} {key}" for key, value in a.arrays().items() if not np.array_equal(value, theirs[key])]
        if not np.array_equal(a.spikes if a.spikes is not None else 0, b.spikes if b.spikes is not None else 0):
            bad.append(f"{a.facts.name} spikes")
    return bad


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_is_recorded_as_its_trace_says(case) -> None:  # type: ignore[no-untyped-def]
    found = Recorder(case.integer).record(case.frames).full
    assert differences(found, observe(case.integer, simulate(case.integer, case.frames))) == []


@pytest.mark.parametrize("seed", range(60))
def test_random_networks_are_recorded_as_their_traces_say(seed: int) -> None:
    choose = RngChoose(np.random.default_rng(seed))
    network = draw_network(choose).network
    frames = draw_frames(choose, network)
    assert differences(Recorder(network).record(frames).full, observe(network, simulate(network, frames))) == []


def network(delay: int = 0, high: int = 1) -> IntGraph:
    rng = np.random.default_rng(3)
    nodes = (
        Input("input", (), (2, 5, 5), high=high),
        Conv2d("conv", (Ref("input"),), 2 * rng.integers(-30, 50, (3, 2, 3, 3))),
        Cuba("lif", (Ref("conv"),), 4096, 600, 140, bias=np.array([3, -5, 9])),
        Flatten("flat", (Ref("lif"),)),
        Dense("fc", (Ref("flat", delay),), 2 * rng.integers(-40, 60, (4, 27))),
        Readout("answer", (Ref("fc"),)),
    )
    return IntGraph(Graph(nodes))


def frames(samples: int = 40, high: int = 1) -> np.ndarray:
    rng = np.random.default_rng(4)
    return (rng.integers(0, high + 1, (6, samples, 2, 5, 5)) * (rng.random((6, samples, 2, 5, 5)) < 0.2)).astype(
        np.uint8
    )


@pytest.mark.parametrize("delay", [0, 2])
@pytest.mark.parametrize("threads", [1, 2])
def test_samples_that_leave_are_recorded_up_to_their_exits(delay: int, threads: int) -> None:
    graph, values = network(delay), frames()
    trace = simulate(graph, values)
    rule = ExitRule(int(np.median(margins(prefix_scores(graph.graph, trace)))), 1 + delay)
    left = exits(rule, prefix_scores(graph.graph, trace)).steps
    assert len(set(left.tolist())) > 2
    found = Recorder(graph, rule, threads).record(values)
    assert found.early is not None
    assert differences(found.early, observe(graph, trace, until=left)) == []
    assert differences(found.full, observe(graph, trace)) == []


def test_counts_of_several_events_are_products() -> None:
    graph, values = network(high=3), frames(high=3)
    found = Recorder(graph).record(values).full
    assert differences(found, observe(graph, simulate(graph, values))) == []
    assert found["conv"].work["multiply_accumulate"].stored.sum() > 0


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("conv work.accumulate.stored", lambda graph: graph["conv"].weight),
        ("lif active_updates", lambda graph: graph["lif"].bias),
    ],
)
def test_another_network_is_noticed(name: str, damage: Callable) -> None:
    nodes = list(network().graph.nodes)
    if name.startswith("conv"):
        nodes[1] = Conv2d("conv", (Ref("input"),), damage(network().graph), padding=(1, 1), stride=(2, 2))
    else:
        nodes[2] = Cuba("lif", (Ref("conv"),), 4096, 600, 140, bias=damage(network().graph) * 0)
    other = IntGraph(Graph(tuple(nodes)))
    assert name in differences(Recorder(other).record(frames()).full, observe(network(), simulate(network(), frames())))


def test_bad_frames_are_refused() -> None:
    with pytest.raises(DataError):
        Recorder(network()).record(frames()[:, :, :1])
    with pytest.raises(DataError):
        Recorder(network()).record(frames() * 3)


def test_a_kind_without_a_rule_is_refused_by_name() -> None:
    from neurodeploy.graph.nodes import MaxPool2d

    nodes = (Input("x", (), (1, 4, 4)), MaxPool2d("pool", (Ref("x"),), (2, 2), (2, 2)))
    with pytest.raises(GraphError, match="MaxPool2d"):
        observe(Graph(nodes), simulate(Graph(nodes), np.ones((1, 1, 1, 4, 4))))


def test_connections_with_several_delays_are_one() -> None:
    weight = np.array([[2, 0], [4, 6]])
    nodes = (
        Input("x", (), (2,)),
        Dense("a", (Ref("x"),), weight),
        Dense("b", (Ref("x", 1),), 2 * np.eye(2, dtype=int)[::-1]),
        Cuba("c", (Ref("a"), Ref("b")), 4096, 0, 5),
    )
    graph = IntGraph(Graph(nodes))
    values = np.ones((4, 2, 2), np.int64)
    assert (part_of(graph.graph, graph.graph["b"]) is None) == (part_of(graph.graph, graph.graph["a"]) is None)
    assert differences(Recorder(graph).record(values).full, observe(graph, simulate(graph, values))) == []
