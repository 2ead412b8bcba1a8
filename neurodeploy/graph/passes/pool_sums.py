"""Average pooling of a convolution's sums becomes a larger kernel: the mean of sums is a sum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurodeploy.graph.graph import Graph
from neurodeploy.graph.node import Ref
from neurodeploy.graph.nodes import AvgPool2d, Conv2d
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.passes.rewrite import rewrite


def pool_sums(graph: Graph) -> Graph:
    """Every AvgPool2d that directly follows a Conv2d of its own taken into that Conv2d; others are left alone.

    A kernel k with stride s before windows p with stride q becomes k + s (p - 1) with stride s q: each weight stands
    where a window meets it, divided by the window's size. The same sums for all maps, windows and strides.
    """
    for pool in [node for node in graph.nodes if isinstance(node, AvgPool2d)]:
        conv = graph[pool.inputs[0].node]
        alone = pool.inputs == (Ref(conv.name),) and graph.consumers(conv.name) == (pool,)
        if isinstance(conv, Conv2d) and conv.dilation == (1, 1) and alone:
            stride = (conv.stride[0] * pool.stride[0], conv.stride[1] * pool.stride[1])
            grown = replace(conv, weight=_grown(conv, pool), stride=stride)
            graph = rewrite(graph, {conv.name: (grown,), pool.name: ()}, {pool.name: conv.name})
    return graph


def _grown(conv: Conv2d, pool: AvgPool2d) -> Array:
    height, width = conv.weight.shape[2:]
    (down, right), (rows, columns) = conv.stride, pool.kernel
    grown = np.zeros((*conv.weight.shape[:2], height + down * (rows - 1), width + right * (columns - 1)))
    for row in range(rows):
        for column in range(columns):
            top, left = row * down, column * right
            grown[:, :, top : top + height, left : left + width] += conv.weight
    return grown / (rows * columns)
