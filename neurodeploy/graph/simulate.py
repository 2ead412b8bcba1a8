"""The reference simulator: the specification of what a graph computes. Plain loops over time and nodes."""

from __future__ import annotations

import numpy as np

from neurodeploy.errors import DataError
from neurodeploy.graph.graph import Graph
from neurodeploy.graph.int_graph import IntGraph
from neurodeploy.graph.node import Node
from neurodeploy.graph.numeric import FIXED, FLOAT, Arithmetic, Array
from neurodeploy.graph.trace import Trace


def simulate(graph: Graph | IntGraph, frames: Array) -> Trace:
    """Every output and state of every node, in integers for an IntGraph and in float64 for a Graph.

    Args:
        frames: (time, batch, *input shape), integers 0..input.high; state starts at zero for every sample.
    Returns:
        arrays (time, batch, *shape): int64 or float64.
    Raises:
        DataError: the frames do not fit the graph's input.
    """
    arithmetic: Arithmetic = FIXED if isinstance(graph, IntGraph) else FLOAT
    plain = graph.graph if isinstance(graph, IntGraph) else graph
    check_frames(plain, frames)
    steps, batch = frames.shape[:2]
    values: dict[str, Array] = {}
    for node in plain.nodes:
        shape = (steps, batch, *plain.shapes[node.name])
        for name in (node.name, *(f"{node.name}.{state}" for state in node.states)):
            values[name] = np.zeros(shape, arithmetic.dtype)
    for time in range(steps):
        for node in plain.nodes:
            _step(plain, node, time, frames, values, arithmetic)
    return Trace(values)


def _step(graph: Graph, node: Node, time: int, frames: Array, values: dict[str, Array], arithmetic: Arithmetic) -> None:
    value = frames[time].astype(arithmetic.dtype)
    if node.inputs:
        value = np.zeros((frames.shape[1], *graph.input_shape(node)), arithmetic.dtype)
    for ref in node.inputs:
        past = time - graph.delay(node, ref)
        if past >= 0:
            value = value + values[ref.node][past]
    before = {s: values[f"{node.name}.{s}"][time - 1] if time else np.zeros_like(value) for s in node.states}
    output, after = node.step(value, before, arithmetic)
    values[node.name][time] = output
    for state, array in after.items():
        values[f"{node.name}.{state}"][time] = array


def check_frames(graph: Graph, frames: Array) -> None:
    """Refuse frames that are not what the graph's input takes.

    Raises:
        DataError: shape, or values outside 0..high.
    """
    shape, high = graph.input.shape, graph.input.high
    if frames.ndim != 2 + len(shape) or frames.shape[2:] != shape or 0 in frames.shape:
        reason = f"shape {frames.shape}, wanted (time, batch, {', '.join(map(str, shape))}) with none of them 0"
        raise DataError(source="frames", reason=reason)
    if not np.isfinite(frames).all() or frames.min() < 0 or frames.max() > high:
        reason = f"values {frames.min()}..{frames.max()}, the network takes 0..{high}"
        raise DataError(source="frames", reason=reason, hint="data.binary=true makes spikes of event counts.")
