"""Factors of neurons and of Scale nodes, folded into the synapses beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from neurodeploy.graph import Node, Ref, Synapse
from neurodeploy.graph.nodes import Conv2d, Dense
from neurodeploy.graph.numeric import Array


def with_scales(nodes: Sequence[Node], scales: Mapping[str, Array]) -> list[Node]:
    """The nodes, with the outputs of synapses multiplied by what the neurons that read them ask for.

    Synapses that other nodes read too are doubled, once for each neuron that wants other numbers. Synapses that lead
    from neurons to themselves for the sake of their reset (`<neuron>_back`) have theirs already.

    Args:
        scales: node -> factor for each channel or neuron of what enters it.
    """
    found = {node.name: node for node in nodes}
    for name, scale in scales.items():
        refs = []
        for ref in found[name].inputs:
            synapse = found[ref.node]
            if isinstance(synapse, Synapse) and not ref.node.startswith(f"{name}_back"):
                own = [node for node in found.values() if any(each.node == ref.node for each in node.inputs)]
                target = ref.node if len(own) == 1 else f"{ref.node}_for_{name}"
                found = _with(found, name, replace(_scaled(synapse, scale), name=target))
                ref = Ref(target, ref.delay)
            refs.append(ref)
        found[name] = replace(found[name], inputs=tuple(refs))
    return list(found.values())


def _with(nodes: Mapping[str, Node], before: str, node: Node) -> dict[str, Node]:
    """`node` in place of the one that has its name, or before `before`."""
    if node.name in nodes:
        return {**nodes, node.name: node}
    found: dict[str, Node] = {}
    for name, old in nodes.items():
        if name == before:
            found[node.name] = node
        found[name] = old
    return found


def _scaled(synapse: Synapse, scale: Array) -> Synapse:
    across = (-1, *(1,) * (synapse.weight.ndim - 1))
    bias = None if synapse.bias is None else synapse.bias * scale.reshape(-1)
    return replace(synapse, weight=synapse.weight * scale.reshape(across), bias=bias)


def without_diagonals(nodes: Sequence[Node], names: Iterable[str]) -> list[Node]:
    """The nodes, with those synapses that only multiply each value taken into the one synapse before or after them.

    Only neurons' synapses have an integer form, and one of them in a row. What has no such neighbour stays.

    Args:
        names: of the synapses from each value to itself.
    """
    found = list(nodes)
    for name in names:
        found = _without(found, name)
    return found


def _without(nodes: list[Node], name: str) -> list[Node]:
    found = {node.name: node for node in nodes}
    diagonal = found.get(name)
    if not isinstance(diagonal, Synapse) or len(diagonal.inputs) != 1:
        return nodes
    (ref,) = diagonal.inputs
    before, readers = found[ref.node], [node for node in nodes if any(each.node == name for each in node.inputs)]
    alone = sum(each.node == ref.node for node in nodes for each in node.inputs) == 1
    if isinstance(before, Synapse) and alone:
        merged = _scaled(before, _factors(diagonal))
    elif len(readers) == 1 and isinstance(readers[0], Synapse) and len(readers[0].inputs) == 1:
        merged = _fed(readers[0], _factors(diagonal))
    else:
        return nodes
    return [_past(merged if node.name == merged.name else node, name, ref) for node in nodes if node.name != name]


def _past(node: Node, name: str, ref: Ref) -> Node:
    """`node` reading `ref` instead of `name`."""
    inputs = tuple(Ref(ref.node, ref.delay + each.delay) if each.node == name else each for each in node.inputs)
    return node if inputs == node.inputs else replace(node, inputs=inputs)


def _factors(diagonal: Synapse) -> Array:
    return np.diag(diagonal.weight) if isinstance(diagonal, Dense) else diagonal.weight.reshape(-1)


def _fed(synapse: Synapse, factors: Array) -> Synapse:
    """The synapse for inputs that are not multiplied by `factors` any more."""
    if not isinstance(synapse, Conv2d):
        return replace(synapse, weight=synapse.weight * factors)
    own = np.repeat(factors.reshape(synapse.groups, 1, -1), len(synapse.weight) // synapse.groups, axis=1)
    return replace(synapse, weight=synapse.weight * own.reshape(len(synapse.weight), -1, 1, 1))
