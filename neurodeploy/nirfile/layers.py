"""What the nodes without a memory compute, as nir's documentation writes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from neurodeploy.graph.numeric import Array
from neurodeploy.nirfile.network import FileNode

REAL = np.dtype(np.float32)
"""What every reader computes in."""

Pair = tuple[int, int]


def real(values: Array) -> Array:
    """`values` in the interpreter's numbers."""
    return np.asarray(values).astype(REAL)


def fitted(node: FileNode, field: str, shape: tuple[int, ...], default: float | None = None) -> Array:
    """A field's numbers, one for each value of `shape` or fewer that repeat.

    Raises:
        ArtefactError: they do not fit the shape.
    """
    values = node.array(field, default)
    try:
        fits = np.broadcast_shapes(values.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise node.error(f"{field} has shape {values.shape}, what enters has {shape}")
    return values


def pair(node: FileNode, field: str, low: int, default: int | None = None) -> Pair:
    """Two whole numbers, or one that stands for both."""
    values = node.integers(field, low, default)
    if len(values) > 2:
        raise node.error(f"{field} is {values}, wanted one number or two")
    return values[0], values[-1]


def padding_of(node: FileNode, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
    """Rows and columns of zeros on each side, also for the words "same" and "valid"."""
    word = node.values.get("padding")
    if not isinstance(word, str):
        return pair(node, "padding", 0)
    if word == "valid":
        return 0, 0
    if word != "same":
        raise node.error(f"padding is '{word}', allowed: numbers, same, valid")
    total = [step * (size - 1) for step, size in zip(dilation, kernel, strict=True)]
    if stride != (1, 1) or any(number % 2 for number in total):
        raise node.error(f"padding 'same' with kernel {kernel} and stride {stride} is not the same on both sides")
    return total[0] // 2, total[1] // 2


def _identity(node: FileNode, value: Array) -> Array:
    return value


def _linear(node: FileNode, value: Array) -> Array:
    weight = node.array("weight")
    if weight.ndim != 2 or value.shape[1:] != weight.shape[1:]:
        raise node.error(f"weight has shape {weight.shape}, what enters has {value.shape[1:]}")
    total = value @ real(weight).T
    return total + real(fitted(node, "bias", total.shape[1:], 0.0))


def _scale(node: FileNode, value: Array) -> Array:
    return value * real(fitted(node, "scale", value.shape[1:]))


def _threshold(node: FileNode, value: Array) -> Array:
    return real(value > real(fitted(node, "threshold", value.shape[1:])))


def _conv2d(node: FileNode, value: Array) -> Array:
    weight = real(node.array("weight"))
    if weight.ndim != 4 or value.ndim != 4:
        raise node.error(f"weight has shape {weight.shape}, what enters has {value.shape[1:]}; wanted a map")
    return _convolved(node, value, weight, pair(node, "stride", 1), pair(node, "dilation", 1))


def _conv1d(node: FileNode, value: Array) -> Array:
    """As a map of one row."""
    weight = real(node.array("weight"))
    if weight.ndim != 3 or value.ndim != 3:
        raise node.error(f"weight has shape {weight.shape}, what enters has {value.shape[1:]}; wanted a line")
    stride, dilation = node.integers("stride", 1)[0], node.integers("dilation", 1)[0]
    total = _convolved(node, value[:, :, None], weight[:, :, None], (1, stride), (1, dilation))
    return total[:, :, 0]


def _convolved(node: FileNode, value: Array, weight: Array, stride: Pair, dilation: Pair) -> Array:
    kernel, groups = (weight.shape[2], weight.shape[3]), node.integers("groups", 1)[0]
    if value.shape[1] != weight.shape[1] * groups or len(weight) % groups:
        raise node.error(f"{groups} groups of {weight.shape[1]} channels, what enters has {value.shape[1]}")
    padding = padding_of(node, kernel, stride, dilation)
    padding = (0, padding[1]) if node.kind == "Conv1d" else padding
    views = _windows(node, value, kernel, stride, padding, dilation)
    parts = [
        np.tensordot(view, own, ((1, 4, 5), (1, 2, 3)))
        for view, own in zip(np.split(views, groups, axis=1), np.split(weight, groups), strict=True)
    ]
    total = np.moveaxis(np.concatenate(parts, axis=3), 3, 1)
    return total + real(fitted(node, "bias", (len(weight),), 0.0)).reshape(-1, 1, 1)


def _windows(node: FileNode, value: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Array:
    """(batch, channel, height, width, *kernel): what each output sees."""
    (ph, pw), reach = padding, tuple(d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True))
    padded = np.pad(value, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    if padded.shape[2] < reach[0] or padded.shape[3] < reach[1]:
        raise node.error(f"a kernel that reaches over {reach} does not fit into {value.shape[1:]}")
    view = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def _sum_pool(node: FileNode, value: Array) -> Array:
    if value.ndim != 4:
        raise node.error(f"what enters has shape {value.shape[1:]}, wanted a map")
    kernel, stride = pair(node, "kernel_size", 1), pair(node, "stride", 1)
    return np.asarray(_windows(node, value, kernel, stride, pair(node, "padding", 0), (1, 1)).sum((4, 5), dtype=REAL))


def _avg_pool(node: FileNode, value: Array) -> Array:
    """Zeros at the border count, as in torch."""
    return _sum_pool(node, value) / REAL.type(math.prod(pair(node, "kernel_size", 1)))


def _flatten(node: FileNode, value: Array) -> Array:
    """Dimensions are counted without the batch."""
    shape, ends = value.shape[1:], []
    for field in ("start_dim", "end_dim"):
        place = int(node.integers(field, -len(shape))[0])
        ends.append(place + len(shape) if place < 0 else place)
    first, last = ends
    if not first <= last < len(shape):
        raise node.error(f"start_dim {first} and end_dim {last} do not fit what enters, {shape}")
    return value.reshape(len(value), *shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :])


LAYERS: Final[Mapping[str, Callable[[FileNode, Array], Array]]] = {
    "Input": _identity,
    "Output": _identity,
    "Identity": _identity,
    "Affine": _linear,
    "Linear": _linear,
    "Scale": _scale,
    "Threshold": _threshold,
    "Conv1d": _conv1d,
    "Conv2d": _conv2d,
    "SumPool2d": _sum_pool,
    "AvgPool2d": _avg_pool,
    "Flatten": _flatten,
}
"""Kind -> its output (batch, *shape) from its summed input (batch, *shape)."""
