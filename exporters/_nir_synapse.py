"""Stateless nodes as NIR writes them, in the form that every reader understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import nir
import numpy as np

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph import Node, Shape
from neurodeploy.graph.nodes import Conv2d, Dense, Flatten, Input, SumPool2d
from neurodeploy.graph.numeric import Array

TARGET = "nir"

Written = Callable[[Any, Shape, Array | None], nir.NIRNode]
"""(node, input shape, bias) to NIR node; Any because each takes its own kind of node."""


def refused(node: Node, reason: str, hint: str) -> UnsupportedNodeError:
    """The error for a node that has no form in NIR."""
    return UnsupportedNodeError(target=TARGET, node=node.name, kind=type(node).__name__, reason=reason, hint=hint)


def _input(node: Input, shape: Shape, bias: Array | None) -> nir.NIRNode:
    return nir.Input(np.array(node.shape))


def _dense(node: Dense, shape: Shape, bias: Array | None) -> nir.NIRNode:
    """Affine with a zero bias rather than Linear, which more readers lack."""
    return nir.Affine(node.weight.astype(np.float32), _or_zeros(bias, len(node.weight)))


def _conv2d(node: Conv2d, shape: Shape, bias: Array | None) -> nir.NIRNode:
    node = squared(ungrouped(node))
    return nir.Conv2d(
        input_shape=np.array(shape[1:]),
        weight=node.weight.astype(np.float32),
        stride=np.array(node.stride),
        padding=np.array(node.padding),
        dilation=np.array(node.dilation),
        groups=1,
        bias=_or_zeros(bias, len(node.weight)),
    )


def _or_zeros(bias: Array | None, size: int) -> Array:
    return np.zeros(size, np.float32) if bias is None else bias.astype(np.float32)


def ungrouped(node: Conv2d) -> Conv2d:
    """The same sums with one group: zeros between the groups. nir 1.0.8 cannot read a file with more than one."""
    outs, ins = len(node.weight) // node.groups, node.weight.shape[1]
    weight = np.zeros((len(node.weight), ins * node.groups, *node.weight.shape[2:]), node.weight.dtype)
    for group in range(node.groups):
        out = slice(group * outs, (group + 1) * outs)
        weight[out, group * ins : (group + 1) * ins] = node.weight[out]
    return Conv2d(node.name, node.inputs, weight, node.bias, node.stride, node.padding, node.dilation)


def squared(node: Conv2d) -> Conv2d:
    """The same sums with a square kernel: zeros around it, and as much more padding.

    nir 1.0.8 works out the width of a map from the height of the kernel, and refuses to read what does not fit.

    Raises:
        UnsupportedNodeError: height and width differ by an odd number, so zeros cannot lie evenly around it.
    """
    kernel = node.weight.shape[2:]
    more = [max(kernel) - size for size in kernel]
    if any(number % 2 for number in more):
        reason = f"its kernel is {kernel[0]}x{kernel[1]}; nir 1.0.8 reads maps of square kernels only"
        raise refused(node, reason, "Use a square kernel, or one whose sides are both even or both odd.")
    sides = [number // 2 for number in more]
    weight = np.pad(node.weight, ((0, 0), (0, 0), *((side, side) for side in sides)))
    height, width = (p + d * side for p, d, side in zip(node.padding, node.dilation, sides, strict=True))
    return Conv2d(node.name, node.inputs, weight, node.bias, node.stride, (height, width), node.dilation)


def _sum_pool2d(node: SumPool2d, shape: Shape, bias: Array | None) -> nir.NIRNode:
    return nir.SumPool2d(np.array(node.kernel), np.array(node.stride), np.array((0, 0)))


def _flatten(node: Flatten, shape: Shape, bias: Array | None) -> nir.NIRNode:
    """Dimensions counted from the end: snnTorch 1.0.0 and Norse 1.1.0 would count the batch as the first one."""
    return nir.Flatten(np.array(shape), start_dim=-len(shape), end_dim=-1)


WRITTEN: Final[Mapping[type[Node], Written]] = {
    Input: _input,
    Dense: _dense,
    Conv2d: _conv2d,
    SumPool2d: _sum_pool2d,
    Flatten: _flatten,
}
