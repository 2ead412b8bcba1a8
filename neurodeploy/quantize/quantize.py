"""Float graph to integer graph: one factor per neuron, found from the weights alone or learned in training."""

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
from neurodeploy.graph.parallel import side_by_side
from neurodeploy.quantize.grid import Grid, weight_grid
from neurodeploy.quantize.weight_format import WeightFormat

Formats = Mapping[str, WeightFormat]
"""Synapse name -> how its weights are stored."""

Grids = Mapping[str, Grid]

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


def quantize(
    graph: Graph,
    weight_bits: int = 8,
    timesteps: int | None = None,
    formats: Mapping[str, WeightFormat] | None = None,
) -> Quantized:
    """The integer graph closest to a lowered float graph.

    All synapses that feed one neuron share one factor s, the largest for which the weights fit their grid, the biases
    +-4095 and the threshold 131071. Multiplying weights, bias and threshold of a neuron by one factor leaves its spikes
    as they were, so rounding is the only change. Decays are whole numbers already. A factor that training learned takes
    the place of the largest for the weights, which are clipped to their grid; the other limits hold all the same.
    Dense synapses side by side, which differ in their delays, have one grid: on a chip they are one layer.

    Args:
        weight_bits: stored bits per weight, 2..8, of the synapses without a format.
        timesteps: T. A Readout adds up all steps of a sample in 24 bits that wrap around; its factor is kept so low
            that it does not wrap even if every input fires at every step (rounding aside). None: no such limit.
        formats: synapse name -> bits, and the factor where one was learned.
    Raises:
        ConfigError: weight_bits out of range, or a format for a node that is no synapse of the graph.
        GraphError: a synapse serves neurons that cannot share a factor, or a float-only node is left.
        RangeError: the result cannot be proved to stay in range.
    """
    known = _formats(graph, WeightFormat(weight_bits), formats or {})
    grids = _grids(graph, known)
    scales = _scales(graph, known, grids)
    if timesteps is not None:
        scales = _without_overflow(graph, scales, grids, timesteps)
    nodes = tuple(_quantized(node, scales, grids) for node in graph.nodes)
    pairs = [(old, new) for old, new in zip(graph.nodes, nodes, strict=True) if isinstance(old, Synapse)]
    zeroed = {f"{old.name}.weight": _zeroed(old, new) for old, new in pairs if isinstance(new, Synapse)}
    result = IntGraph(replace(graph, nodes=nodes))
    return Quantized(result, scales, zeroed)


def _formats(graph: Graph, default: WeightFormat, given: Formats) -> Formats:
    """The format of every synapse."""
    names = [node.name for node in graph.nodes if isinstance(node, Synapse)]
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ConfigError(key="formats", found=unknown[0], allowed=f"synapses of the graph: {', '.join(names)}")
    return dict.fromkeys(names, default) | dict(given)


def _grids(graph: Graph, formats: Formats) -> Grids:
    """The grid of every synapse, chosen by the signs of all weights of its connection."""
    beside = side_by_side(graph)
    weights = {
        node.name: np.concatenate([part.weight.ravel() for part in beside.get(node.name, (node,))])
        for node in graph.nodes
        if isinstance(node, Synapse)
    }
    return {name: weight_grid(values, formats[name].bits) for name, values in weights.items()}


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


def _scales(graph: Graph, formats: Formats, grids: Grids) -> dict[str, float]:
    """The largest factor of each synapse and neuron."""
    scales: dict[str, float] = {}
    for group in _groups(graph):
        factor = min(_largest_factor(graph[name], formats.get(name), grids.get(name)) for name in group)
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


def _without_overflow(graph: Graph, scales: Mapping[str, float], grids: Grids, timesteps: int) -> dict[str, float]:
    """`scales`, lower in the groups of Readouts whose sums over `timesteps` might not fit 24 bits."""
    largest = IntGraph(replace(graph, nodes=tuple(_quantized(node, scales, grids) for node in graph.nodes)))
    found = dict(scales)
    for group in _groups(graph):
        shares = [_share(largest, node, timesteps) for node in graph.nodes if node.name in group]
        found |= {name: scales[name] * min(shares) for name in group}
    return found


def _share(graph: IntGraph, node: Node, timesteps: int) -> float:
    if not isinstance(node, Readout):
        return 1.0
    return readout_share(*graph.input_bounds(node), timesteps)


def readout_share(low: int, high: int, timesteps: int) -> float:
    """Share of a factor at which `timesteps` integer sums within low..high still add up in 24 bits; at most 1."""
    return min(1.0, (STATE.high >> FRACTION_BITS) / max(1, timesteps * max(-low, high)))


def _largest_factor(node: Node, form: WeightFormat | None, grid: Grid | None) -> float:
    limits = [np.inf]
    bias = getattr(node, "bias", None)
    if bias is not None and np.abs(bias).max() > 0:
        limits.append(BIAS_HIGH / float(np.abs(bias).max()))
    if isinstance(node, Synapse) and form is not None and grid is not None:
        limits.append(grid.largest_factor(node.weight) if form.factor is None else form.factor)
    if isinstance(node, Cuba) and node.threshold > 0:
        limits.append(THRESHOLD_HIGH / node.threshold)
    return float(min(limits))


def _quantized(node: Node, scales: Mapping[str, float], grids: Grids) -> Node:
    if isinstance(node, Synapse):
        scale = scales[node.name]
        weight = grids[node.name].nearest(node.weight * scale)
        bias = None if node.bias is None else np.rint(node.bias * scale).astype(np.int64)
        return replace(node, weight=weight, bias=bias)
    if isinstance(node, Cuba):
        scale = scales[node.name]
        bias = None if node.bias is None else np.rint(node.bias * scale).astype(np.int64)
        return replace(node, threshold=round(node.threshold * scale), bias=bias)
    return node
