"""What is known of a graph's work before anything runs: weights met at each place, widths, sizes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

from neurodeploy.energy.connection import part_of
from neurodeploy.errors import GraphError
from neurodeploy.graph import Graph, IntGraph, Node
from neurodeploy.graph.node import FanOut, Synapse
from neurodeploy.graph.nodes import AvgPool2d, Dense, SumPool2d
from neurodeploy.graph.widths import weight_bits


@final
@dataclass(frozen=True, eq=False)
class SynapseFacts:
    """Weights of one synapse node.

    Args:
        fan: weights met by each input value; stored ones are those of the connection that the node is a part of.
        macs: products of one step if nothing were sparse, padding included.
        weights: that are stored.
        weight_bits: of a stored weight.
        is_first: whether events that arrive count here, and not at another part of the connection.
    """

    fan: FanOut
    macs: int
    weights: int
    weight_bits: int
    is_first: bool


@final
@dataclass(frozen=True, eq=False)
class Fixed:
    """Facts of one graph, worked out once for any number of batches.

    Args:
        proof: the integer graph with its proved ranges, or None for a float graph.
        weight_bits: bits per stored weight; None: the narrowest width of each node, 32 in a float graph.
    """

    graph: Graph
    proof: IntGraph | None
    weight_bits: int | None = None

    @classmethod
    def of(cls, graph: Graph | IntGraph, weight_bits: int | None = None) -> Fixed:
        """Facts of either kind of graph."""
        plain = graph.graph if isinstance(graph, IntGraph) else graph
        return cls(plain, graph if isinstance(graph, IntGraph) else None, weight_bits)

    @cached_property
    def synapses(self) -> dict[str, SynapseFacts]:
        """Of every synapse node."""
        return {node.name: self._synapse(node) for node in self.graph.nodes if isinstance(node, Synapse)}

    @cached_property
    def fans(self) -> dict[str, FanOut]:
        """Weights, or places of a pool's sums, met by each value that arrives at a node."""
        pools = [node for node in self.graph.nodes if isinstance(node, SumPool2d | AvgPool2d)]
        return {name: facts.fan for name, facts in self.synapses.items()} | {n.name: self._fan(n) for n in pools}

    def _fan(self, node: Node) -> FanOut:
        fan = node.fan_out(self.graph.input_shape(node))
        if fan is None:
            raise GraphError(node=node.name, reason=f"{type(node).__name__} adds, but does not say its fan-out")
        return fan

    def _synapse(self, node: Synapse) -> SynapseFacts:
        part = part_of(self.graph, node) if isinstance(node, Dense) else None
        positions = math.prod(self.graph.shapes[node.name][1:])
        weights = int(node.weight.size) if part is None else part.weights
        own_bits = weight_bits(node.weight) if part is None else part.weight_bits
        return SynapseFacts(
            fan=self._fan(node) if part is None else part.fan_out,
            macs=weights * positions * len(node.inputs),
            weights=weights,
            weight_bits=self.weight_bits or own_bits,
            is_first=part is None or part.is_first,
        )
