"""Text, ranges and storage: the pieces that the generated C is put together from."""

import ctypes
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from c_nets import gcc, require

from neurodeploy.exporters._c_conv import Axis
from neurodeploy.exporters._c_lower import lower
from neurodeploy.exporters._c_ranges import decayed, plan
from neurodeploy.exporters._c_text import fill, only_used, quotient, smallest_type, template
from neurodeploy.exporters._c_view import View, view
from neurodeploy.exporters._c_weights import pack, sparse, tiled
from neurodeploy.graph import Graph, IntGraph, Ref
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset, SumPool2d
from neurodeploy.graph.numeric import FIXED, STATE

Rng = np.random.Generator


@pytest.mark.parametrize("limit", [7, 34, 1156, 2312, 32768, 65535])
def test_a_division_by_a_constant_is_exact_in_32_bits(limit: int, rng: Rng) -> None:
    values = np.arange(limit, dtype=np.uint32)
    for divisor in {1, 2, 3, 5, 7, 17, 25, 34, 289, 1156, *rng.integers(1, limit + 9, 40).tolist()}:
        expression = quotient("n", divisor, limit)
        if "divide" not in expression:
            found = eval(expression.replace("u", ""), {"n": values})
            np.testing.assert_array_equal(found, values // divisor, expression)


def test_small_maps_never_divide_bit_by_bit() -> None:
    assert not any("divide" in quotient("n", d, 16384) for d in range(1, 400))
    assert "divide" in quotient("n", 337, 331 * 337)


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [(0, 255, "uint8_t"), (0, 256, "uint16_t"), (-1, 127, "int8_t"), (-1, 128, "int16_t"), (-32769, 0, "int32_t")],
)
def test_the_smallest_type_holds_both_ends(low: int, high: int, kind: str) -> None:
    assert smallest_type(low, high) == kind


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="OTHER"):
        fill("@NAME@ @OTHER@", NAME="x")


def test_a_declaration_that_nothing_reads_is_left_out() -> None:
    lines = ["const uint32_t a = 1u;", "const uint32_t b = a;", "const uint32_t c = b;", "uint32_t *d;"]
    assert only_used(lines, "b + 1u") == [lines[0], lines[1], lines[3]]


# ------------------------------------------------------------------------------------------ decays


