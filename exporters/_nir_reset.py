"""The network with another reset, when the user asks for it."""

from __future__ import annotations

from dataclasses import replace

from neurodeploy.deployment import Deployment
from neurodeploy.graph import Graph, IntGraph
from neurodeploy.graph.nodes import Cuba, Reset


def subtracting(graph: Graph) -> list[str]:
    """Neurons that reset by subtraction."""
    return [node.name for node in graph.nodes if isinstance(node, Cuba) and node.reset is Reset.SUBTRACT]


def with_reset_to_zero(deployment: Deployment) -> Deployment:
    """The same network with every reset to zero: another network, whose answers may differ."""
    floats = None if deployment.float_graph is None else _zero(deployment.float_graph)
    return replace(deployment, integer=IntGraph(_zero(deployment.integer.graph)), float_graph=floats)


def _zero(graph: Graph) -> Graph:
    nodes = [replace(node, reset=Reset.ZERO) if isinstance(node, Cuba) else node for node in graph.nodes]
    return replace(graph, nodes=tuple(nodes))
