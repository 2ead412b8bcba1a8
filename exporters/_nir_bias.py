"""Where the bias of a neuron goes: into a synapse before it, which every reader knows, where that is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from neurodeploy.graph import Graph, Ref, Synapse
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import DECAY_ONE, Array


@final
@dataclass(frozen=True, eq=False)
class Biases:
    """What is added where, in weight steps per channel or neuron.

    Args:
        synapses: synapse -> added to its sums.
        neurons: neuron -> added to its voltage.
    """

    synapses: Mapping[str, Array]
    neurons: Mapping[str, Array]


def biases_of(graph: Graph) -> Biases:
    """Biases of neurons without a memory of their current, moved to a synapse that only they read and read at once."""
    synapses = {n.name: n.bias for n in graph.nodes if isinstance(n, Synapse) and n.bias is not None}
    neurons = {}
    for node in graph.nodes:
        if isinstance(node, Cuba) and node.bias is not None and node.bias.any():
            place = _place(graph, node)
            if place is None:
                neurons[node.name] = node.bias
            else:
                synapses[place] = synapses[place] + node.bias if place in synapses else node.bias
    return Biases(synapses, neurons)


def _place(graph: Graph, node: Cuba) -> str | None:
    if node.current_decay != DECAY_ONE:
        return None
    for ref in node.inputs:
        alone = graph.consumers(ref.node) == (node,) and node.inputs.count(ref) == 1
        edges = [each for each in node.inputs if each.node == ref.node]
        if alone and edges == [Ref(ref.node)] and isinstance(graph[ref.node], Synapse):
            return ref.node
    return None
