"""Layers of a NIR file as nodes of the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from neurodeploy.graph import Node, Ref, Shape
from neurodeploy.graph.nodes import AvgPool2d, Conv2d, Dense, Flatten, SumPool2d
from neurodeploy.graph.numeric import Array
from neurodeploy.importers.nir_wiring import Wiring
from neurodeploy.importers.refusal import refused
from neurodeploy.nirfile import FileNode
from neurodeploy.nirfile.layers import fitted, padding_of, pair

Layer = Callable[[FileNode, Wiring], tuple[Node, ...]]


def _bias(node: FileNode, size: int) -> Array | None:
    """None for zeros; the graph has no use for them."""
    if "bias" not in node.values:
        return None
    bias = np.broadcast_to(fitted(node, "bias", (size,)), (size,)).astype(np.float64)
    return bias if bias.any() else None


def _dense(node: FileNode, wiring: Wiring) -> tuple[Node, ...]:
    """One Dense, or one for each distinct delay before it."""
    weight, refs = node.array("weight").astype(np.float64), wiring.entering(node.path)
    bias, waits = _bias(node, len(weight)), wiring.waits(node.path)
    if waits is None:
        return (Dense(wiring.names[node.path], refs, weight, bias),)
    found = []
    for number, (steps, name) in enumerate(wiring.split(node.path).items()):
        late = tuple(Ref(ref.node, ref.delay + steps) for ref in refs)
        found.append(Dense(name, late, np.where(waits == steps, weight, 0.0), bias if number == 0 else None))
    return tuple(found)


def _conv2d(node: FileNode, wiring: Wiring) -> tuple[Node, ...]:
    weight = node.array("weight").astype(np.float64)
    stride, dilation = pair(node, "stride", 1), pair(node, "dilation", 1)
    padding = padding_of(node, (weight.shape[2], weight.shape[3]), stride, dilation)
    return (_conv(node, wiring, weight, stride, padding, dilation),)


def _conv1d(node: FileNode, wiring: Wiring) -> tuple[Node, ...]:
    """A line is a map of one row."""
    weight = node.array("weight").astype(np.float64)[:, :, None]
    stride, dilation = (1, node.integers("stride", 1)[0]), (1, node.integers("dilation", 1)[0])
    padding = padding_of(node, (1, weight.shape[3]), stride, dilation)
    return (_conv(node, wiring, weight, stride, (0, padding[1]), dilation),)


def _conv(
    node: FileNode,
    wiring: Wiring,
    weight: Array,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
) -> Node:
    bias, groups = _bias(node, len(weight)), node.integers("groups", 1)[0]
    name, refs = wiring.names[node.path], wiring.entering(node.path)
    return Conv2d(name, refs, weight, bias, stride, padding, dilation, groups)


def _pool(node: FileNode, wiring: Wiring) -> tuple[Node, ...]:
    """A pooling node; with zeros at the border a convolution of each channel."""
    kernel, stride, padding = pair(node, "kernel_size", 1), pair(node, "stride", 1), pair(node, "padding", 0)
    name, refs = wiring.names[node.path], wiring.entering(node.path)
    if padding == (0, 0):
        return (
            SumPool2d(name, refs, kernel, stride)
            if node.kind == "SumPool2d"
            else AvgPool2d(name, refs, kernel, stride),
        )
    channels = wiring.shape(node.path)[0]
    value = 1.0 if node.kind == "SumPool2d" else 1 / (kernel[0] * kernel[1])
    return (Conv2d(name, refs, np.full((channels, 1, *kernel), value), None, stride, padding, groups=channels),)


def _flatten(node: FileNode, wiring: Wiring) -> tuple[Node, ...]:
    shape = wiring.shape(node.path)
    if len(wiring.shape_before(node.path)) == 1:
        return ()
    if len(shape) != 1:
        reason = f"it leaves {wiring.file_shapes[node.path]}; the graph flattens maps to vectors"
        raise refused(node.path, node.kind, reason, "Flatten all dimensions.")
    return (Flatten(wiring.names[node.path], wiring.entering(node.path)),)


def _scale(node: FileNode, wiring: Wiring) -> tuple[Node, ...]:
    shape = wiring.shape(node.path)
    own = wiring.file_shapes[node.path]
    values = np.broadcast_to(fitted(node, "scale", own), own).astype(np.float64).reshape(shape)
    rows = values.reshape(shape[0], -1)
    if np.ptp(rows, axis=1).any():
        reason = "it differs within a channel; a convolution has one weight for all places"
        raise refused(node.path, node.kind, reason, "Use one factor for each channel.")
    return (to_itself(wiring.names[node.path], wiring.entering(node.path), rows[:, 0], shape),)


def to_itself(name: str, refs: tuple[Ref, ...], factors: Array, shape: Shape) -> Dense | Conv2d:
    """Synapses from each value to itself, one factor per channel or neuron."""
    if len(shape) == 1:
        return Dense(name, refs, np.diag(np.broadcast_to(factors, shape)))
    channels = np.broadcast_to(factors, shape[:1]).reshape(-1, 1, 1, 1)
    return Conv2d(name, refs, channels, groups=shape[0])


LAYERS: Final[Mapping[str, Layer]] = {
    "Affine": _dense,
    "Linear": _dense,
    "Conv1d": _conv1d,
    "Conv2d": _conv2d,
    "SumPool2d": _pool,
    "AvgPool2d": _pool,
    "Flatten": _flatten,
    "Scale": _scale,
}
"""Kind -> its nodes in the graph."""
