"""Dense synapses side by side: one connection between two layers, whose weights have delays of their own.

An edge has one delay, so a connection with several of them is several nodes: each has the weights of one delay, and
zeros in the places of the others.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurodeploy.graph.graph import Graph
from neurodeploy.graph.node import Ref
from neurodeploy.graph.nodes import Dense
from neurodeploy.graph.numeric import Array


def split_by_delay(node: Dense, delays: Array) -> tuple[Dense, ...]:
    """`node` as one node for each delay, the shortest first; with its own name where there is only one.

    Args:
        node: with one input, whose delay is added, and without a bias.
        delays: integers >= 0 in timesteps, of a shape that broadcasts to the weights' (out, in).
    """
    (source,) = node.inputs
    node.require(node.bias is None, "a bias has no delay")
    each = np.broadcast_to(delays, node.weight.shape)
    return tuple(
        replace(
            node,
            name=name,
            inputs=(Ref(source.node, source.delay + delay),),
            weight=np.where(each == delay, node.weight, 0),
        )
        for name, delay in parts(node.name, delays).items()
    )


def parts(name: str, delays: Array) -> dict[str, int]:
    """Name of each node that `split_by_delay` makes of the node `name`, and its delay."""
    found = [int(delay) for delay in np.unique(delays)]
    return {name: found[0]} if len(found) == 1 else {f"{name}_d{delay}": delay for delay in found}


def side_by_side(graph: Graph) -> dict[str, tuple[Dense, ...]]:
    """Each dense synapse by name -> all of its connection, in the order of the graph; most are alone.

    Nodes of one connection have one input each, from the same node, and the same readers.
    """
    groups: dict[tuple[object, ...], list[Dense]] = {}
    keys: dict[str, tuple[object, ...]] = {}
    for node in graph.nodes:
        if isinstance(node, Dense):
            readers = tuple(reader.name for reader in graph.consumers(node.name))
            alone = (node.name,) if len(node.inputs) > 1 or node.bias is not None else ()
            keys[node.name] = (node.inputs[0].node, readers, node.weight.shape, alone)
            groups.setdefault(keys[node.name], []).append(node)
    return {name: tuple(groups[key]) for name, key in keys.items()}
