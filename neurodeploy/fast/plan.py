"""An integer network prepared for running: arrays for the kernels, and what can be computed in which order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import numpy as np
from numpy.typing import DTypeLike

from neurodeploy.fast.layout import NeuronArrays, SynapseArrays, inner_map, neuron_arrays, synapse_arrays
from neurodeploy.graph import Graph, IntGraph, Node, Shape, Synapse
from neurodeploy.graph.nodes import Add, Cuba, Flatten, Input, Readout, SumPool2d
from neurodeploy.graph.numeric import Array


@final
class Plan:
    """What runs of a network share.

    Args:
        integer: the network.
    """

    def __init__(self, integer: IntGraph) -> None:
        self.graph, self.bounds = integer.graph, integer.bounds
        graph = integer.graph
        self.names = [f"{n.name}{part}" for n in graph.nodes for part in ("", *(f".{state}" for state in n.states))]
        """Of all outputs and states, in order."""
        self.parts = tuple(_parts(graph))
        """Nodes in order; those between which spikes come back form one part, any other is a part of its own."""
        self.maps: dict[str, Shape | None] = {node.name: inner_map(graph, node.name) for node in graph.nodes}
        """Node -> map that it keeps with the channels innermost, see `layout.inner_map`."""
        self.synapses: dict[str, SynapseArrays] = {}
        self.neurons: dict[str, NeuronArrays] = {}
        for node in graph.nodes:
            if isinstance(node, Synapse | SumPool2d):
                self.synapses[node.name] = synapse_arrays(integer, node)
            elif isinstance(node, Cuba | Readout):
                self.neurons[node.name] = neuron_arrays(graph, node)
        self.fused = {node.name for node in graph.nodes if self._is_fused(node)}
        """Synapses whose sums may go straight into neurons, without ever being an array."""

    @property
    def is_cyclic(self) -> bool:
        """Whether any part goes step by step."""
        return any(is_cycle(part) for part in self.parts)

    def passes_on(self, node: Node) -> bool:
        """Whether a node's output is its one input as it lies."""
        if not isinstance(node, Flatten | Add) or len(node.inputs) > 1:
            return False
        ref = node.inputs[0]
        return self.graph.delay(node, ref) == 0 and self.maps[node.name] == self.maps[ref.node]

    def size(self, name: str) -> int:
        """Values of an output or state at one timestep."""
        return int(np.prod(self.graph.shapes[name.partition(".")[0]]))

    def dtype(self, name: str) -> DTypeLike:
        """Bytes for what was a spike or an input, int32 for all else."""
        if "." in name:
            return np.int32
        node = self.graph[name]
        if isinstance(node, Flatten | Add) and len(node.inputs) == 1:
            return self.dtype(node.inputs[0].node)
        return np.uint8 if isinstance(node, Input | Cuba) else np.int32

    def is_binary(self, name: str) -> bool:
        """Whether an output is kept as bytes 0 and 1."""
        return self.dtype(name) == np.uint8 and self.bounds[name] == (0, 1)

    def outer(self, name: str, values: Array) -> Array:
        """`values` (sample, time, places) with the graph's axes, (time, sample, *shape)."""
        owner = name.partition(".")[0]
        shape, behind = self.graph.shapes[owner], self.maps[owner]
        if behind is not None:
            inner = values.reshape(*values.shape[:2], *behind[1:], behind[0])
            values = np.moveaxis(inner, -1, 2)
        return np.moveaxis(values.reshape(*values.shape[:2], *shape), 0, 1)

    def inner(self, name: str, values: Array) -> Array:
        """Values (..., *shape) of an output or state as they lie here, (..., places)."""
        owner = name.partition(".")[0]
        shape, behind = self.graph.shapes[owner], self.maps[owner]
        before = values.shape[: values.ndim - len(shape)]
        if behind is not None:
            values = np.moveaxis(values.reshape(*before, *behind), -3, -1)
        return np.ascontiguousarray(values.reshape(*before, -1))

    def _is_fused(self, node: Node) -> bool:
        consumers = self.graph.consumers(node.name)
        if node.name not in self.synapses or len(consumers) != 1 or node is self.graph.output:
            return False
        target = consumers[0]
        reads = [(ref.node, ref.delay) for ref in target.inputs]
        return target.name in self.neurons and reads == [(node.name, 0)] and {(node,), (target,)} <= set(self.parts)


def is_cycle(part: tuple[Node, ...]) -> bool:
    """Whether spikes come back within `part`."""
    return len(part) > 1 or any(ref.node == part[0].name for ref in part[0].inputs)


def _parts(graph: Graph) -> Iterator[tuple[Node, ...]]:
    """Nodes in order; those between a node and a later one that it reads form one part."""
    place = {node.name: index for index, node in enumerate(graph.nodes)}
    index = 0
    while index < len(graph.nodes):
        end = scanned = index
        while scanned <= end:  # a node inside may read a later one yet
            reads = [place[ref.node] for ref in graph.nodes[scanned].inputs]
            end = max(end, *reads) if reads else end
            scanned += 1
        yield graph.nodes[index : end + 1]
        index = end + 1
