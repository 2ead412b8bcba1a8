"""A bias on a sum becomes the neuron's own bias, where that is the same thing."""

from __future__ import annotations

from dataclasses import replace

from neurodeploy.graph.graph import Graph
from neurodeploy.graph.node import Node, Ref, Synapse
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import DECAY_ONE
from neurodeploy.graph.passes.rewrite import rewrite


def move_bias(graph: Graph) -> Graph:
    """Biases of synapses moved into the neurons that alone read them without delay and keep no current.

    With current_decay 4096 the current is the sum itself, so adding the bias to the sum or to the voltage is the same,
    in integers too unless the current wraps. Other biases stay where they are.
    """
    for node in graph.nodes:
        if not isinstance(node, Synapse) or node.bias is None:
            continue
        neuron = _only_reader(graph, node)
        if neuron is not None:
            total = node.bias if neuron.bias is None else neuron.bias + node.bias
            moved = {node.name: (replace(node, bias=None),), neuron.name: (replace(neuron, bias=total),)}
            graph = rewrite(graph, moved, {})
    return graph


def _only_reader(graph: Graph, node: Node) -> Cuba | None:
    """The memoryless-current neuron which is the only reader of `node`, through one undelayed edge."""
    readers = graph.consumers(node.name)
    if len(readers) != 1 or not isinstance(readers[0], Cuba) or readers[0].current_decay != DECAY_ONE:
        return None
    edges = [ref for ref in readers[0].inputs if ref.node == node.name]
    return readers[0] if edges == [Ref(node.name)] else None
