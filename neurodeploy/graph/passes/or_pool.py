"""Max pooling of spikes is a logical OR, and an OR is a neuron."""

from __future__ import annotations

import numpy as np

from neurodeploy.errors import GraphError
from neurodeploy.graph.graph import Graph
from neurodeploy.graph.node import Node, Ref
from neurodeploy.graph.nodes import Conv2d, Cuba, Flatten, Input, MaxPool2d
from neurodeploy.graph.numeric import DECAY_ONE
from neurodeploy.graph.passes.rewrite import rewrite


def or_pool(graph: Graph) -> Graph:
    """Every MaxPool2d of spikes as a depthwise Conv2d of ones and a memoryless neuron that fires on any input.

    The convolution is called `<pool>_sum`, the neuron keeps the pool's name. Exact on 0/1 values; costs one layer of
    latency on pipelined targets and one neuron per output.

    Raises:
        GraphError: the pooled values are not spikes (for instance currents before the neuron).
    """
    for node in graph.nodes:
        if isinstance(node, MaxPool2d):
            graph = rewrite(graph, {node.name: _or(graph, node)}, {})
    return graph


def _or(graph: Graph, pool: MaxPool2d) -> tuple[Node, ...]:
    if len(pool.inputs) != 1 or not _spikes(graph, pool.inputs[0]):
        hint = "Place it after the neuron, or use a strided convolution instead."
        raise GraphError(
            node=pool.name, reason="max pooling of values that are not spikes has no exact form", hint=hint
        )
    channels = graph.input_shape(pool)[0]
    weight = np.ones((channels, 1, *pool.kernel))
    conv = Conv2d(f"{pool.name}_sum", pool.inputs, weight, stride=pool.stride, groups=channels)
    neuron = Cuba(pool.name, (Ref(conv.name),), DECAY_ONE, DECAY_ONE, threshold=0.5)
    return conv, neuron


def _spikes(graph: Graph, ref: Ref) -> bool:
    """Whether the value is always 0 or 1: a neuron's or a binary input's, also through Flatten or a MaxPool2d."""
    node = graph[ref.node]
    if isinstance(node, Flatten | MaxPool2d):
        return len(node.inputs) == 1 and _spikes(graph, node.inputs[0])
    return isinstance(node, Cuba) or (isinstance(node, Input) and node.high == 1)
