"""Maps, windows and fan-outs against plain loops over every weight."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.node import Node
from neurodeploy.graph.nodes import AvgPool2d, BatchNorm, Conv2d, Dense, Flatten, Input, MaxPool2d, SumPool2d
from neurodeploy.graph.numeric import FIXED, FLOAT


def brute_conv(conv: Conv2d, value: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Output, and the stored and non-zero weights that each input position meets, one weight at a time."""
    out = np.zeros(conv.output_shape(value.shape), np.int64)
    stored, nonzero = np.zeros(value.shape, np.int64), np.zeros(value.shape, np.int64)
    outs, ins = out.shape[0] // conv.groups, conv.weight.shape[1]
    taps = itertools.product(*map(range, out.shape), range(ins), *map(range, conv.weight.shape[2:]))
    for o, y, x, i, r, c in taps:
        row = y * conv.stride[0] - conv.padding[0] + r * conv.dilation[0]
        column = x * conv.stride[1] - conv.padding[1] + c * conv.dilation[1]
        channel = o // outs * ins + i
        if 0 <= row < value.shape[1] and 0 <= column < value.shape[2]:
            weight = conv.weight[o, i, r, c]
            out[o, y, x] += weight * value[channel, row, column]
            stored[channel, row, column] += 1
            nonzero[channel, row, column] += weight != 0
    return out, stored, nonzero


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_convolution_and_its_fan_out_equal_a_loop_over_weights(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    groups = data.draw(st.sampled_from([1, 2]))
    pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
    kernel, stride, dilation = (
        data.draw(pair),
        data.draw(pair),
        data.draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
    )
    padding = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    weight = rng.integers(-2, 3, (2 * groups, 2, *kernel))
    conv = Conv2d("c", (Ref("i"),), weight, stride=stride, padding=padding, dilation=dilation, groups=groups)
    value = rng.integers(0, 3, (2 * groups, 7, 6))
    out, stored, nonzero = brute_conv(conv, value)
    np.testing.assert_array_equal(conv.step(value[None], {}, FIXED)[0][0], out)
    fan_out = conv.fan_out(value.shape)
    np.testing.assert_array_equal(fan_out.stored, stored)
    np.testing.assert_array_equal(fan_out.nonzero, nonzero)


def test_dense_fan_out_counts_its_column() -> None:
    fan_out = Dense("d", (Ref("i"),), np.array([[1, 0], [2, 0], [3, 4]])).fan_out((2,))
    assert fan_out.stored.tolist() == [3, 3]
    assert fan_out.nonzero.tolist() == [3, 1]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (SumPool2d("p", (Ref("i"),), (2, 2), (2, 2)), [[[8, 18]]]),
        (AvgPool2d("p", (Ref("i"),), (2, 2), (2, 2)), [[[2.0, 4.5]]]),
        (MaxPool2d("p", (Ref("i"),), (2, 2), (2, 2)), [[[3, 6]]]),
        (SumPool2d("p", (Ref("i"),), (2, 1), (1, 2)), [[[4, 8, 10]]]),
        (Flatten("p", (Ref("i"),)), [1, 2, 3, 4, 9, 3, 2, 5, 6, 1]),
    ],
)
def test_pools_and_flatten(node: Node, expected: list) -> None:
    value = np.array([[[[1, 2, 3, 4, 9], [3, 2, 5, 6, 1]]]])
    np.testing.assert_array_equal(node.step(value, {}, FLOAT)[0][0], expected)
    assert node.output_shape(value.shape[1:]) == np.asarray(expected).shape


def test_pool_fan_out_is_the_number_of_windows_over_a_pixel() -> None:
    node = SumPool2d("p", (Ref("i"),), (2, 2), (1, 1))
    assert node.fan_out((1, 3, 3)).stored.tolist() == [[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]


def test_batch_norm_is_the_textbook_formula(rng: np.random.Generator) -> None:
    weight, bias, mean, variance = rng.normal(size=3), rng.normal(size=3), rng.normal(size=3), rng.random(3)
    value = rng.normal(size=(2, 3, 4, 4))
    norm = BatchNorm("n", (Ref("i"),), weight, bias, mean, variance)
    shape = (1, 3, 1, 1)
    expected = (value - mean.reshape(shape)) / np.sqrt(variance.reshape(shape) + 1e-5)
    expected = expected * weight.reshape(shape) + bias.reshape(shape)
    np.testing.assert_allclose(norm.step(value, {}, FLOAT)[0], expected)


@pytest.mark.parametrize("low_high", [(0, 1), (-3, 5)])
def test_bounds_hold_and_are_reached(rng: np.random.Generator, low_high: tuple[int, int]) -> None:
    dense = Dense("d", (Ref("i"),), rng.integers(-9, 10, (4, 6)), np.array([1, 0, 0, -2]))
    lows, highs = dense.bounds(*low_high)
    corners = np.array(list(itertools.product(low_high, repeat=6)))
    sums = dense.step(corners, {}, FIXED)[0]
    np.testing.assert_array_equal(sums.min(0), lows)
    np.testing.assert_array_equal(sums.max(0), highs)


def test_shapes_claimed_equal_shapes_computed(rng: np.random.Generator) -> None:
    nodes = (
        Input("i", (), (2, 9, 8)),
        Conv2d("c", (Ref("i"),), rng.normal(size=(4, 2, 3, 2)), stride=(2, 1), padding=(1, 0)),
        SumPool2d("p", (Ref("c"),), (2, 2), (2, 2)),
        Flatten("f", (Ref("p"),)),
    )
    graph, value = Graph(nodes), rng.random((3, 2, 9, 8))
    for node in nodes[1:]:
        value = node.step(value, {}, FLOAT)[0]
        assert value.shape[1:] == graph.shapes[node.name]
