"""The network with another reset, when the user asks for it."""

from __future__ import annotations

from dataclasses import replace

from neurodeploy.deployment import Deployment
from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph import Graph, IntGraph, Ref
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Reset
from neurodeploy.graph.self_edge import is_diagonal


def subtracting(graph: Graph) -> list[str]:
    """Neurons that reset by subtraction."""
    return [node.name for node in graph.nodes if isinstance(node, Cuba) and node.reset is Reset.SUBTRACT]


def with_reset_to_zero(deployment: Deployment) -> Deployment:
    """The same network with every reset to zero: another network, whose answers may differ."""
    floats = None if deployment.float_graph is None else _zero(deployment.float_graph)
    return replace(deployment, integer=IntGraph(_zero(deployment.integer.graph)), float_graph=floats)


def _refuse_delayed(graph: Graph, node: Cuba) -> None:
    """Refuse a subtraction that is completed a timestep later, by an edge from each neuron to itself.

    Raises:
        UnsupportedNodeError: with a reset to zero the edge would still take the threshold off.
    """
    for ref in node.inputs:
        synapse = graph[ref.node]
        if isinstance(synapse, Dense | Conv2d) and synapse.inputs == (Ref(node.name, 1),) and is_diagonal(synapse):
            reason = "it takes part of the threshold off a timestep after a spike, and a reset to zero would not"
            hint = "neurodeploy tune RUN --reset zero leaves it out and retrains."
            kind = type(synapse).__name__
            raise UnsupportedNodeError(target="nir", node=synapse.name, kind=kind, reason=reason, hint=hint)


def _zero(graph: Graph) -> Graph:
    for node in graph.nodes:
        if isinstance(node, Cuba) and node.reset is Reset.SUBTRACT:
            _refuse_delayed(graph, node)
    nodes = [replace(node, reset=Reset.ZERO) if isinstance(node, Cuba) else node for node in graph.nodes]
    return replace(graph, nodes=tuple(nodes))
