"""Counting against brute force: plain loops over weights, no array tricks."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.energy import count
from neurodeploy.energy.counts import Counts
from neurodeploy.errors import DataError, GraphError
from neurodeploy.graph import Graph, IntGraph, Node, Ref, Schedule, Trace, simulate
from neurodeploy.graph.nodes import (
    Add,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Cuba,
    Dense,
    Flatten,
    Input,
    MaxPool2d,
    Readout,
    SumPool2d,
)
from neurodeploy.graph.widths import FLOAT_BITS

X = (Ref("x"),)


def counted(node: Node, values: np.ndarray) -> Counts:
    """Counts of one node on given input values (time, batch, *shape), which need not be what an Input allows."""
    graph = Graph((Input("x", (), values.shape[2:], high=255), node))
    output = np.zeros((*values.shape[:2], *graph.shapes[node.name]))
    return count(graph, Trace({"x": values, node.name: output}))


def brute_force(node: Conv2d | Dense, values: np.ndarray) -> dict[str, int]:
    """Weight uses, one by one: every value, every output, every tap that joins them."""
    found = {"ac": 0, "ac_nonzero": 0, "mac": 0, "mac_nonzero": 0}
    for place in np.argwhere(values):
        value = values[tuple(place)]
        for weight in _weights_met(node, values.shape[2:], tuple(int(i) for i in place[2:])):
            kind = "ac" if abs(value) == 1 else "mac"
            found[kind] += 1
            found[f"{kind}_nonzero"] += weight != 0
    return found


def _weights_met(node: Conv2d | Dense, shape: tuple[int, ...], place: tuple[int, ...]) -> list[float]:
    if isinstance(node, Dense):
        return [float(w) for w in node.weight[:, place[0]]]
    channel, row, column = place
    _, height, width = node.output_shape(shape)
    outs, ins = len(node.weight) // node.groups, node.weight.shape[1]
    met = []
    for out, y, x, i, j in product(
        range(len(node.weight)), range(height), range(width), *map(range, node.weight.shape[2:])
    ):
        here = (
            y * node.stride[0] - node.padding[0] + i * node.dilation[0],
            x * node.stride[1] - node.padding[1] + j * node.dilation[1],
        )
        if here == (row, column) and channel // ins == out // outs:
            met.append(float(node.weight[out, channel % ins, i, j]))
    return met


def at(shape: tuple[int, ...], *places: tuple[int, ...], value: float = 1.0) -> np.ndarray:
    values = np.zeros((1, 1, *shape))
    for place in places:
        values[(0, 0, *place)] = value
    return values


def conv(**options: object) -> Conv2d:
    weight = np.ones((4, 2, 3, 3))
    return Conv2d("n", X, weight, **{"padding": (1, 1), **options})  # type: ignore[arg-type]


THREE = ((0,), (4,), (7,))


def _dense(zeroed: int = 0, bias: bool = True) -> Dense:
    weight = np.ones((5, 10))
    weight[:, [4, 7][:zeroed]] = 0
    return Dense("n", X, weight, np.ones(5) if bias else None)


def test_a_multi_step_convolution_counts_every_step_and_sample() -> None:
    values = np.repeat(np.repeat(at((2, 8, 8), (0, 3, 3)), 2, axis=0), 3, axis=1)
    counts = counted(conv(), values)
    assert (counts.steps, counts.samples) == (2, 3)
    assert counts.total("accumulate").stored == 2 * 3 * 36
    assert counts.mean("accumulate") == (72.0, 72.0)


def test_one_graded_value_does_not_turn_its_neighbours_into_products() -> None:
    values = at((10,), *THREE)
    values[0, 0, 1] = 0.5
    counts = counted(_dense(), values)
    assert (counts.total("accumulate").stored, counts.total("multiply_accumulate").stored) == (15, 5)


def test_a_transposed_convolution_is_refused_by_name() -> None:
    class ConvTranspose2d(Conv2d):  # type: ignore[misc]  # a kind the graph does not have
        pass

    with pytest.raises(GraphError, match=r"node 'up': unknown node kind ConvTranspose2d"):
        Graph((Input("x", (), (2, 8, 8)), ConvTranspose2d("up", X, np.ones((4, 2, 3, 3)))))


@pytest.mark.parametrize(
    "node",
    [BatchNorm("n", X, np.ones(2), np.ones(2), np.ones(2), np.ones(2)), MaxPool2d("n", X, (2, 2), (2, 2))],
    ids=["BatchNorm", "MaxPool2d"],
)
def test_a_kind_without_a_rule_is_refused_and_never_counts_as_nothing(node: Node) -> None:
    with pytest.raises(GraphError, match=f"node 'n': no rule counts the work of {type(node).__name__}"):
        counted(node, at((2, 8, 8), (0, 3, 3)))


def test_a_synapse_that_does_not_say_its_fan_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dense, "fan_out", lambda self, shape: None)
    with pytest.raises(GraphError, match="does not say its fan-out"):
        counted(_dense(), at((10,), *THREE))


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Conv2d, np.ndarray]:
    groups = draw(st.sampled_from([1, 2]))
    ins, outs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel, dilation = draw(st.tuples(*[st.integers(1, 3)] * 2)), draw(st.tuples(*[st.integers(1, 2)] * 2))
    padding, stride = draw(st.tuples(*[st.integers(0, 2)] * 2)), draw(st.tuples(*[st.integers(1, 3)] * 2))
    height, width = draw(st.integers(5, 7)), draw(st.integers(5, 7))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    weight = rng.integers(-1, 2, (outs, ins // groups, *kernel))
    values = rng.choice([0, 0, 0, 1, -1, 2, 0.5], (2, 1, ins, height, width))
    node = Conv2d("n", X, weight, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return node, values


@settings(max_examples=25, deadline=None)
@given(convolutions())
def test_random_convolutions_are_counted_as_by_brute_force(pair: tuple[Conv2d, np.ndarray]) -> None:
    _check_against_brute_force(*pair)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1 << 30))
def test_random_dense_layers_are_counted_as_by_brute_force(ins: int, outs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    node = Dense("n", X, rng.integers(-1, 2, (outs, ins)))
    _check_against_brute_force(node, rng.choice([0, 0, 1, -1, 2, 0.5], (3, 2, ins)))


def _check_against_brute_force(node: Conv2d | Dense, values: np.ndarray) -> None:
    counts, found = counted(node, values), brute_force(node, values)
    accumulates, products = counts.total("accumulate"), counts.total("multiply_accumulate")
    assert (accumulates.stored, accumulates.nonzero) == (found["ac"], found["ac_nonzero"])
    assert (products.stored, products.nonzero) == (found["mac"], found["mac_nonzero"])


def small_net(schedule: Schedule = Schedule.SWEEP) -> IntGraph:
    """3 inputs, 2 neurons with bias, 1 readout; input spikes at weights 10 and 20, threshold 15."""
    nodes = (
        Input("x", (), (3,)),
        Dense("d1", X, np.array([[10, 0, 20], [20, 10, -20]]), np.array([1, 0])),
        Cuba("c1", (Ref("d1"),), 4096, 0, 15),
        Dense("d2", (Ref("c1"),), np.array([[8, 8]])),
        Readout("out", (Ref("d2"),)),
    )
    return IntGraph(Graph(nodes, 1000, schedule))


FRAMES = np.array([[[1, 0, 0]], [[1, 1, 1]], [[0, 0, 0]]])


def test_a_net_counted_by_hand() -> None:
    counts = count(small_net(), simulate(small_net(), FRAMES))
    # step 0: c1 receives (11, 20): voltages 11, 20 -> the second fires; step 1: (31, 10): 42, 10 -> the first fires
    assert counts["c1"].values_out == 2
    assert counts["x"].uses("input_event").stored == 4
    assert (counts["d1"].uses("accumulate").stored, counts["d1"].uses("accumulate").nonzero) == (8, 7)
    assert (counts["d1"].uses("bias_add").stored, counts["d1"].uses("bias_add").nonzero) == (6, 3)
    assert counts["d2"].uses("accumulate").stored == 2
    assert counts["c1"].uses("neuron_update").stored == 6
    assert counts["c1"].uses("state_bit_read").stored == 6 * 24
    assert counts["out"].uses("state_bit_write").stored == 3 * 24
    assert counts["d1"].weight_bits == 5
    assert counts["d1"].uses("weight_bit_read").stored == 8 * 5
    assert counts["d1"].uses("event_bit_in").stored == 4 * 2
    assert counts["c1"].uses("event_bit_out").stored == 2 * 1
    assert counts["c1"].active_updates == 6
    assert counts["c1"].silent == 0.0
    assert counts.rate("d1") == pytest.approx(4 / 9)


def test_no_spikes_mean_no_synaptic_work() -> None:
    graph = small_net()
    counts = count(graph, simulate(graph, np.zeros_like(FRAMES)))
    assert counts["d1"].work.keys() == {"bias_add"}
    assert counts.total("accumulate").stored == counts.total("multiply_accumulate").stored == 0
    assert counts.total("spike").stored == 0
    assert counts["c1"].silent == 1.0
    assert counts["c1"].uses("neuron_update").stored == 6


def test_a_pipelined_synapse_does_not_see_the_last_step() -> None:
    sweep, pipelined = small_net(), small_net(Schedule.PIPELINED)
    frames = np.array([[[0, 0, 0]], [[1, 0, 0]], [[0, 1, 1]]])
    here, there = (count(g, simulate(g, frames)) for g in (sweep, pipelined))
    assert here["d1"].uses("accumulate").stored == 6
    assert there["d1"].uses("accumulate").stored == 2
    assert there["d1"].values_in == 1


def test_a_delayed_edge_counts_what_arrives_and_recurrence_counts_as_events_of_its_own() -> None:
    nodes = (
        Input("x", (), (1,)),
        Dense("d", (Ref("x"), Ref("c", 2)), np.array([[40]])),
        Cuba("c", (Ref("d"),), 4096, 4096, 30),
    )
    graph = IntGraph(Graph(nodes))
    counts = count(graph, simulate(graph, np.ones((3, 1, 1), np.int64)))
    assert counts["c"].values_out == 3
    assert counts["d"].uses("accumulate").stored == 3 + 1
    assert counts["d"].inputs == 2


def test_a_delay_longer_than_the_run_brings_nothing() -> None:
    graph = Graph((Input("x", (), (1,)), Dense("n", (Ref("x", 9),), np.ones((1, 1)))))
    counts = count(graph, simulate(graph, np.ones((3, 1, 1), np.int64)))
    assert counts.total("accumulate").stored == 0


@pytest.mark.parametrize(("kind", "scaled"), [(SumPool2d, 0), (AvgPool2d, 4)])
def test_pooling_is_a_line_of_its_own(kind: type[SumPool2d] | type[AvgPool2d], scaled: int) -> None:
    counts = counted(kind("n", X, (2, 2), (2, 2)), at((1, 4, 4), (0, 0, 0), (0, 3, 3)))
    assert counts["n"].uses("pool_add").stored == 2
    assert counts["n"].uses("pool_scale").stored == scaled
    assert counts.total("accumulate").stored == 0


def test_overlapping_windows_add_a_value_several_times() -> None:
    counts = counted(SumPool2d("n", X, (2, 2), (1, 1)), at((1, 4, 4), (0, 1, 1)))
    assert counts["n"].uses("pool_add").stored == 4


def test_additions_without_weights_are_counted() -> None:
    nodes = (
        Input("x", (), (2,)),
        Cuba("c", X, 4096, 0, 0.5),
        Flatten("f", (Ref("c"),)),
        Add("a", (Ref("f"), Ref("x"))),
        Cuba("e", (Ref("a"),), 4096, 0, 0.5),
    )
    graph = Graph(nodes)
    counts = count(graph, simulate(graph, np.ones((1, 1, 2), np.int64)))
    assert [counts[name].uses("join_add").stored for name in ("c", "f", "a", "e")] == [2, 0, 4, 0]


def _loud(weight: int) -> IntGraph:
    """64 inputs straight into an integrator: one step adds 64 x weight x 64 to its current and its voltage."""
    nodes = (Input("x", (), (64,)), Dense("d", X, np.full((1, 64), weight)), Cuba("c", (Ref("d"),), 0, 4096, 131071))
    return IntGraph(Graph(nodes))


def test_wraps_of_currents_are_counted() -> None:
    graph = _loud(254)
    trace = simulate(graph, np.ones((20, 2, 64), np.int64))
    jumps = int((np.diff(trace["c.current"][:, :, 0], axis=0) < 0).sum())
    assert count(graph, trace)["c"].wraps == jumps > 0


def test_saturations_of_voltages_are_counted() -> None:
    nodes = (Input("x", (), (64,)), Dense("d", X, np.full((1, 64), -254)), Cuba("c", (Ref("d"),), 4096, 0, 131071))
    graph = IntGraph(Graph(nodes))
    trace = simulate(graph, np.ones((20, 1, 64), np.int64))
    at_limit = int((trace["c.voltage"] == -((1 << 23) - 1)).sum())
    assert count(graph, trace)["c"].saturations == at_limit > 0
    assert count(graph, trace)["c"].wraps == 0


@pytest.mark.parametrize("name", ["c1", "c1.current", "c1.voltage", "out.voltage"])
def test_a_trace_of_another_network_is_noticed(name: str) -> None:
    graph = small_net()
    values = dict(simulate(graph, FRAMES).values)
    values[name] = values[name].copy()
    values[name][1, 0, 0] += 1
    with pytest.raises(DataError, match="another network"):
        count(graph, Trace(values))


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_trace_with_nan_is_refused(poison: float) -> None:
    values = at((10,), *THREE)
    values[0, 0, 3] = poison
    with pytest.raises(DataError, match="'x' holds NaN or infinity"):
        counted(_dense(), values)


@pytest.mark.parametrize("shape", [(0, 1, 10), (1, 0, 10)])
def test_an_empty_trace_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="nothing to count"):
        counted(_dense(), np.zeros(shape))


def test_a_trace_without_a_state_or_with_a_wrong_shape_is_refused() -> None:
    graph = small_net()
    values = dict(simulate(graph, FRAMES).values)
    with pytest.raises(DataError, match=r"'c1.voltage' was not recorded"):
        count(graph, Trace({k: v for k, v in values.items() if k != "c1.voltage"}))
    with pytest.raises(DataError, match=r"'x', the network's input"):
        count(graph, Trace({k: v for k, v in values.items() if k != "x"}))
    with pytest.raises(DataError, match=r"'d2' has shape"):
        count(graph, Trace({**values, "d2": values["d2"][:2]}))


def test_the_width_of_a_weight_can_be_given() -> None:
    graph = small_net()
    counts = count(graph, simulate(graph, FRAMES), weight_bits=8)
    assert counts["d1"].uses("weight_bit_read").stored == 8 * 8


def test_every_use_of_a_weight_reads_it_whatever_the_value() -> None:
    values = at((10,), *THREE)
    values[0, 0, 1] = 0.5
    assert counted(_dense(), values)["n"].uses("weight_bit_read").stored == 20 * FLOAT_BITS


def test_an_update_that_changes_nothing_is_not_active() -> None:
    nodes = (Input("x", (), (1,)), Dense("d", X, np.array([[10]])), Cuba("c", (Ref("d"),), 4096, 0, 131071))
    graph = IntGraph(Graph(nodes))
    counts = count(graph, simulate(graph, np.array([[[1]], [[0]], [[0]], [[0]]])))
    # step 0: current and voltage rise; step 1: the current is forgotten; then 10 stays on the integrator
    assert counts["c"].active_updates == 2
    assert counts["c"].uses("neuron_update").stored == 4


def test_asking_for_an_unknown_node_lists_the_known_ones() -> None:
    with pytest.raises(DataError, match="there are x, n"):
        counted(_dense(), at((10,), *THREE))["m"]
