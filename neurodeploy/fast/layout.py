"""An integer network as the kernels want it: where values lie, which weights they meet, and the neurons' numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import DTypeLike

from neurodeploy.graph import Graph, IntGraph, Node, Shape, Synapse
from neurodeploy.graph.nodes import Conv2d, Cuba, Flatten, Input, Readout, Reset, SumPool2d
from neurodeploy.graph.numeric import DECAY_ONE, FRACTION_BITS, Array

NEVER = np.int32(2**31 - 1)
"""A threshold that no voltage exceeds."""

NOWHERE = 2**32 - 1
"""The place of no sum."""

Numbers = tuple[np.int32, np.int32, np.int32, bool]
"""keep_current, keep_voltage (in 1/4096), threshold (in membrane steps), whether the reset is to zero."""


def inner_map(graph: Graph, name: str) -> Shape | None:
    """The map (channel, height, width) whose values `name` keeps with the channels innermost; None: the graph's order.

    Maps do, so that a kernel adds to neighbours. Synapses may read any order: an Input that only they read stays as it
    comes, and a Flatten that only they read passes its map on as it lies.
    """
    node, shape = graph[name], graph.shapes[name]
    free = all(_takes_any_order(reader) for reader in graph.consumers(name))
    if isinstance(node, Flatten):
        return inner_map(graph, node.inputs[0].node) if free else None
    return None if len(shape) != 3 or (isinstance(node, Input) and free) else shape


def _takes_any_order(reader: Node) -> bool:
    return len(reader.inputs) == 1 and isinstance(reader, Synapse | SumPool2d | Flatten)


def flat_order(shape: Shape, channels_inside: bool) -> Array:
    """Place in the graph's order of each value as it lies."""
    order = np.arange(np.prod(shape))
    return np.moveaxis(order.reshape(shape), 0, -1).reshape(-1) if channels_inside else order


def spread(values: Array | None, shape: Shape) -> Array:
    """One value per channel or neuron as one per place, channels innermost, int32; zeros for None."""
    inner = (*shape[1:], shape[0])
    return np.broadcast_to(0 if values is None else values, inner).reshape(-1).astype(np.int32)


@final
@dataclass(frozen=True, eq=False)
class SynapseArrays:
    """Synapses, or the sums of a pool, for the kernels.

    Args:
        table: (places + 1, 2), uint32: first weight and first sum that a value meets; the last row is no value's.
        blocks: rows and columns of blocks, length, and the steps between them: see `kernels._add_block`.
        weight: flat, int16.
        offset: added to every sum, with the margin of a map; of the type in which sums are kept.
        window: where the sums without margin are: begin, steps between rows, rows, length of a row.
    """

    table: Array
    blocks: tuple[np.uint64, ...]
    weight: Array
    offset: Array
    window: tuple[np.uint64, ...]

    @property
    def arguments(self) -> tuple[object, ...]:
        """As the kernels take them."""
        return self.table, self.blocks, self.weight, self.offset, self.window


def synapse_arrays(integer: IntGraph, node: Synapse | SumPool2d) -> SynapseArrays:
    """`node` for the kernels."""
    graph = integer.graph
    shape, out = graph.input_shape(node), graph.shapes[node.name]
    behind = inner_map(graph, node.inputs[0].node)
    order = flat_order(behind or shape, behind is not None)
    low, high = integer.bounds[node.name]
    dtype = np.int16 if max(-low, high) < 1 << 15 else np.int32  # twice as many to a vector; on the way sums may wrap
    if isinstance(node, SumPool2d):
        ones = np.ones((shape[0], 1, *node.kernel), np.int64)
        return _conv(Conv2d(node.name, node.inputs, ones, None, node.stride, groups=shape[0]), shape, out, order, dtype)
    if isinstance(node, Conv2d):
        return _conv(node, shape, out, order, dtype)
    size = len(node.weight)
    table = _table(order * size, np.zeros_like(order))
    one_block = _unsigned(1, 1, size, 0, 0, 0, 0)
    offset = spread(node.bias, out).astype(dtype)
    return SynapseArrays(table, one_block, _flat(node.weight.T), offset, _unsigned(0, 0, 1, size))


def _flat(weight: Array) -> Array:
    return np.ascontiguousarray(weight.astype(np.int16)).reshape(-1)


