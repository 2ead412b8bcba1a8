import numpy as np
import pytest

from neurodeploy.errors import GraphError
from neurodeploy.graph import Graph, Node, Ref, simulate
from neurodeploy.graph.graph import Schedule
from neurodeploy.graph.latency import longest_delay
from neurodeploy.graph.nodes import Cuba, Dense, Input, Readout
from neurodeploy.graph.parallel import parts, side_by_side, split_by_delay


def lif(name: str, *sources: Node | str) -> Cuba:
    names = [source if isinstance(source, str) else source.name for source in sources]
    return Cuba(name, tuple(Ref(each) for each in names), 4096, 2048, 1.0)


def delayed(rng: np.random.Generator, delays: np.ndarray) -> tuple[Graph, np.ndarray]:
    """6 inputs, 4 neurons whose synapses have `delays`; and the weights."""
    weight = rng.normal(size=(4, 6))
    found = split_by_delay(Dense("fc", (Ref("input"),), weight), delays)
    return Graph((Input("input", (), (6,)), *found, lif("cuba", *found))), weight


def test_each_synapse_waits_as_long_as_it_should(rng: np.random.Generator) -> None:
    delays = rng.integers(0, 4, (4, 6))
    graph, weight = delayed(rng, delays)
    frames = rng.integers(0, 2, (9, 3, 6))
    wanted = np.zeros((9, 3, 4))
    for (out, source), steps in np.ndenumerate(delays):
        wanted[steps:, :, out] += weight[out, source] * frames[: 9 - steps, :, source]
    trace = simulate(graph, frames)
    found = sum(trace[part.name] for part in side_by_side(graph)["fc_d0"])
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_delays_of_axons_are_columns_and_those_on_the_way_are_added(rng: np.random.Generator) -> None:
    node = Dense("fc", (Ref("input", 1),), rng.normal(size=(2, 3)))
    first, second = split_by_delay(node, np.array([[0, 2, 0]]))
    assert [part.inputs for part in (first, second)] == [(Ref("input", 1),), (Ref("input", 3),)]
    np.testing.assert_array_equal(first.weight + second.weight, node.weight)
    assert not second.weight[:, [0, 2]].any()


def test_one_delay_keeps_the_name() -> None:
    assert parts("fc", np.full((2, 3), 4)) == {"fc": 4}
    assert parts("fc", np.array([[4, 0]])) == {"fc_d0": 0, "fc_d4": 4}


def test_a_bias_is_not_split() -> None:
    with pytest.raises(GraphError, match="bias has no delay"):
        split_by_delay(Dense("fc", (Ref("input"),), np.ones((1, 2)), np.ones(1)), np.array([[0, 1]]))


def test_side_by_side_are_synapses_between_the_same_nodes(rng: np.random.Generator) -> None:
    weight = rng.normal(size=(4, 4))
    nodes = (
        Input("input", (), (4,)),
        Dense("a", (Ref("input"),), weight),
        Dense("b", (Ref("input", 3),), weight),
        Dense("biased", (Ref("input"),), weight, np.ones(4)),
        Dense("summing", (Ref("input"), Ref("input", 1)), weight),
        Dense("back", (Ref("cuba", 1),), weight),
        lif("cuba", "a", "b", "biased", "summing", "back"),
        Dense("other", (Ref("input"),), weight),
        lif("cuba2", "other"),
    )
    found = side_by_side(Graph(nodes))
    assert {name: [part.name for part in group] for name, group in found.items()} == {
        "a": ["a", "b"],
        "b": ["a", "b"],
        **{name: [name] for name in ("biased", "summing", "back", "other")},
    }


def chain(*delays: int, schedule: Schedule = Schedule.SWEEP, loop: int = 0) -> Graph:
    """Two layers; the first has a synapse for each of the delays but the last, which is the second layer's."""
    weight = np.ones((2, 2))
    first = [Dense(f"fc{delay}", (Ref("input", delay),), weight) for delay in delays[:-1]]
    back = [Dense("back", (Ref("cuba", loop),), weight)] if loop else []
    nodes = (Input("input", (), (2,)), *first, *back, lif("cuba", *first, *back))
    last = Dense("fc", (Ref("cuba", delays[-1]),), weight)
    return Graph((*nodes, last, Readout("readout", (Ref("fc"),))), schedule=schedule)


@pytest.mark.parametrize(
    ("graph", "steps"),
    [
        (chain(0, 0), 0),
        (chain(3, 0), 3),
        (chain(0, 3, 1, 2), 5),
        (chain(0, 3, 2, schedule=Schedule.PIPELINED), 7),
        (chain(0, 0, loop=9), 0),
    ],
    ids=["none", "one", "the slowest way", "pipelined", "a loop"],
)
def test_the_longest_delay_is_that_of_the_slowest_way(graph: Graph, steps: int) -> None:
    assert longest_delay(graph) == steps


def test_what_the_longest_delay_brings_is_the_last_news_of_an_input() -> None:
    graph = chain(0, 4, 2)
    frames = np.zeros((12, 1, 2), np.int64)
    frames[0] = 1
    received = simulate(graph, frames)["fc"][:, 0, 0]
    assert np.flatnonzero(received).max() == longest_delay(graph) == 6
