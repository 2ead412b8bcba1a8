"""Float graph to integer graph: one factor per neuron, found from the weights alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from neurodeploy.errors import ConfigError, GraphError
from neurodeploy.graph import Graph, IntGraph, Node, Synapse
from neurodeploy.graph.nodes import Add, Cuba, Flatten, Readout, SumPool2d
from neurodeploy.graph.nodes.cuba import THRESHOLD_HIGH
from neurodeploy.graph.numeric import FRACTION_BITS, STATE
from neurodeploy.quantize.grid import weight_grid

BIAS_HIGH = 4095
"""Loihi's bias mantissa has 12 bits and a sign."""


@final
@dataclass(frozen=True, eq=False)
class Quantized:
    """An integer graph and how it came from the float one.

    Args:
        graph: the proved integer graph.
        scales: node name -> factor by which its weights, bias or threshold were multiplied.
        zeroed: tensor name -> share of non-zero weights that became zero.
    """

    graph: IntGraph
    scales: Mapping[str, float]
    zeroed: Mapping[str, float]


def quantize(graph: Graph, weight_bits: int = 8, timesteps: int | None = None) -> Quantized:
    """The integer graph closest to a lowered float graph.

    All synapses that feed one neuron share one factor s, the largest for which the weights fit their grid, the biases
    +-4095 and the threshold 131071. Multiplying weights, bias and threshold of a neuron by one factor leaves its spikes
    as they were, so rounding is the only change. Decays are whole numbers already.

    Args:
        weight_bits: stored bits per weight, 2..8.
        timesteps: T. A Readout adds up all steps of a sample in 24 bits that wrap around; its factor is kept so low
            that it does not wrap even if every input fires at every step (rounding aside). None: no such limit.
    Raises:
        ConfigError: weight_bits out of range.
        GraphError: a synapse serves neurons that cannot share a factor, or a float-only node is left.
        RangeError: the result cannot be proved to stay in range.
    """
    if not 2 <= weight_bits <= 8:
        raise ConfigError(key="weight_bits", found=weight_bits, allowed="an integer 2..8")
    scales = _scales(graph, weight_bits)
    if timesteps is not None:
        scales = _without_overflow(graph, scales, weight_bits, timesteps)
    nodes = tuple(_quantized(node, scales, weight_bits) for node in graph.nodes)
    pairs = [(old, new) for old, new in zip(graph.nodes, nodes, strict=True) if isinstance(old, Synapse)]
    zeroed = {f"{old.name}.weight": _zeroed(old, new) for old, new in pairs if isinstance(new, Synapse)}
    result = IntGraph(replace(graph, nodes=nodes))
    return Quantized(result, scales, zeroed)


def _zeroed(old: Synapse, new: Synapse) -> float:
    existing = old.weight != 0
    return float((existing & (new.weight == 0)).sum() / max(int(existing.sum()), 1))


def _groups(graph: Graph) -> list[set[str]]:
    """Synapses and neurons that share a factor; neurons fed by a common synapse form one group."""
    groups: list[set[str]] = []
    for node in graph.nodes:
        if isinstance(node, Cuba | Readout):
            group = {node.name, *(synapse.name for synapse in _feeding(graph, node))}
            shared = [g for g in groups if g & group]
            groups = [g for g in groups if not g & group] + [group.union(*shared)]
    return groups


def _scales(graph: Graph, bits: int) -> dict[str, float]:
    """The largest factor of each synapse and neuron."""
    scales: dict[str, float] = {}
    for group in _groups(graph):
        factor = min(_largest_factor(graph[name], bits) for name in group)
        if not np.isfinite(factor):
            raise GraphError(node=sorted(group)[0], reason="all weights and thresholds around it are zero")
        scales |= dict.fromkeys(group, factor)
    for node in graph.nodes:
        if isinstance(node, Synapse) and node.name not in scales:
            raise GraphError(node=node.name, reason="its sums reach no neuron and no Readout")
    return scales


def _feeding(graph: Graph, neuron: Node) -> list[Synapse]:
    """Synapses whose sums reach `neuron` without passing another neuron."""
    found: list[Synapse] = []
    waiting = [ref.node for ref in neuron.inputs]
    while waiting:
        node = graph[waiting.pop()]
        if isinstance(node, Synapse):
            found.append(node)
        elif isinstance(node, Add | Flatten | SumPool2d):
            waiting.extend(ref.node for ref in node.inputs)
        else:
            reason = f"it receives {type(node).__name__} '{node.name}' directly, which has no weights to scale"
            raise GraphError(node=neuron.name, reason=reason, hint="Put a Dense or Conv2d between them.")
    return found


def _without_overflow(graph: Graph, scales: Mapping[str, float], bits: int, timesteps: int) -> dict[str, float]:
    """`scales`, lower in the groups of Readouts whose sums over `timesteps` might not fit 24 bits."""
    largest = IntGraph(replace(graph, nodes=tuple(_quantized(node, scales, bits) for node in graph.nodes)))
    found = dict(scales)
    for group in _groups(graph):
        shares = [_share(largest, node, timesteps) for node in graph.nodes if node.name in group]
        found |= {name: scales[name] * min(shares) for name in group}
    return found


def _share(graph: IntGraph, node: Node, timesteps: int) -> float:
    if not isinstance(node, Readout):
        return 1.0
    low, high = (sum(graph.bounds[ref.node][side] for ref in node.inputs) for side in (0, 1))
    return readout_share(low, high, timesteps)


def readout_share(low: int, high: int, timesteps: int) -> float:
    """Share of a factor at which `timesteps` integer sums within low..high still add up in 24 bits; at most 1."""
    return min(1.0, (STATE.high >> FRACTION_BITS) / max(1, timesteps * max(-low, high)))


def _largest_factor(node: Node, bits: int) -> float:
    limits = [np.inf]
    bias = getattr(node, "bias", None)
    if bias is not None and np.abs(bias).max() > 0:
        limits.append(BIAS_HIGH / float(np.abs(bias).max()))
    if isinstance(node, Synapse):
        limits.append(weight_grid(node.weight, bits).largest_factor(node.weight))
    if isinstance(node, Cuba) and node.threshold > 0:
        limits.append(THRESHOLD_HIGH / node.threshold)
    return float(min(limits))


def _quantized(node: Node, scales: Mapping[str, float], bits: int) -> Node:
    if isinstance(node, Synapse):
        scale = scales[node.name]
        weight = weight_grid(node.weight, bits).nearest(node.weight * scale)
        bias = None if node.bias is None else np.rint(node.bias * scale).astype(np.int64)
        return replace(node, weight=weight, bias=bias)
    if isinstance(node, Cuba):
        scale = scales[node.name]
        bias = None if node.bias is None else np.rint(node.bias * scale).astype(np.int64)
        return replace(node, threshold=round(node.threshold * scale), bias=bias)
    return node
