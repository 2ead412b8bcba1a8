"""What one of several dense synapses side by side stores of their connection, whose weights differ in their delays.

Hardware holds such a connection once, each weight with its delay; the graph has a node for each delay, with zeros in
the places of the others. Those zeros are stored nowhere. A place without any weight belongs to the first node.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from neurodeploy.graph import Graph
from neurodeploy.graph.node import FanOut, Synapse
from neurodeploy.graph.nodes import Dense
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.parallel import side_by_side
from neurodeploy.graph.widths import weight_bits


@final
@dataclass(frozen=True, eq=False)
class Part:
    """One node of a connection.

    Args:
        nodes: of the whole connection, in the order of the graph.
    """

    node: Dense
    nodes: tuple[Dense, ...]

    @property
    def is_first(self) -> bool:
        """Whether it stands for what a connection has once: the events that arrive, and places without weight."""
        return self.node.name == self.nodes[0].name

    @property
    def fan_out(self) -> FanOut:
        """Weights met by each input value."""
        return FanOut(stored=self._stored.sum(0), nonzero=np.count_nonzero(self.node.weight, axis=0))

    @property
    def weights(self) -> int:
        """Places that it stores."""
        return int(self._stored.sum())

    @property
    def weight_bits(self) -> int:
        """Narrowest width that holds all weights of the connection."""
        return weight_bits(np.concatenate([node.weight for node in self.nodes]))

    @cached_property
    def _stored(self) -> Array:
        own = np.asarray(self.node.weight != 0)
        if not self.is_first:
            return own
        return np.asarray(own | ~np.any([node.weight != 0 for node in self.nodes], axis=0))


def stored_weights(graph: Graph, node: Synapse) -> tuple[int, int]:
    """How many weights a synapse stores, and in how many bits each."""
    part = part_of(graph, node) if isinstance(node, Dense) else None
    return (node.weight.size, weight_bits(node.weight)) if part is None else (part.weights, part.weight_bits)


def part_of(graph: Graph, node: Dense) -> Part | None:
    """The connection of `node`; None where it is alone, as most are."""
    nodes = side_by_side(graph)[node.name]
    return Part(node, nodes) if len(nodes) > 1 else None
