"""The float network that has the numbers of an integer one, for targets that are compared with floats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurodeploy.graph import Graph, Node, Synapse
from neurodeploy.graph.nodes import Cuba

UNIT = 1 / 64
"""A power of two, so that float32 holds every weight and threshold exactly."""


def float_twin(graph: Graph) -> Graph:
    """`graph` with weights, biases and thresholds in floats, divided by 64; it neither rounds, wraps nor saturates."""
    return replace(graph, nodes=tuple(_scaled(node) for node in graph.nodes))


def _scaled(node: Node) -> Node:
    if not isinstance(node, Synapse | Cuba):
        return node
    bias = None if node.bias is None else np.asarray(node.bias * UNIT)
    if isinstance(node, Synapse):
        return replace(node, weight=np.asarray(node.weight * UNIT), bias=bias)
    return replace(node, threshold=node.threshold * UNIT, bias=bias)
