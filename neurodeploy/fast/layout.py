"""Arrays as the kernels want them: channels innermost, weights by input, all int32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.graph import Graph, Node, Shape, Synapse
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Readout, Reset
from neurodeploy.graph.numeric import DECAY_ONE, FRACTION_BITS, Array

NEVER = np.int32(2**31 - 1)
"""A threshold that no voltage exceeds."""

Numbers = tuple[np.int32, np.int32, np.int32, bool]
"""keep_current, keep_voltage (in 1/4096), threshold (in membrane steps), whether the reset is to zero."""


def inner_shape(shape: Shape) -> Shape:
    """`shape` with the channels last."""
    return (*shape[1:], shape[0]) if len(shape) == 3 else shape


def inner(values: Array, shape: Shape) -> Array:
    """(time, batch, *shape) with the channels last, contiguous."""
    return np.ascontiguousarray(np.moveaxis(values, 2, -1) if len(shape) == 3 else values)


def outer(values: Array, shape: Shape) -> Array:
    """A view of channels-last `values` with the graph's own axes, (time, batch, *shape)."""
    if len(shape) == 3:
        return np.moveaxis(values.reshape(*values.shape[:2], *inner_shape(shape)), -1, 2)
    return values.reshape(*values.shape[:2], *shape)


def map_behind(graph: Graph, name: str) -> Shape | None:
    """Shape of the map whose values the Flatten `name` passes on as they lie, channels last.

    None for other nodes, and where something else than one dense layer at a time reads the values: then they take the
    order of the graph.
    """
    node = graph[name]
    readers = graph.consumers(name)
    if not isinstance(node, Flatten) or len(graph.input_shape(node)) != 3:
        return None
    return graph.input_shape(node) if readers and all(_reads_alone(reader) for reader in readers) else None


def _reads_alone(reader: Node) -> bool:
    return isinstance(reader, Dense) and len(reader.inputs) == 1


@final
@dataclass(frozen=True, eq=False)
class SynapseArrays:
    """A synapse for the kernels.

    Args:
        weight: (in, out) or (in, kernel height, kernel width, out / groups), flat, int32.
        offset: (out neurons,) added to every sum.
        places: of a convolution, as `kernels._add_conv` wants them; None for dense synapses.
    """

    weight: Array
    offset: Array
    places: tuple[Array, Array, Array] | None


def synapse_arrays(graph: Graph, node: Synapse) -> SynapseArrays:
    """`node` for the kernels."""
    shape = inner_shape(graph.shapes[node.name])
    bias = np.zeros(len(node.weight), np.int64) if node.bias is None else node.bias
    offset = np.broadcast_to(bias, shape).reshape(-1).astype(np.int32)
    if isinstance(node, Conv2d):
        ins, out = graph.input_shape(node)[0], len(node.weight)
        sizes = np.array([ins, ins // node.groups, shape[1], out, out // node.groups], np.int64)
        places = (_places(graph, node, 0), _places(graph, node, 1), sizes)
        return SynapseArrays(_flat_weight(_by_input(node)), offset, places)
    behind = map_behind(graph, node.inputs[0].node)
    weight = node.weight
    if behind is not None:
        weight = np.moveaxis(weight.reshape(-1, *behind), 1, -1).reshape(len(weight), -1)
    return SynapseArrays(_flat_weight(weight.T), offset, None)


def _flat_weight(weight: Array) -> Array:
    return np.ascontiguousarray(weight.astype(np.int32)).reshape(-1)


def _by_input(node: Conv2d) -> Array:
    """(in, kernel height, kernel width, out / groups): for each input channel, the kernels of its group."""
    out, inside, *kernel = node.weight.shape
    grouped = node.weight.reshape(node.groups, out // node.groups, inside, *kernel)
    return np.moveaxis(grouped, 1, -1).reshape(node.groups * inside, *kernel, out // node.groups)


def _places(graph: Graph, node: Conv2d, axis: int) -> Array:
    """(input size, kernel size): where an input meets each tap on the output, -1 where nowhere."""
    size, kernel = graph.input_shape(node)[1 + axis], node.weight.shape[2 + axis]
    found = np.arange(size)[:, None] + node.padding[axis] - node.dilation[axis] * np.arange(kernel)
    outside = (found < 0) | (found % node.stride[axis] != 0)
    found = found // node.stride[axis]
    outside |= found >= graph.shapes[node.name][1 + axis]
    return np.where(outside, -1, found).astype(np.int32)


@final
@dataclass(frozen=True, eq=False)
class NeuronArrays:
    """Neurons for the kernels.

    Args:
        bias: (neurons,) in membrane steps, channels last.
        fires: whether the output is spikes; otherwise it is the voltage.
    """

    bias: Array
    numbers: Numbers
    fires: bool


def neuron_arrays(graph: Graph, node: Cuba | Readout) -> NeuronArrays:
    """`node` for the kernels; a Readout forgets no current, keeps no voltage and never fires."""
    shape = graph.shapes[node.name]
    if isinstance(node, Readout):
        numbers = (np.int32(DECAY_ONE), np.int32(0), NEVER, True)
        return NeuronArrays(np.zeros(np.prod(shape), np.int32), numbers, fires=False)
    bias = np.zeros(shape[0], np.int64) if node.bias is None else node.bias << FRACTION_BITS
    keep = (np.int32(DECAY_ONE - decay) for decay in (node.current_decay, node.voltage_decay))
    threshold = np.int32(node.threshold << FRACTION_BITS)
    spread = np.broadcast_to(bias, inner_shape(shape)).reshape(-1).astype(np.int32)
    return NeuronArrays(spread, (*keep, threshold, node.reset is Reset.ZERO), fires=True)
