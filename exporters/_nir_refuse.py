"""What a NIR file cannot say, refused by node name before a byte exists, each time with the way out."""

from __future__ import annotations

from neurodeploy.exporters._nir_synapse import WRITTEN, refused, squared
from neurodeploy.graph import Graph, Node
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Readout, Reset

KNOWN: tuple[type[Node], ...] = (*WRITTEN, Add, Cuba, Readout)


def refuse(graph: Graph) -> None:
    """Return only if a NIR file can describe this network.

    Raises:
        UnsupportedNodeError: a node has no form in NIR.
    """
    for node in graph.nodes:
        if type(node) not in KNOWN:
            raise refused(node, f"nir has no {type(node).__name__}", "Lower the graph first.")
        if not graph.consumers(node.name) and node is not graph.output:
            raise refused(node, "no node reads it and it is not the output", "Remove it.")
        if isinstance(node, Cuba) and node.reset is Reset.SUBTRACT:
            hint = "Train with neuron.reset=zero, fine-tune with 'neurodeploy tune', or let the export change it with"
            hint += " --option reset=zero, which reports what that costs."
            raise refused(node, "reset by subtraction; NIR resets a voltage to a fixed value", hint)
        if isinstance(node, Readout) and (node is not graph.output or graph.consumers(node.name)):
            raise refused(node, "a Readout inside the network; it is written as the network's output", "Move it.")
        if isinstance(node, Conv2d):
            squared(node)
    if not isinstance(graph.output, Cuba | Readout):
        reason = "the network ends with it, and its last value would be the answer; a NIR file leaves that open"
        raise refused(graph.output, reason, "End with neurons (Cuba) or a Readout, whose answer is a sum over time.")
