"""NeuroBench's fields from our counts, worked out by hand; `tests/counters` compares them with NeuroBench itself."""

import json

import numpy as np
import pytest

from neurodeploy.energy import count
from neurodeploy.energy.neurobench import ABSENT, neurobench
from neurodeploy.errors import DataError
from neurodeploy.graph import Graph, IntGraph, Node, Ref, Schedule, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Input, Readout
from neurodeploy.graph.parallel import split_by_delay

X = (Ref("x"),)
FRAMES = np.array([[[1, 0, 0]], [[1, 1, 1]], [[0, 0, 0]]])


def small(schedule: Schedule = Schedule.SWEEP, end: Node | None = None, high: int = 1) -> IntGraph:
    """3 inputs, 2 neurons: one of six weights is zero; step 0: the second neuron fires, step 1: the first."""
    nodes = (
        Input("x", (), (3,), high=high),
        Dense("d1", X, np.array([[10, 0, 20], [20, 10, -20]]), np.array([1, 0])),
        Cuba("c1", (Ref("d1"),), 4096, 0, 15),
        *((Dense("d2", (Ref("c1"),), np.array([[8, 8]])), end) if end else ()),
    )
    return IntGraph(Graph(nodes, 1000, schedule))


def fields(graph: IntGraph, frames: np.ndarray = FRAMES) -> dict:
    return neurobench(graph, count(graph, simulate(graph, frames)))


def test_a_network_by_hand() -> None:
    found = fields(small())
    assert found["results"] == {
        "Footprint": 4 + 1 + 6,
        "ParameterCount": 6 + 2,
        "ConnectionSparsity": round(1 / 6, 4),
        "ActivationSparsity": 4 / 6,
        "ActivationSparsityByLayer": {"c1": 4 / 6},
        "SynapticOperations": {"Effective_MACs": 0.0, "Effective_ACs": 7.0, "Dense": 18.0},
        "MembraneUpdates": 6.0,
    }
    # 6 weights of 5 bits, 2 biases of 1 bit, 2 voltages of 24 bits
    assert found["footprint_bytes"] == {"weights": 4, "biases": 1, "states": 6}
    assert (found["neurobench"], found["samples"], found["steps"]) == ("2.3.0", 1, 3)


def test_it_is_json_and_says_what_is_defined_otherwise_and_what_is_absent() -> None:
    plain = json.loads(json.dumps(fields(small()), allow_nan=False))
    assert set(plain["differs"]) == {"Footprint", "MembraneUpdates"}
    assert plain["absent"] == ABSENT
    assert not set(plain["absent"]) & set(plain["results"])


def test_figures_are_means_per_sample() -> None:
    one, four = fields(small())["results"], fields(small(), np.repeat(FRAMES, 4, axis=1))["results"]
    assert one == four


def test_a_node_that_multiplies_and_accumulates_is_named() -> None:
    found = fields(small(high=3), FRAMES * np.array([1, 1, 3]))
    assert found["results"]["SynapticOperations"] == {"Effective_MACs": 2.0, "Effective_ACs": 5.0, "Dense": 18.0}
    assert found["differs"]["SynapticOperations"].endswith("Nodes that have both: d1")


def test_a_readout_has_membranes_but_no_activations_and_that_is_said() -> None:
    found = fields(small(end=Readout("out", (Ref("d2"),))))
    assert found["results"]["ActivationSparsityByLayer"] == {"c1": 4 / 6}
    assert found["results"]["MembraneUpdates"] == 6 + 2
    assert "readout" in found["differs"]["ActivationSparsity"]
    assert "readout" not in json.dumps(fields(small())["differs"])


def test_dense_operations_are_without_padding() -> None:
    nodes = (Input("x", (), (1, 4, 4)), Conv2d("k", X, np.full((2, 1, 3, 3), 4), padding=(1, 1)))
    graph = IntGraph(Graph((*nodes, Cuba("c", (Ref("k"),), 4096, 0, 3))))
    found = fields(graph, np.ones((2, 3, 1, 4, 4), np.int64))["results"]["SynapticOperations"]
    assert found["Dense"] == found["Effective_ACs"] == 2 * 2 * (4 * 9 + 8 * 6 + 4 * 4)


def test_dense_operations_are_those_that_fit_into_the_run() -> None:
    graph = small(Schedule.PIPELINED)
    assert fields(graph)["results"]["SynapticOperations"]["Dense"] == 2 * 6


def test_several_edges_into_a_synapse_are_named() -> None:
    nodes = (
        Input("x", (), (1,)),
        Dense("d", (Ref("x"), Ref("c", 1)), np.array([[40]])),
        Cuba("c", (Ref("d"),), 4096, 4096, 30),
    )
    found = fields(IntGraph(Graph(nodes)), np.ones((3, 1, 1), np.int64))
    assert found["results"]["SynapticOperations"]["Effective_ACs"] == 3 + 2
    assert found["results"]["SynapticOperations"]["Dense"] == 3 + 2
    assert "d reads several edges" in found["differs"]["SynapticOperations"]


def test_weights_with_delays_of_their_own_are_one_connection(rng: np.random.Generator) -> None:
    weight, delays = 2 * rng.integers(1, 60, (5, 6)), rng.integers(0, 3, (5, 6))
    weight[0, :3] = 0
    frames = rng.integers(0, 2, (9, 2, 6))
    frames[-3:] = 0
    both = []
    for each in (np.zeros((1, 1), int), delays):
        nodes = split_by_delay(Dense("fc", X, weight), each)
        cuba = Cuba("c", tuple(Ref(node.name) for node in nodes), 4096, 2048, 50)
        both.append(fields(IntGraph(Graph((Input("x", (), (6,)), *nodes, cuba))), frames)["results"])
    plain, delayed = both
    for field in ("ParameterCount", "ConnectionSparsity"):
        assert plain[field] == delayed[field]
    assert plain["SynapticOperations"]["Effective_ACs"] == delayed["SynapticOperations"]["Effective_ACs"]


def test_a_float_graph_keeps_32_bits_of_everything() -> None:
    graph = small().graph
    found = neurobench(graph, count(graph, simulate(graph, FRAMES)))
    assert found["footprint_bytes"]["states"] == 2 * 4


def test_counts_of_another_network_are_refused() -> None:
    one, two = small(), small(end=Readout("out", (Ref("d2"),)))
    with pytest.raises(DataError, match="another network"):
        neurobench(one, count(two, simulate(two, FRAMES)))


def test_a_network_without_neurons_is_refused() -> None:
    graph = Graph((Input("x", (), (3,)), Dense("d", X, np.ones((2, 3)))))
    with pytest.raises(DataError, match="nothing to benchmark"):
        neurobench(graph, count(graph, simulate(graph, FRAMES)))
