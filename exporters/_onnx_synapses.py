"""The exact integer form: synapses and pooling, each with the operator that is fastest among those proved exact.

Dense: MatMulInteger (uint8 inputs, 8-bit weights, int32 sums). Weights that do not fit 8 bits are stored halved where
all are even, and otherwise in two bytes: w = 256 high + low. On x86 without VNNI onnxruntime's uint8 x int8 kernel adds
pairs of products in 16 bits with saturation, which 2 x 127 x 128 just fits; for larger inputs the weights are stored as
uint8 with zero point 128, whose kernel widens first.

Conv2d: float32 Conv on integers, 3 to 5 times faster in onnxruntime than ConvInteger (tests/benchmarks/bench_onnx.py).
It is exact where the sum of all |weight x input| and |bias| is at most 2**24: every partial sum, in any order, is then
an integer that float32 holds. Where that is not so, ConvInteger. The weights are stored in 8 or 16 bits; onnxruntime
casts them once, when it loads the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.exporters._onnx_build import Builder, Kind, Value
from neurodeploy.exporters._onnx_layout import folded, timed
from neurodeploy.exporters._state_range import input_range
from neurodeploy.graph import IntGraph, Node, Synapse
from neurodeploy.graph.nodes import Conv2d, Dense, SumPool2d
from neurodeploy.graph.numeric import Array

TARGET = "onnx"
FLOAT_EXACT = 1 << 24
"""All integers up to this magnitude are float32 numbers."""
BYTE_HIGH = 255
PAIR_SAFE = 127
"""Largest input with which two products with int8 weights add up within int16."""
INT32_HIGH = (1 << 31) - 1


@final
@dataclass(frozen=True, eq=False)
class Stored:
    """Weights as written: w = factor x (stored - zero_point)."""

    array: Array
    kind: Kind
    factor: int = 1
    zero_point: int = 0


def dense(builder: Builder, graph: IntGraph, node: Dense, value: Value, scale: int) -> Value:
    """Sums of a Dense, times `scale`."""
    value, dims = timed(builder, value), (*value.dims[:-1], len(node.weight))
    parts = _parts(graph, node)
    if parts:
        return _integer_sums(builder, node, "MatMulInteger", value, parts, dims, scale)
    _require_float(graph, node)
    weight = _float_weight(builder, node, node.weight.T, scale)
    total = builder.node("MatMul", [builder.cast(value, Kind.FLOAT), weight], f"{node.name}.sum", Kind.FLOAT, dims)
    return _with_bias(builder, node, total, scale)


def conv2d(builder: Builder, graph: IntGraph, node: Conv2d, value: Value, scale: int) -> Value:
    """Sums of a Conv2d, times `scale`."""
    value = folded(builder, value)
    dims = (value.dims[0], *graph.graph.shapes[node.name])
    parts = _parts(graph, node) if _magnitude(graph, node) > FLOAT_EXACT else []
    if parts:
        return _integer_sums(builder, node, "ConvInteger", value, parts, dims, scale, **window(node))
    _require_float(graph, node)
    inputs = [builder.cast(value, Kind.FLOAT), _float_weight(builder, node, node.weight, scale)]
    if node.bias is not None:
        inputs.append(builder.constant(f"{node.name}.bias", node.bias * scale, Kind.FLOAT))
    name = f"{node.name}.sum"
    return builder.node("Conv", inputs, name, Kind.FLOAT, dims, scale=scale, **window(node))


def window(node: Conv2d) -> dict[str, Any]:
    """A convolution's geometry as ONNX attributes."""
    return {
        "kernel_shape": list(node.weight.shape[2:]),
        "strides": list(node.stride),
        "pads": [*node.padding, *node.padding],
        "dilations": list(node.dilation),
        "group": node.groups,
    }


def sum_pool2d(builder: Builder, graph: IntGraph, node: SumPool2d, value: Value) -> Value:
    """Sums over windows: a convolution of each channel with ones."""
    value = folded(builder, value)
    reach = max(map(abs, graph.bounds[node.name]))
    if reach > FLOAT_EXACT:
        raise _refusal(node, f"its sums reach {reach}, exact up to {FLOAT_EXACT}")
    channels = value.shape[0]
    ones = builder.constant(f"{node.name}.ones", np.ones((channels, 1, *node.kernel)), Kind.FLOAT)
    attributes: dict[str, Any] = {"kernel_shape": list(node.kernel), "strides": list(node.stride), "group": channels}
    dims = (value.dims[0], *graph.graph.shapes[node.name])
    name = f"{node.name}.sum"
    return builder.node("Conv", [builder.cast(value, Kind.FLOAT), ones], name, Kind.FLOAT, dims, **attributes)


def add(builder: Builder, node: Node, values: Sequence[Value]) -> Value:
    """Sum of several values in int32; in membrane steps if one of them is."""
    scale = max(value.scale for value in values)
    terms = [scaled(builder, builder.cast(timed(builder, value), Kind.INT32), scale) for value in values]
    total = terms[0]
    for number, term in enumerate(terms[1:], 1):
        total = builder.like("Add", total, [term], f"{node.name}.total{number}")
    return total


