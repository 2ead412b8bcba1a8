"""How long a value is on its way through a network."""

from __future__ import annotations

from neurodeploy.graph.graph import Graph


def longest_delay(graph: Graph) -> int:
    """Timesteps after which the answer has heard of an input on every way through the network, loops left aside.

    The sum of delays on the slowest path from the input to the output, under the graph's schedule: before that many
    steps have passed, some synapses have not delivered anything. An answer taken earlier misses them.
    """
    place = {node.name: index for index, node in enumerate(graph.nodes)}
    # Nodes that the input does not reach on forward edges have no entry.
    slowest = {graph.input.name: 0}
    for index, node in enumerate(graph.nodes):
        ways = [
            slowest[ref.node] + graph.delay(node, ref)
            for ref in node.inputs
            if ref.node in slowest and place[ref.node] < index
        ]
        if ways:
            slowest[node.name] = max(ways)
    return slowest.get(graph.output.name, 0)
