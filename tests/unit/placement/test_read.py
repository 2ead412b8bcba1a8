"""A graph read as layers: what meets what, with which delays, and what has no place."""

import numpy as np
from unit.placement.chips import map_graph, neuron, weights

from neurodeploy.graph import Graph, Ref, Schedule
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, SumPool2d
from neurodeploy.placement import Kind, read_network

X = Input("x", (), (2, 8, 8))


def test_flattening_leaves_the_map_of_the_source() -> None:
    network = read_network(map_graph(side=8, channels=3))
    assert [layer.name for layer in network.layers] == ["map", "out"]
    edge = network["out"].edges[0]
    assert (edge.name, edge.kind, edge.source, edge.seen, edge.map) == ("fc", Kind.DENSE, "map", (3, 8, 8), (5, 1, 1))
    assert network["map"].map == (3, 8, 8)
    assert (network.input, network.input_map) == ("x", (2, 8, 8))


def test_sum_pooling_becomes_part_of_the_synapses() -> None:
    nodes = (
        X,
        SumPool2d("pool", (Ref("x"),), (2, 2), (2, 2)),
        Conv2d("conv", (Ref("pool"),), weights(3, 2, 3, 3), padding=(1, 1)),
        neuron("a", "conv"),
        SumPool2d("pool2", (Ref("a"),), (2, 2), (2, 2)),
        Flatten("f", (Ref("pool2"),)),
        Dense("d", (Ref("f"),), weights(5, 12)),
        neuron("b", "d"),
    )
    network = read_network(Graph(nodes))
    first, second = network["a"].edges[0], network["b"].edges[0]
    assert (first.pool, first.pooled, first.map) == ((2, 2), (2, 4, 4), (3, 4, 4))
    fused = first.fused()
    assert (fused.kernel, fused.stride, fused.padding, fused.map) == ((6, 6), (2, 2), (2, 2), (3, 4, 4))
    assert (second.pool, second.weights, second.fused().weights) == ((2, 2), 60, 240)


def test_pooling_that_neurons_read_is_a_channel_by_channel_kernel_of_ones() -> None:
    nodes = (X, neuron("a", "x"), SumPool2d("pool", (Ref("a"),), (2, 2), (2, 2)), neuron("b", "pool"))
    edge = read_network(Graph(nodes))["b"].edges[0]
    assert (edge.kind, edge.groups, edge.kernel, edge.map, edge.bits) == (Kind.CONV, 2, (2, 2), (2, 4, 4), 1)


def test_what_has_no_place_is_a_problem_with_its_node() -> None:
    nodes = (
        X,
        Conv2d("first", (Ref("x"),), weights(2, 2, 1, 1)),
        Conv2d("second", (Ref("first"),), weights(2, 2, 1, 1)),
        neuron("a", "second"),
        SumPool2d("pool", (Ref("a"),), (3, 3), (2, 2)),
        Conv2d("third", (Ref("pool"),), weights(2, 2, 1, 1)),
        neuron("b", "third"),
    )
    problems = {problem.node: problem.reason for problem in read_network(Graph(nodes)).problems}
    assert "only spikes" in problems["first"]
    assert "overlap" in problems["pool"]
    assert "nothing that could be placed" in problems["b"]


def test_sums_of_spikes_and_of_currents_become_several_edges() -> None:
    nodes = (
        X,
        Conv2d("c1", (Ref("x"),), weights(2, 2, 1, 1)),
        neuron("a", "c1"),
        Add("skip", (Ref("a"), Ref("x"))),
        Conv2d("c2", (Ref("skip"),), weights(2, 2, 1, 1)),
        Conv2d("c3", (Ref("x"),), weights(2, 2, 3, 3), padding=(1, 1)),
        Cuba("b", (Ref("c2"), Ref("c3"), Ref("a")), 4096, 0, 10),
    )
    edges = read_network(Graph(nodes))["b"].edges
    assert {(edge.name, edge.source, edge.kind) for edge in edges} == {
        ("c2", "a", Kind.CONV),
        ("c2", "x", Kind.CONV),
        ("c3", "x", Kind.CONV),
        ("b", "a", Kind.DIRECT),
    }


def test_an_edge_that_leads_back_waits_the_first_step_anyway() -> None:
    for schedule in Schedule:
        nodes = (
            Input("x", (), (3,)),
            Dense("forward", (Ref("x", 2),), weights(4, 3)),
            Dense("back", (Ref("a", 3),), weights(4, 4)),
            Cuba("a", (Ref("forward"), Ref("back")), 4096, 0, 10),
        )
        layer = read_network(Graph(nodes, schedule=schedule))["a"]
        assert {edge.name: edge.delay for edge in layer.edges} == {"forward": 2, "back": 2}
        assert layer.recurrent


def test_parallel_delays_are_one_list_with_as_many_synapses_as_meet() -> None:
    left, right = np.array([[5, 0], [0, 5]]), np.array([[0, 3], [3, 0]])
    for second, copies in ((right, 1), (np.array([[1, 1], [1, 1]]), 2)):
        nodes = (
            Input("x", (), (2,)),
            Dense("now", (Ref("x"),), left),
            Dense("later", (Ref("x", 7),), second),
            Cuba("a", (Ref("now"), Ref("later")), 4096, 0, 10),
        )
        (edge,) = read_network(Graph(nodes))["a"].edges
        assert (edge.delay, edge.copies) == (7, copies)


def test_states_thresholds_and_biases_are_those_of_the_nodes() -> None:
    nodes = (
        Input("x", (), (2,)),
        Dense("d", (Ref("x"),), np.array([[6, -8]]), bias=np.array([3])),
        Cuba("a", (Ref("d"),), 100, 200, 1023, bias=np.array([-9])),
        Dense("e", (Ref("a"),), np.array([[4]])),
        Readout("r", (Ref("e"),)),
    )
    network = read_network(Graph(nodes))
    layer = network["a"]
    assert (layer.states, layer.threshold_bits, layer.bias_bits, layer.weight_bits) == (2, 10, 4, 3)
    assert (layer.biases, layer.edges[0].biases) == (1, 1)
    assert (layer.leaks, layer.keeps_current, layer.fires, network["r"].fires) == (True, True, True, False)


def test_fan_out_counts_weights_that_are_not_zero() -> None:
    weight = np.array([[1, 0, 2], [3, 0, 0]])
    nodes = (Input("x", (), (3,)), Dense("d", (Ref("x"),), weight), neuron("a", "d"))
    edge = read_network(Graph(nodes))["a"].edges[0]
    assert (edge.most_targets, edge.synapses, edge.weights) == (2, 3, 6)