def scaled(builder: Builder, value: Value, scale: int) -> Value:
    """`value` with its tensor holding `scale` times what it stands for."""
    if value.scale == scale:
        return value
    factor = builder.constant(f"scale.{scale}.{value.kind.value}", scale // value.scale, value.kind)
    name = f"{value.name}.times{scale}"
    return builder.node("Mul", [value, factor], name, value.kind, value.dims, scale=scale)


def _parts(graph: IntGraph, node: Synapse) -> list[Stored]:
    """The weights in bytes; none where an integer operator cannot be proved exact."""
    low, high = input_range(graph, node)
    if low < 0 or high > BYTE_HIGH:
        return []
    whole = _bytes(node.weight, high)
    if whole is not None:
        return [whole]
    upper, lower = _bytes(node.weight >> 8, high, 256), _bytes(node.weight & BYTE_HIGH, high)
    fits = int((node.weight & BYTE_HIGH).reshape(len(node.weight), -1).sum(1).max()) * high <= INT32_HIGH
    return [upper, lower] if fits and upper is not None and lower is not None else []


def _bytes(weight: Array, high: int, factor: int = 1) -> Stored | None:
    for step in (1, 2):
        array = weight // step
        if (array * step != weight).any():
            return None
        if array.min() >= 0 and array.max() <= BYTE_HIGH:
            return Stored(array, Kind.UINT8, factor * step)
        if array.min() >= -128 and array.max() <= 127:
            wide = high > PAIR_SAFE
            return (
                Stored(array + 128, Kind.UINT8, factor * step, 128) if wide else Stored(array, Kind.INT8, factor * step)
            )
    return None


def _integer_sums(
    builder: Builder,
    node: Synapse,
    op: str,
    value: Value,
    parts: Sequence[Stored],
    dims: Sequence[int | str],
    scale: int,
    **attributes: Any,
) -> Value:
    frames = builder.cast(value, Kind.UINT8)
    totals = []
    for number, part in enumerate(parts):
        tail = "" if len(parts) == 1 else f".byte{1 - number}"
        array = part.array.T if op == "MatMulInteger" else part.array
        inputs: list[Value | None] = [frames, builder.constant(f"{node.name}.weight{tail}", array, part.kind)]
        if part.zero_point:
            inputs += [None, builder.constant(f"{node.name}.zero_point{tail}", part.zero_point, part.kind)]
        product = builder.node(op, inputs, f"{node.name}.product{tail}", Kind.INT32, dims, **attributes)
        if part.factor * scale != 1:
            factor = builder.constant(f"{node.name}.factor{tail}", part.factor * scale, Kind.INT32)
            product = builder.node("Mul", [product, factor], f"{product.name}.scaled", Kind.INT32, dims, scale=scale)
        totals.append(product)
    total = totals[0] if len(totals) == 1 else builder.like("Add", totals[0], totals[1:], f"{node.name}.bytes")
    return _with_bias(builder, node, total, scale)


def _with_bias(builder: Builder, node: Synapse, total: Value, scale: int) -> Value:
    total = Value(total.name, total.kind, total.dims, scale)
    if node.bias is None:
        return total
    across = node.bias.reshape(-1, *(1,) * (len(total.shape) - 1)) * scale
    return builder.like(
        "Add", total, [builder.constant(f"{node.name}.bias", across, total.kind)], f"{node.name}.biased"
    )


def _float_weight(builder: Builder, node: Synapse, weight: Array, scale: int) -> Value:
    stored = _bytes(weight, PAIR_SAFE) or Stored(weight, Kind.INT16)
    value = builder.constant(f"{node.name}.weight", stored.array, stored.kind)
    value = builder.cast(value, Kind.FLOAT)
    if stored.factor * scale == 1:
        return value
    factor = builder.constant(f"{node.name}.factor", stored.factor * scale, Kind.FLOAT)
    return builder.like("Mul", value, [factor], f"{node.name}.weight.scaled")


def _magnitude(graph: IntGraph, node: Synapse) -> int:
    """Largest sum of |weight x input| and |bias|, in weight steps (a factor of 64 changes no float32 rounding)."""
    reach = max(map(abs, input_range(graph, node)))
    sums = np.abs(node.weight).reshape(len(node.weight), -1).sum(1) * reach
    return int((sums if node.bias is None else sums + np.abs(node.bias)).max())


def _require_float(graph: IntGraph, node: Synapse) -> None:
    largest = _magnitude(graph, node)
    if largest > FLOAT_EXACT:
        low, high = input_range(graph, node)
        raise _refusal(node, f"its inputs are {low}..{high} and its sums may reach {largest}")


def _refusal(node: Node, reason: str) -> UnsupportedNodeError:
    hint = (
        f"Exact are inputs 0..{BYTE_HIGH}, or sums up to {FLOAT_EXACT}: put a neuron before it, or use smaller windows."
    )
    return UnsupportedNodeError(target=TARGET, node=node.name, kind=type(node).__name__, reason=reason, hint=hint)
