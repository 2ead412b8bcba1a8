"""The geometry shared by the pooling nodes: windows of `kernel`, every `stride`, partial windows left out."""

from __future__ import annotations

import numpy as np

from neurodeploy.graph.node import Node, Shape
from neurodeploy.graph.numeric import Array

Pair = tuple[int, int]


def check_pool(node: Node, kernel: Pair, stride: Pair) -> None:
    """Refuse kernels and strides that are not two positive integers.

    Raises:
        GraphError: naming the field.
    """
    for field, pair in (("kernel", kernel), ("stride", stride)):
        fits = len(pair) == 2 and all(type(n) is int and n >= 1 for n in pair)
        node.require(fits, f"{field} is {pair}, wanted two integers >= 1")


def pool_shape(node: Node, shape: Shape, kernel: Pair, stride: Pair) -> Shape:
    """(channel, height, width) after pooling.

    Raises:
        ShapeError: the input is no map, or is smaller than the kernel.
    """
    if len(shape) != 3 or shape[1] < kernel[0] or shape[2] < kernel[1]:
        raise node.refuse_shape(shape, f"(channel, height >= {kernel[0]}, width >= {kernel[1]})")
    return (shape[0], (shape[1] - kernel[0]) // stride[0] + 1, (shape[2] - kernel[1]) // stride[1] + 1)


def windows(value: Array, kernel: Pair, stride: Pair) -> Array:
    """(batch, channel, height, width, *kernel): what each output sees of `value` (batch, channel, rows, columns)."""
    view = np.lib.stride_tricks.sliding_window_view(value, kernel, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1]]


def coverage(shape: Shape, out: Shape, kernel: Pair, stride: Pair) -> Array:
    """How many windows cover each input position; shape (channel, height, width)."""
    counts = np.zeros(shape, np.int64)
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            rows = slice(row, row + stride[0] * (out[1] - 1) + 1, stride[0])
            counts[:, rows, slice(column, column + stride[1] * (out[2] - 1) + 1, stride[1])] += 1
    return counts
