"""The one way in which a pass changes a graph: replace nodes, drop nodes, redirect the readers of dropped ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from neurodeploy.graph.graph import Graph
from neurodeploy.graph.node import Node, Ref


def rewrite(graph: Graph, replaced: Mapping[str, Sequence[Node]], redirected: Mapping[str, str]) -> Graph:
    """`graph` with other nodes.

    Args:
        replaced: name -> the nodes that stand in its place; empty drops it.
        redirected: dropped name -> name that its readers read instead, with the same delay.
    """

    def redirect(node: Node) -> Node:
        inputs = tuple(Ref(redirected.get(ref.node, ref.node), ref.delay) for ref in node.inputs)
        return node if inputs == node.inputs else replace(node, inputs=inputs)

    nodes = [new for old in graph.nodes for new in replaced.get(old.name, (old,))]
    return replace(graph, nodes=tuple(redirect(node) for node in nodes))