@pytest.fixture(scope="module")
def decays(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    require("gcc")
    folder = tmp_path_factory.mktemp("decays")
    text = "".join(template(f"{name}.c.in").replace("static ", "") for name in ("share", "decay", "wrap"))
    (folder / "all.c").write_text("#include <stdint.h>\n" + fill(text, NAME="c"))
    gcc(folder, "-O1", "-shared", "-fPIC", "-fsanitize=undefined", "-static-libubsan", "all.c", "-o", "all.so")
    return ctypes.CDLL(str(folder / "all.so"))


def states(rng: Rng, reach: int) -> np.ndarray:
    edges = [0, 1, 2, 3, 4095, 4096, 4097, reach - 1, reach]
    chosen = np.array([*edges, *rng.integers(0, reach + 1, 200)])
    chosen = chosen[chosen <= reach]
    return np.concatenate([chosen, -chosen])


@pytest.mark.parametrize("reach", [500, 100_000, STATE.high])
def test_a_decay_rounds_towards_zero_in_every_form(decays: ctypes.CDLL, reach: int, rng: Rng) -> None:
    forms = set()
    for amount in (0, 1, 3, 409, 410, 1024, 2048, 3072, 4032, 4095, 4096, *rng.integers(0, 4097, 20).tolist()):
        expression = decayed("v", amount, reach).replace("@NAME@", "c")
        forms.add(expression.split("(")[0])
        values = states(rng, reach)
        found = [eval(expression, {"v": int(v), "c_share": decays.c_share, "c_decay": decays.c_decay}) for v in values]
        np.testing.assert_array_equal(found, FIXED.decay(values, amount), str(amount))
    assert forms == {"v", "0", "c_share"} | ({"c_decay"} if reach > 1 << 20 else set())


def test_the_wrap_is_that_of_the_simulator(decays: ctypes.CDLL, rng: Rng) -> None:
    edges = np.array([0, 1, STATE.high, STATE.high + 1, STATE.high + 2, (1 << 24) - 1, 1 << 24, (1 << 31) - 1])
    values = np.concatenate([edges, -edges, rng.integers(-(1 << 31), 1 << 31, 300)])
    np.testing.assert_array_equal([decays.c_wrap(int(v)) for v in values], FIXED.wrap(values))


def planned(weight: int, count: int = 4, **settings: object):
    values = {"current_decay": 4096, "voltage_decay": 410, "threshold": 100, **settings}
    nodes = (
        Input("input", (), (count,)),
        Dense("fc", (Ref("input"),), np.full((1, count), weight)),
        Cuba("a", (Ref("fc"),), **values),
    )
    network = IntGraph(Graph(nodes))
    return plan(network, network.graph["a"])


def test_sums_go_into_the_voltage_where_nothing_can_wrap() -> None:
    assert not planned(100).keeps_current
    assert planned(100, current_decay=4095).keeps_current
    assert not planned(128, count=1024).keeps_current  # 131,072 weight steps are just 2**23
    assert planned(-128, count=1024).keeps_current


def test_a_voltage_is_only_limited_where_it_may_leave_24_bits() -> None:
    assert not planned(-100).falls
    assert planned(-100, voltage_decay=0).falls
    assert not planned(100, voltage_decay=0).rises  # it fires before, and a reset to zero hides by how much
    assert planned(100, voltage_decay=0, reset=Reset.SUBTRACT).rises
    assert planned(100).voltage_reach == 64 * 100
    assert planned(-100).voltage_reach == -(-64 * 400 * 4096 // 410)


# ----------------------------------------------------------------------------------------- weights


@pytest.mark.parametrize(
    ("low", "high", "step", "kind", "factor"),
    [
        (-128, 127, 1, "int8_t", 1),
        (-128, 127, 2, "int8_t", 2),
        (-128, 127, 8, "int8_t", 8),
        (0, 255, 1, "uint8_t", 1),
        (-255, 0, 1, "uint8_t", -1),
        (-255, 0, 2, "uint8_t", -2),
        (-129, 127, 1, "int16_t", 1),
        (-255, 1, 1, "int16_t", 1),
        (-32768, 32767, 1, "int16_t", 1),
    ],
)
def test_weights_are_stored_in_one_byte_where_that_is_exact(
    low: int, high: int, step: int, kind: str, factor: int, rng: Rng
) -> None:
    weight = step * np.concatenate([[low, high, low + 1], rng.integers(low, high + 1, 50)])
    packed = pack(weight)
    assert (packed.kind, packed.factor) == (kind, factor)
    np.testing.assert_array_equal(packed.values * packed.factor, weight)


def test_no_weights_at_all_take_a_byte() -> None:
    assert pack(np.zeros((2, 3), int)).kind == "int8_t"


def test_tiles_hold_every_weight_once(rng: Rng) -> None:
    weight = rng.integers(-9, 9, (19, 5))
    flat = tiled(weight)
    assert flat.size == weight.size
    np.testing.assert_array_equal(flat[: 5 * 8].reshape(5, 8), weight[:8].T)
    np.testing.assert_array_equal(flat[-5 * 3 :].reshape(5, 3), weight[16:].T)


def test_sparse_weights_are_all_that_are_not_zero(rng: Rng) -> None:
    weight = rng.integers(-9, 9, (7, 11)) * (rng.random((7, 11)) < 0.2)
    few = sparse(weight)
    again = np.zeros_like(weight)
    for source in range(11):
        for at in range(few.starts[source], few.starts[source + 1]):
            again[few.places[at], source] += few.values[at]
    np.testing.assert_array_equal(again, weight)


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2, 3, 4])
@pytest.mark.parametrize("taps", [1, 2, 5])
def test_phases_and_offsets_reach_what_a_convolution_defines(stride: int, dilation: int, taps: int) -> None:
    axis = Axis("x", 50, 99, taps, stride, 2, dilation)
    for position in range(20):
        whole, phase = divmod(position, stride)
        found = {(t, whole - axis.offset(phase) - j * axis.spread) for j, t in enumerate(axis.phases[phase])}
        wanted = {
            (t, (position - dilation * t) // stride) for t in range(taps) if (position - dilation * t) % stride == 0
        }
        assert found == wanted


def test_a_view_by_pixel_says_where_the_graphs_values_lie() -> None:
    assert view((2, 1, 3), True).graph_indices().tolist() == [0, 3, 1, 4, 2, 5]
    assert not view((2, 1, 1), True).by_pixel
    assert not view((1, 4, 5), True).by_pixel
    assert View(2, 1, 3, False).numbers_like(View(6, 1, 1, False))
    assert not View(2, 1, 3, True).numbers_like(View(6, 1, 1, False))


# ---------------------------------------------------------------------------------------- lowering


def test_one_synapse_on_a_path_needs_no_memory_and_two_need_one() -> None:
    pool = SumPool2d("pool", (Ref("input"),), (2, 2), (2, 2))
    nodes = [Input("input", (), (1, 4, 4)), pool, Flatten("flat", (Ref("pool"),))]
    nodes += [Dense("fc1", (Ref("flat"),), np.ones((3, 4), int)), Dense("fc2", (Ref("fc1"),), np.ones((2, 3), int))]
    network = lower(IntGraph(Graph((*nodes, Cuba("lif", (Ref("fc2"), Ref("fc2", 3)), 4096, 0, 1)))))
    assert [sink.node.name for sink in network.sinks] == ["fc1", "lif"]
    assert [source.node.name for source in network.sources] == ["input", "fc1", "lif"]
    assert [(x.source, x.sink, x.delay) for sink in network.sinks for x in sink.links] == [
        ("input", "fc1", 0),
        ("fc1", "lif", 0),
        ("fc1", "lif", 3),
    ]
    assert [w.node.name for w in network.sinks[0].links[0].windows] == ["pool"]


def test_delays_on_the_way_add_up_and_biases_begin_when_they_arrive() -> None:
    dense = Dense("fc", (Ref("input", 2),), np.ones((3, 4), int), np.array([1, 2, 3]))
    nodes = Input("input", (), (4,)), dense, Add("sum", (Ref("fc"), Ref("fc", 1))), Readout("out", (Ref("sum", 4),))
    (sink,) = lower(IntGraph(Graph(nodes))).sinks
    assert [link.delay for link in sink.links] == [6, 7]
    assert {delay: values.tolist() for delay, values in sink.constants.items()} == {4: [1, 2, 3], 5: [1, 2, 3]}


def test_a_map_is_read_pixel_by_pixel_through_a_flatten() -> None:
    conv = Conv2d("conv", (Ref("input"),), np.ones((3, 1, 2, 2), int))
    nodes = Input("input", (), (1, 4, 5)), conv, Flatten("flat", (Ref("conv"),)), Readout("out", (Ref("flat"),))
    (sink,) = lower(IntGraph(Graph(nodes))).sinks
    assert sink.view == View(3, 3, 4, True)
