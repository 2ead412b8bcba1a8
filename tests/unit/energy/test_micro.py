"""Every layer of the published comparison of counters, counted weight by weight in plain loops."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from counters.brute_force import MEETINGS, Found, brute_force, windows
from counters.ours import NO_NODE, alone, found_in, integer_network, node_of
from counters.rows import ROWS, Row
from torch import nn

from neurodeploy.energy import count
from neurodeploy.errors import GraphError, UnsupportedNodeError
from neurodeploy.graph import Graph, Ref, Trace, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Input
from neurodeploy.graph.passes import lower

X = (Ref("x"),)
BY_NAME = {row.name: row for row in ROWS}
COUNTED = [row for row in ROWS if row.kind in MEETINGS and row.kind not in NO_NODE]
INTEGER = [row for row in COUNTED if all(value in range(256) for value in row.values.values())]


def names(rows: list[Row]) -> list[str]:
    return [row.name for row in rows]


@pytest.mark.parametrize("row", COUNTED, ids=names(COUNTED))
def test_stored_and_useful_weight_uses_are_those_of_brute_force(row: Row) -> None:
    assert found_in(alone(row)) == replace(brute_force(row), dense=0)


@pytest.mark.parametrize("row", INTEGER, ids=names(INTEGER))
def test_a_simulated_integer_network_does_that_work_in_every_step_of_every_sample(row: Row) -> None:
    once, counts = brute_force(row), integer_network(row, steps=2, samples=3)
    times = 2 * 3
    assert found_in(counts) == Found(
        once.ac * times, once.ac_nonzero * times, once.mac * times, once.mac_nonzero * times
    )
    assert counts.mean("accumulate") == (2 * once.ac, 2 * once.ac_nonzero)


@pytest.mark.parametrize("row", COUNTED, ids=names(COUNTED))
def test_an_input_that_is_all_spikes_uses_every_weight_that_exists(row: Row) -> None:
    full = replace(row, values=dict.fromkeys(product(*map(range, row.shape)), 1.0))
    assert found_in(alone(full)).ac == brute_force(row).dense


@pytest.mark.parametrize("row", COUNTED, ids=names(COUNTED))
def test_an_input_without_values_uses_none(row: Row) -> None:
    assert found_in(alone(replace(row, values={}))) == Found()


@pytest.mark.parametrize("row", [row for row in COUNTED if row.options["bias"]], ids=lambda row: row.name)
def test_a_bias_is_added_once_for_every_output_and_is_no_weight_use(row: Row) -> None:
    without = replace(row, options={**row.options, "bias": False})
    assert found_in(alone(row)) == found_in(alone(without))
    outputs = 4 * 8 * 8 if row.kind == "Conv2d" else 5
    assert alone(row).total("bias_add").stored == outputs
    assert alone(without).total("bias_add").stored == 0


def test_average_pooling_adds_each_value_once_and_scales_each_output() -> None:
    row = BY_NAME["average pooling 2x2"]
    counts = alone(row)
    met = [place for _, place in windows(row.shape, 2) if row.values.get(place)]
    assert counts["n"].uses("pool_add").stored == len(met) == 2
    assert counts["n"].uses("pool_scale").stored == len({output for output, _ in windows(row.shape, 2)}) == 32
    assert found_in(counts) == Found()


def test_values_behind_an_average_are_products() -> None:
    """Four windows of which one holds two spikes, one three: 0.5 and 0.75 are multiplied, 1 is not."""
    weight = np.full((3, 1, 1, 1), 0.5)
    frames = np.array([[[[[1, 1, 1, 1], [0, 0, 1, 0], [1, 1, 0, 0], [1, 1, 0, 0]]]]])
    pooled = node_of(BY_NAME["average pooling 2x2"])
    graph = Graph((Input("x", (), (1, 4, 4)), pooled, Conv2d("k", (Ref("n"),), weight)))
    counts = count(graph, simulate(graph, frames))
    assert (counts["k"].uses("accumulate").stored, counts["k"].uses("multiply_accumulate").stored) == (3, 2 * 3)


@pytest.mark.parametrize("name", ["max pooling 2x2", "batch norm"])
def test_what_has_to_be_lowered_first_is_refused_by_name(name: str) -> None:
    kind = type(node_of(BY_NAME[name])).__name__
    with pytest.raises(GraphError, match=f"node 'n': no rule counts the work of {kind}"):
        alone(BY_NAME[name])


def test_lowered_max_pooling_is_a_synapse_for_each_spike_in_a_window_and_a_neuron_for_each_window() -> None:
    row = BY_NAME["max pooling 2x2"]
    graph = lower(Graph((Input("x", (), row.shape), node_of(row), Cuba("c", (Ref("n"),), 4096, 0, 0.5))))
    counts = count(graph, simulate(graph, np.array(row.frame())[None, None]))
    met = [place for _, place in windows(row.shape, 2) if row.values.get(place)]
    assert counts["n_sum"].uses("accumulate").stored == len(met)
    assert counts["n"].uses("neuron_update").stored == 2 * 4 * 4


def test_lowered_batch_norm_costs_no_operation_of_its_own() -> None:
    conv, norm = BY_NAME["conv 3x3 padding 1, spikes inside"], BY_NAME["batch norm"]
    scaled = replace(norm, options={"num_features": 4})
    folded = node_of(scaled)
    nodes = (Input("x", (), conv.shape), node_of(conv), replace(folded, name="b", inputs=(Ref("n"),)))
    graph = lower(Graph((*nodes, Cuba("c", (Ref("b"),), 4096, 0, 0.5))))
    counts = count(graph, simulate(graph, np.array(conv.frame())[None, None]))
    assert counts.total("accumulate").stored == brute_force(conv).ac
    assert counts.total("multiply_accumulate").stored == 0


def test_the_values_of_a_trace_decide_and_not_their_sum() -> None:
    """Opposite spikes, and spikes of 0.5, are as many as spikes of 1."""
    spikes, opposite = (BY_NAME[f"linear, 3 spikes, {rest}"] for rest in ("bias", "one of them negative: -1"))
    assert found_in(alone(spikes)).ac == found_in(alone(opposite)).ac
    halves = BY_NAME["linear, 3 average-pooled spikes: 0.5"]
    assert found_in(alone(halves)).mac == found_in(alone(spikes)).ac


NOT_EXPRESSIBLE = {
    "ConvTranspose2d": (nn.ConvTranspose2d(2, 4, 3, stride=2), (2, 8, 8)),
    "LSTM": (nn.LSTM(10, 5), (3, 10)),
    "MultiheadAttention": (nn.MultiheadAttention(4, 2), (3, 4)),
}


@pytest.mark.parametrize("kind", NO_NODE)
def test_a_layer_that_no_graph_holds_is_refused_by_name(kind: str) -> None:
    snn = pytest.importorskip("snntorch", reason="snnTorch is not installed")
    from neurodeploy.importers import from_snntorch

    layer, shape = NOT_EXPRESSIBLE[kind]
    with pytest.raises(UnsupportedNodeError, match=kind):
        from_snntorch(nn.Sequential(layer, snn.Leaky(beta=0.5, init_hidden=True)), shape)


def test_a_weight_that_is_missed_is_noticed() -> None:
    row = BY_NAME["conv 3x3 padding 1 stride 2, spikes inside"]
    node = node_of(row)
    damaged = Conv2d("n", X, np.delete(node.weight, 2, axis=3), padding=node.padding, stride=node.stride)
    graph = Graph((Input("x", (), row.shape), damaged))
    trace = Trace({"x": np.array(row.frame())[None, None], "n": np.zeros((1, 1, *graph.shapes["n"]))})
    assert found_in(count(graph, trace)) != replace(brute_force(row), dense=0)
