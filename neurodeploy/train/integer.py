"""An IntGraph run in torch: the same integers as the reference simulator, all timesteps of a node at once.

Sums use float32 where the weights prove that every partial sum stays below 2**24, and float64 otherwise, so all are
exact. Only CPU uses float32: other devices may multiply with fewer bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from neurodeploy.graph import Graph, IntGraph, Node, Ref, Synapse, Trace
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset, SumPool2d
from neurodeploy.graph.numeric import DECAY_ONE, Array
from neurodeploy.graph.simulate import check_frames
from neurodeploy.train.neurons.cells import Cell, IntegerStates, integer_states
from neurodeploy.train.neurons.surrogate import Triangle
from neurodeploy.train.stage import unfold

EXACT = 1 << 24
"""Below this, every integer has a float32."""


def run_integer(graph: IntGraph, frames: Array, device: str = "cpu", states: bool = True) -> Trace:
    """Every output and, unless `states` is False, every state; equal to `simulate(graph, frames)` bit for bit.

    Args:
        frames: (time, batch, *input shape), integers 0..input.high.
        device: where to compute.
    Raises:
        DataError: the frames do not fit the graph's input.
    """
    check_frames(graph.graph, frames)
    run = _Run(graph, torch.from_numpy(np.ascontiguousarray(frames)).to(device))
    # A recurrent graph goes step by step, any other takes each node once for all timesteps.
    steps = 1 if is_recurrent(graph.graph) else len(frames)
    with torch.no_grad():
        for start in range(0, len(frames), steps):
            run.advance(start, steps)
    wanted = [name for name in run.values if states or "." not in name]
    return Trace({name: run.values[name].cpu().numpy().astype(np.int64) for name in wanted})


def is_recurrent(graph: Graph) -> bool:
    """Whether any node reads itself or a later node."""
    place = {node.name: index for index, node in enumerate(graph.nodes)}
    return any(place[ref.node] >= place[node.name] for node in graph.nodes for ref in node.inputs)


@final
class _Run:
    """Values computed so far: node name, or `name.current` and `name.voltage`, to (time, batch, *shape)."""

    def __init__(self, graph: IntGraph, frames: Tensor) -> None:
        self.graph, self.frames = graph, frames
        self.values: dict[str, Tensor] = {}

    def advance(self, start: int, steps: int) -> None:
        """Compute the timesteps from `start` of all nodes."""
        for node in self.graph.graph.nodes:
            if isinstance(node, Input):
                found = {node.name: self.frames[start : start + steps]}
            elif isinstance(node, Cuba | Readout):
                found = self._neuron(node, self._arriving(node, start, steps))
            else:
                found = {node.name: _OPERATIONS[type(node)](node, self._arriving(node, start, steps), self.graph)}
            for name, new in found.items():
                self.values[name] = torch.cat([self.values[name], new]) if start else new

    def _arriving(self, node: Node, start: int, steps: int) -> Tensor:
        """The sum of what reaches `node`."""
        first, *others = (self._delayed(node, ref, start, steps) for ref in node.inputs)
        for other in others:
            first = first.double() + other.double()
        return first

    def _delayed(self, node: Node, ref: Ref, start: int, steps: int) -> Tensor:
        """What `node` sees of one source; zeros from before the first timestep."""
        first = start - self.graph.graph.delay(node, ref)
        last = max(first + steps, 0)
        missing = min(max(-first, 0), steps)
        shape = (missing, self.frames.shape[1], *self.graph.graph.shapes[ref.node])
        early = torch.zeros(shape, device=self.frames.device)
        return torch.cat([early, self.values[ref.node][max(first, 0) : last]]) if last else early

    def _neuron(self, node: Cuba | Readout, value: Tensor) -> dict[str, Tensor]:
        before = self._before(node)
        if isinstance(node, Cuba):
            bias = None if node.bias is None else torch.from_numpy(np.array(node.bias)).to(value.device)
            cell = Cell(node.current_decay, node.voltage_decay, 0.0, node.reset, Triangle(1.0))
            states = integer_states(value, cell, bias, int(node.threshold), before)
            output = states.spikes
        else:
            # A Readout forgets no current, keeps no voltage and never fires; its output is the voltage.
            cell = Cell(0, DECAY_ONE, 0.0, Reset.ZERO, Triangle(1.0))
            states = integer_states(value, cell, None, EXACT, before)
            output = states.voltage
        return {node.name: output, f"{node.name}.current": states.current, f"{node.name}.voltage": states.remains}

    def _before(self, node: Node) -> IntegerStates | None:
        """The state after the last computed timestep; None before the first."""
        if node.name not in self.values:
            return None
        current, voltage = (self.values[f"{node.name}.{state}"][-1:] for state in ("current", "voltage"))
        return IntegerStates(self.values[node.name][-1:], current, voltage, voltage)


def _sum(node: Synapse, value: Tensor, graph: IntGraph) -> Tensor:
    """weight x + bias of a Dense or Conv2d."""
    exact = value.device.type == "cpu" and _largest_sum(node, graph) < EXACT
    dtype = torch.float32 if exact else torch.float64
    weight = torch.from_numpy(np.array(node.weight)).to(value.device, dtype)
    folded = value.flatten(0, 1).to(dtype)
    if isinstance(node, Conv2d):
        total = F.conv2d(folded, weight, None, node.stride, node.padding, node.dilation, node.groups)
    else:
        total = F.linear(folded, weight)
    total = total.round_()
    if node.bias is not None:
        bias = torch.from_numpy(np.array(node.bias)).to(value.device, torch.float64)
        total = total.double() + bias.reshape(-1, *(1,) * (total.ndim - 2))
    return unfold(total, value)


def _largest_sum(node: Synapse, graph: IntGraph) -> int:
    """No partial sum of the node's products, in whatever order, is larger; nor is any of its inputs."""
    low, high = graph.input_bounds(node)
    most = max(-low, high)
    return most * max(1, int(np.abs(node.weight).reshape(len(node.weight), -1).sum(1).max()))


def _pooled(node: SumPool2d, value: Tensor, graph: IntGraph) -> Tensor:
    folded = value.flatten(0, 1).double()
    total = F.avg_pool2d(folded, node.kernel, node.stride, divisor_override=1).round_()
    return unfold(total, value)


def _flat(node: Flatten, value: Tensor, graph: IntGraph) -> Tensor:
    return value.flatten(2)


def _same(node: Node, value: Tensor, graph: IntGraph) -> Tensor:
    return value


_OPERATIONS: Final[Mapping[type[Node], Callable[[Any, Tensor, IntGraph], Tensor]]] = {
    Add: _same,
    Flatten: _flat,
    SumPool2d: _pooled,
    Dense: _sum,
    Conv2d: _sum,
}
