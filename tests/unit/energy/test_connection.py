"""A connection whose weights have several delays is counted as what hardware stores: every weight once."""

import numpy as np
import pytest

from neurodeploy.energy import Counts, count
from neurodeploy.energy.connection import stored_weights
from neurodeploy.energy.models import find_model
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input
from neurodeploy.graph.parallel import split_by_delay
from neurodeploy.graph.widths import weight_bits
from neurodeploy.profile import load_profile

TIME, BATCH, INPUTS, OUTPUTS = 12, 3, 6, 5


def network(weight: np.ndarray, delays: np.ndarray) -> IntGraph:
    found = split_by_delay(Dense("fc", (Ref("input"),), weight), delays)
    neurons = Cuba("cuba", tuple(Ref(part.name) for part in found), 4096, 2048, 50)
    return IntGraph(Graph((Input("input", (), (INPUTS,)), *found, neurons)))


def counted(weight: np.ndarray, delays: np.ndarray, frames: np.ndarray) -> Counts:
    graph = network(weight, delays)
    return count(graph, simulate(graph, frames))


@pytest.fixture
def weight(rng: np.random.Generator) -> np.ndarray:
    return 2 * rng.integers(-60, 60, (OUTPUTS, INPUTS)) * (rng.random((OUTPUTS, INPUTS)) < 0.7)


@pytest.fixture
def frames(rng: np.random.Generator) -> np.ndarray:
    """Spikes early enough for every delay."""
    spikes = rng.integers(0, 2, (TIME, BATCH, INPUTS))
    spikes[-4:] = 0
    return spikes


@pytest.mark.parametrize("kind", ["synapses", "axons"])
def test_delays_change_no_synaptic_operation(
    kind: str, weight: np.ndarray, frames: np.ndarray, rng: np.random.Generator
) -> None:
    delays = rng.integers(0, 4, (OUTPUTS if kind == "synapses" else 1, INPUTS))
    plain, delayed = (counted(weight, each, frames) for each in (np.zeros((1, 1), int), delays))
    for work in ("accumulate", "weight_bit_read", "event_bit_in"):
        assert delayed.total(work) == plain.total(work), work
    assert sum(node.macs for node in delayed.nodes) == OUTPUTS * INPUTS
    assert {node.weight_bits for node in delayed.nodes if node.macs} == {plain["fc"].weight_bits}


def test_every_weight_is_stored_once(weight: np.ndarray, rng: np.random.Generator) -> None:
    graph = network(weight, rng.integers(0, 4, (OUTPUTS, INPUTS))).graph
    stored = [stored_weights(graph, node) for node in graph.nodes if isinstance(node, Dense)]
    plain = network(weight, np.zeros((1, 1), int)).graph["fc"]
    assert isinstance(plain, Dense)
    assert sum(count for count, _ in stored) == OUTPUTS * INPUTS
    assert {bits for _, bits in stored} == {weight_bits(plain.weight)}


def test_a_place_without_weight_belongs_to_the_first_node(frames: np.ndarray) -> None:
    weight = np.zeros((OUTPUTS, INPUTS), int)
    weight[0, 0], weight[1, 1] = 40, -40
    counts = counted(weight, np.arange(INPUTS)[None] % 2, frames)
    assert [counts[name].macs for name in ("fc_d0", "fc_d1")] == [OUTPUTS * INPUTS - 1, 1]
    assert counts["fc_d1"].uses("event_bit_in").stored == 0
    assert counts["fc_d1"].uses("accumulate").stored == int(frames[:, :, 1].sum())


def test_weights_that_exist_twice_are_counted_twice(frames: np.ndarray) -> None:
    weight = np.full((OUTPUTS, INPUTS), 20)
    nodes = (
        Input("input", (), (INPUTS,)),
        Dense("now", (Ref("input"),), weight),
        Dense("later", (Ref("input", 1),), weight),
        Cuba("cuba", (Ref("now"), Ref("later")), 4096, 2048, 50),
    )
    graph = IntGraph(Graph(nodes))
    counts = count(graph, simulate(graph, frames))
    assert counts["now"].uses("accumulate") == counts["later"].uses("accumulate")
    assert counts.total("accumulate").stored == 2 * OUTPUTS * int(frames.sum())


@pytest.mark.parametrize("choice", ["kernel", "exact"])
def test_the_memory_model_sees_one_connection(
    choice: str, weight: np.ndarray, frames: np.ndarray, rng: np.random.Generator
) -> None:
    options = {"operations": choice, "accesses": choice, "addressing": "spikingjelly"}

    def amounts(delays: np.ndarray) -> dict[str, float]:
        found = find_model("memory").apply(counted(weight, delays, frames), load_profile("cmos45"), options)
        return {
            t: sum(line.amount for line in found.lines if line.term == t)
            for t in ("weight_read", "event_read", "address")
        }

    assert amounts(rng.integers(0, 4, (OUTPUTS, INPUTS))) == pytest.approx(amounts(np.zeros((1, 1), int)))
