"""Arrays as the kernels want them: channels innermost, weights by input, all int32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.graph import Graph, IntGraph, Node, Shape, Synapse
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Readout, Reset
from neurodeploy.graph.numeric import DECAY_ONE, FRACTION_BITS, Array

NEVER = np.int32(2**31 - 1)
"""A threshold that no voltage exceeds."""

Numbers = tuple[np.int32, np.int32, np.int32, bool]
"""keep_current, keep_voltage (in 1/4096), threshold (in membrane steps), whether the reset is to zero."""


Places = tuple[Array, Array, Array, Array]
"""Where the values of a map meet a convolution.

Of each value: row, column, channel, and the first output channel of its group; the runs of rows and of columns, see
`_runs`; and the width of the output, output channels, those of a group, kernel height and width.
"""


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
        weight: (in, out) or (in, kernel height, kernel width, out / groups), flat.
        offset: (out neurons,) added to every sum; int16 like the weights where no sum leaves 16 bits, else int32.
        binary: whether the values that arrive are 0 or 1.
        places: of a convolution; None for dense synapses.
    """

    weight: Array
    offset: Array
    binary: bool
    places: Places | None


def synapse_arrays(integer: IntGraph, node: Synapse) -> SynapseArrays:
    """`node` for the kernels."""
    graph, dtype = integer.graph, _sum_type(integer, node)
    shape = inner_shape(graph.shapes[node.name])
    binary = _arriving(integer, node) == (0, 1)
    bias = np.zeros(len(node.weight), np.int64) if node.bias is None else node.bias
    offset = np.broadcast_to(bias, shape).reshape(-1).astype(dtype)
    if isinstance(node, Conv2d):
        return SynapseArrays(_flat_weight(_by_input(node), dtype), offset, binary, _places(graph, node))
    behind = map_behind(graph, node.inputs[0].node)
    weight = node.weight
    if behind is not None:
        weight = np.moveaxis(weight.reshape(-1, *behind), 1, -1).reshape(len(weight), -1)
    return SynapseArrays(_flat_weight(weight.T, dtype), offset, binary, None)


def _arriving(integer: IntGraph, node: Synapse) -> tuple[int, int]:
    """Least and greatest value that reaches `node`."""
    bounds = [integer.bounds[ref.node] for ref in node.inputs]
    return sum(low for low, _ in bounds), sum(high for _, high in bounds)


def _sum_type(integer: IntGraph, node: Synapse) -> type[np.int16] | type[np.int32]:
    """int16, twice as many numbers per vector, if no sum leaves it whatever part of the inputs is added so far."""
    lows, highs = node.bounds(*_arriving(integer, node))
    bias = 0 if node.bias is None else node.bias
    reach = max(np.abs(part).max() for part in (lows, highs, lows - bias, highs - bias))
    return np.int16 if reach < 1 << 15 else np.int32


def _flat_weight(weight: Array, dtype: type[np.int16] | type[np.int32]) -> Array:
    return np.ascontiguousarray(weight.astype(dtype)).reshape(-1)


def _by_input(node: Conv2d) -> Array:
    """(in, kernel height, kernel width, out / groups): for each input channel, the kernels of its group.

    Columns stand in the order of `_tap_order`, so that those which one input meets lie side by side.
    """
    out, inside, *kernel = node.weight.shape
    grouped = node.weight.reshape(node.groups, out // node.groups, inside, *kernel)
    kernels = np.moveaxis(grouped, 1, -1).reshape(node.groups * inside, *kernel, out // node.groups)
    return kernels[:, :, _tap_order(node)]


def _tap_order(node: Conv2d) -> list[int]:
    """Kernel columns: those that fall on the same outputs together, the last first, as outputs then go up."""
    stride, dilation = node.stride[1], node.dilation[1]
    return sorted(range(node.weight.shape[3]), key=lambda tap: (tap * dilation % stride, -tap))


def _places(graph: Graph, node: Conv2d) -> Places:
    (channels, height, width), out = graph.input_shape(node), len(node.weight)
    share = out // node.groups
    y, x, channel = (axis.reshape(-1) for axis in np.indices((height, width, channels)))
    first = channel // (channels // node.groups) * share
    sizes = (graph.shapes[node.name][2], out, share, *node.weight.shape[2:])
    coordinates = np.stack([y, x, channel, first], axis=1).astype(np.int32)
    order = {tap: place for place, tap in enumerate(_tap_order(node))}
    rows = _runs(graph, node, 0, {tap: tap for tap in range(node.weight.shape[2])}, is_joined=False)
    return coordinates, rows, _runs(graph, node, 1, order, is_joined=node.groups == 1), np.array(sizes, np.int64)


def _runs(graph: Graph, node: Conv2d, axis: int, order: dict[int, int], is_joined: bool) -> Array:
    """For each input row (column): how many runs, then of each its place in the kernel, first output and length."""
    size, outputs = graph.input_shape(node)[1 + axis], graph.shapes[node.name][1 + axis]
    found = np.zeros((size, 1 + 3 * len(order)), np.int64)
    for place in range(size):
        runs: list[list[int]] = []
        for tap in sorted(order, reverse=True):  # outputs go up
            output, rest = divmod(place + node.padding[axis] - node.dilation[axis] * tap, node.stride[axis])
            if rest or not 0 <= output < outputs:
                continue
            if is_joined and runs and [order[tap], output] == [runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]]:
                runs[-1][2] += 1
            else:
                runs.append([order[tap], output, 1])
        found[place, : 1 + 3 * len(runs)] = [len(runs), *(number for run in runs for number in run)]
    return found


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
    keep_current, keep_voltage = np.int32(DECAY_ONE - node.current_decay), np.int32(DECAY_ONE - node.voltage_decay)
    threshold = np.int32(int(node.threshold) << FRACTION_BITS)
    spread = np.broadcast_to(bias, inner_shape(shape)).reshape(-1).astype(np.int32)
    return NeuronArrays(spread, (keep_current, keep_voltage, threshold, node.reset is Reset.ZERO), fires=True)
