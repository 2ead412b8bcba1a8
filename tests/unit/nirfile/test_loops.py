"""Where a loop holds its step of delay: found from the file alone, or refused."""

import sys
from pathlib import Path

import nir
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from nir_bytes import full, lif, network, weight

from neurodeploy.errors import ArtefactError
from neurodeploy.nirfile import order_of

CHAIN = [("input", "a"), ("a", "output")]


def nodes(*names: str) -> dict[str, nir.NIRNode]:
    """Neurons are called a, b, c; everything else is a weight."""
    return {name: lif() if len(name) == 1 else weight(1.0) for name in names}


def test_without_loops_nothing_is_late() -> None:
    assert order_of(network(nodes("a"), *CHAIN)).later == frozenset()


def test_spikes_on_their_way_back_are_late() -> None:
    found = order_of(network(nodes("a", "back"), *CHAIN, ("a", "back"), ("back", "a")))
    assert found.later == {("a", "back")}
    assert found.paths.index("back") < found.paths.index("a")


def test_a_way_back_over_several_weights_is_late_at_its_start() -> None:
    found = order_of(network(nodes("a", "one", "two"), *CHAIN, ("a", "one"), ("one", "two"), ("two", "a")))
    assert found.later == {("a", "one")}


def test_feedback_over_two_layers_is_late_at_the_last_neurons() -> None:
    edges = [("input", "a"), ("a", "fc"), ("fc", "b"), ("b", "back"), ("back", "a"), ("b", "output")]
    assert order_of(network(nodes("a", "b", "fc", "back"), *edges)).later == {("b", "back")}


def test_neurons_may_hear_themselves_directly() -> None:
    assert order_of(network(nodes("a"), *CHAIN, ("a", "a"))).later == {("a", "a")}


def test_loops_inside_loops() -> None:
    edges = [("input", "a"), ("a", "b"), ("b", "own"), ("own", "b"), ("b", "back"), ("back", "a"), ("b", "output")]
    assert order_of(network(nodes("a", "b", "own", "back"), *edges)).later == {("b", "own"), ("b", "back")}


def test_a_delay_breaks_a_loop_by_itself() -> None:
    found = order_of(network({**nodes("a"), "wait": nir.Delay(full(1.0))}, *CHAIN, ("a", "wait"), ("wait", "a")))
    assert found.cut == {"wait"}
    assert found.later == {("a", "wait")}


REFUSED = {
    "entered at several nodes": (
        nodes("a", "b"),
        [("input", "a"), ("input", "b"), ("a", "b"), ("b", "a"), ("b", "output")],
    ),
    "without any node that remembers": (
        nodes("one", "two"),
        [("input", "one"), ("one", "two"), ("two", "one"), ("input", "output")],
    ),
    "read it too": (
        nodes("a", "back", "b"),
        [("input", "a"), ("a", "back"), ("back", "a"), ("back", "b"), ("b", "output")],
    ),
    "does not reach it": (nodes("a", "b"), [*CHAIN, ("b", "a")]),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_readers_could_break_elsewhere_is_refused(reason: str) -> None:
    made, edges = REFUSED[reason]
    with pytest.raises(ArtefactError, match=reason):
        order_of(network(made, *edges))


def test_the_order_is_one_of_computation(rng: np.random.Generator) -> None:
    names = [f"n{number}" for number in range(20)]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :] if rng.random() < 0.2]
    made = {name: weight(1.0) for name in names}
    edges = [("input", name) for name in names] + [(name, "output") for name in names] + pairs
    paths = order_of(network(made, *edges)).paths
    assert all(paths.index(a) < paths.index(b) for a, b in pairs)
