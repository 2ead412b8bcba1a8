"""Edges of the graph as edges of NIR: sums of several edges, Delay nodes, and loops.

A loop without a Delay holds one step, as every reader breaks it (`neurodeploy.nirfile.loops`). That is the way in which
a recurrent edge of delay 1 is written, since most readers have no Delay. Where this would put the step somewhere else
than the graph does, all loops go through Delay nodes instead, and nothing is left to the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from neurodeploy.exporters._nir_synapse import refused
from neurodeploy.graph import Graph, Node, Ref
from neurodeploy.graph.nodes import Add, Readout

Edge = tuple[str, str]


@final
@dataclass(frozen=True, eq=False)
class Edges:
    """What connects the nodes of a file.

    Args:
        pairs: from file node to file node.
        delays: Delay node -> the node it delays, and by how many steps.
        implied: edges of `pairs` that lead round a loop and stand for one step of delay.
        output: name of the Output node.
    """

    pairs: tuple[Edge, ...]
    delays: Mapping[str, tuple[str, int]]
    implied: frozenset[Edge]
    output: str


def edges_of(graph: Graph, is_explicit: bool = False) -> Edges:
    """The edges of the file.

    Args:
        is_explicit: loops go through Delay nodes.
    Raises:
        UnsupportedNodeError: a node adds one value twice.
    """
    built = _Edges(graph, is_explicit)
    for node in graph.nodes:
        if not isinstance(node, Add | Readout):
            built.connect(node, node.name)
    end = graph.output
    if isinstance(end, Add | Readout):
        built.connect(end, built.output)
    else:
        built.pairs.append((end.name, built.output))
    return Edges(tuple(built.pairs), built.delays, frozenset(built.implied), built.output)


@final
class _Edges:
    def __init__(self, graph: Graph, is_explicit: bool) -> None:
        self.graph, self.is_explicit = graph, is_explicit
        self.pairs: list[Edge] = []
        self.delays: dict[str, tuple[str, int]] = {}
        self.implied: set[Edge] = set()
        self.taken = {node.name for node in graph.nodes}
        self.output = self._new("output")

    def connect(self, node: Node, name: str) -> None:
        """All edges that enter the file node `name`, which stands for `node`."""
        found = [Ref(ref.node, self.graph.delay(node, ref)) for ref in node.inputs]
        sources = [source for ref in found for source in self._spread(ref)]
        for source in sources:
            if sources.count(source) > 1:
                reason = f"it adds '{source.node}' twice; NIR has one edge between two nodes"
                raise refused(node, reason, "Double the weights of one edge and drop the other.")
            alone = [each.node for each in sources].count(source.node) == 1
            loops = alone and source.delay == 1 and not self.is_explicit and self._leads_to(node.name, source.node)
            start = source.node if loops else self._delayed(source)
            self.pairs.append((start, name))
            if loops:
                self.implied.add((start, name))

    def _spread(self, ref: Ref) -> list[Ref]:
        """The values behind an Add, which is no node of the file: several edges to one node are a sum."""
        node = self.graph[ref.node]
        if not isinstance(node, Add):
            return [ref]
        found = [Ref(each.node, ref.delay + each.delay) for each in node.inputs]
        return [source for each in found for source in self._spread(each)]

    def _leads_to(self, start: str, end: str) -> bool:
        found, waiting = {start}, [start]
        while waiting:
            new = [node.name for node in self.graph.consumers(waiting.pop()) if node.name not in found]
            found.update(new)
            waiting += new
        return end in found

    def _delayed(self, ref: Ref) -> str:
        """Name of the node whose value is that of `ref`; a new Delay where there is none yet."""
        if not ref.delay:
            return ref.node
        for name, known in self.delays.items():
            if known == (ref.node, ref.delay):
                return name
        name = self._new(f"{ref.node}_delay{ref.delay}")
        self.delays[name] = (ref.node, ref.delay)
        self.pairs.append((ref.node, name))
        return name

    def _new(self, wish: str) -> str:
        name = wish
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name