def _table(weights: Array, sums: Array) -> Array:
    return np.stack([np.append(weights, 0), np.append(sums, NOWHERE)], 1).astype(np.uint32)


def _unsigned(*numbers: int) -> tuple[np.uint64, ...]:
    return tuple(np.uint64(number) for number in numbers)


def _conv(node: Conv2d, shape: Shape, out: Shape, order: Array, dtype: DTypeLike) -> SynapseArrays:
    """A convolution: weights (in, phase y, phase x, rows, columns, out / groups), sums with a margin.

    Under a stride an input meets every stride-th tap of the kernel; which ones, is its phase. They lie together in the
    order of the outputs they lead to, so that a row of them is one block, unless groups leave gaps between the outputs.
    Kernels get zeros and maps a margin so that all inputs meet equally many.
    """
    channel, y, x = np.unravel_index(order, shape)
    rows, columns = (_Axis.of(node, axis, shape, out) for axis in (0, 1))
    inside, share = node.weight.shape[1], len(node.weight) // node.groups
    grouped = node.weight.reshape(node.groups, share, inside, *node.weight.shape[2:])
    weight = np.moveaxis(grouped, 1, -1).reshape(shape[0], *node.weight.shape[2:], share)
    weight = columns.sorted(rows.sorted(weight, 1), 3)
    weight = np.moveaxis(weight, 3, 2)
    kind = (channel * rows.phases + rows.phase[y]) * columns.phases + columns.phase[x]
    size = rows.taps * columns.taps * share
    target = (rows.first[y] * columns.length + columns.first[x]) * out[0] + channel // inside * share
    apart = columns.length * out[0]
    blocks, length = (1, columns.taps * share) if node.groups == 1 else (columns.taps, share)
    table = _table(kind * size, target)
    offset = np.zeros((rows.length, columns.length, out[0]), dtype)
    offset[:] = 0 if node.bias is None else node.bias
    begin = (rows.margin * columns.length + columns.margin) * out[0]
    return SynapseArrays(
        table,
        _unsigned(rows.taps, blocks, length, columns.taps * share, apart, share, out[0]),
        _flat(weight),
        offset.reshape(-1),
        _unsigned(begin, apart, out[1], out[2] * out[0]),
    )


@final
@dataclass(frozen=True, eq=False)
class _Axis:
    """One axis of a convolution: taps met by every input, phases, length of the sums with margin, margin before them.

    phase, first: of each input, its phase and the first sum it leads to.
    """

    taps: int
    phases: int
    length: int
    margin: int
    phase: Array
    first: Array
    dilation: int

    @classmethod
    def of(cls, node: Conv2d, axis: int, shape: Shape, out: Shape) -> _Axis:
        stride, dilation = node.stride[axis], node.dilation[axis]
        reach = dilation * (node.weight.shape[2 + axis] - 1) + 1
        taps = -(-reach // stride)
        padded = np.arange(shape[1 + axis]) + node.padding[axis]
        first = padded // stride - taps + 1
        margin = max(0, -int(first.min()))
        length = margin + max(out[1 + axis], int(first.max()) + taps)
        return cls(taps, stride, length, margin, padded % stride, first + margin, dilation)

    def sorted(self, weight: Array, axis: int) -> Array:
        """`weight` with its axis of taps made two: phase, and the taps of that phase, last one first."""
        moved = np.moveaxis(weight, axis, 0)
        wide = np.zeros((self.taps * self.phases, *moved.shape[1:]), weight.dtype)
        wide[: self.dilation * (len(moved) - 1) + 1 : self.dilation] = moved
        split = wide.reshape(self.taps, self.phases, *moved.shape[1:])[::-1]
        return np.moveaxis(split, (1, 0), (axis, axis + 1))


@final
@dataclass(frozen=True, eq=False)
class NeuronArrays:
    """Neurons for the kernels.

    Args:
        bias: (neurons,) in membrane steps, channels innermost.
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
        return NeuronArrays(spread(None, shape), numbers, fires=False)
    bias = None if node.bias is None else node.bias << FRACTION_BITS
    current, voltage = (np.int32(DECAY_ONE - decay) for decay in (node.current_decay, node.voltage_decay))
    numbers = (current, voltage, np.int32(int(node.threshold) << FRACTION_BITS), node.reset is Reset.ZERO)
    return NeuronArrays(spread(bias, shape), numbers, fires=True)
