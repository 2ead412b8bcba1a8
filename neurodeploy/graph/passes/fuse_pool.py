"""Average or sum pooling before a synapse becomes a larger kernel: the same sums, no pooling left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurodeploy.errors import GraphError
from neurodeploy.graph.graph import Graph
from neurodeploy.graph.node import Node, Shape
from neurodeploy.graph.nodes import AvgPool2d, Conv2d, Dense, Flatten, SumPool2d
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.passes.rewrite import rewrite

Pool = AvgPool2d | SumPool2d


def fuse_pool(graph: Graph) -> Graph:
    """Pooling nodes fused into the one Conv2d, or Flatten and Dense, that reads them, if their windows do not overlap.

    A convolution grows to kernel * p, stride * p, padding * p; a dense layer reads the unpooled map. AvgPool2d divides
    the weights by the window's size. Exact when p divides the map's height and width.

    Raises:
        GraphError: an AvgPool2d cannot be fused (it has no integer form); a SumPool2d is left alone instead.
    """
    for node in graph.nodes:
        if isinstance(node, AvgPool2d | SumPool2d):
            graph = _fuse(graph, node)
    return graph


def _fuse(graph: Graph, pool: Pool) -> Graph:
    try:
        _check(graph, pool)
        reader = graph.consumers(pool.name)[0]
        if isinstance(reader, Conv2d):
            return rewrite(
                graph, {pool.name: (), reader.name: (_conv(reader, pool),)}, {pool.name: pool.inputs[0].node}
            )
        return _into_dense(graph, pool, reader)
    except GraphError:
        if isinstance(pool, SumPool2d):
            return graph
        raise


def _check(graph: Graph, pool: Pool) -> None:
    readers = graph.consumers(pool.name)
    pool.require(len(pool.inputs) == 1 and pool.inputs[0].delay == 0, "pooling of sums or delayed values is not fused")
    pool.require(
        pool.kernel == pool.stride, f"windows overlap or leave gaps (kernel {pool.kernel}, stride {pool.stride})"
    )
    whole = all(size % p == 0 for size, p in zip(graph.input_shape(pool)[1:], pool.kernel, strict=True))
    pool.require(
        whole, f"the map {graph.input_shape(pool)[1:]} is no multiple of the window {pool.kernel}: pad or crop it"
    )
    alone = len(readers) == 1 and [ref.delay for ref in readers[0].inputs] == [0]
    pool.require(alone, "its value is read by several nodes, or with a delay")
    reader = readers[0]
    dilated = isinstance(reader, Conv2d) and reader.dilation != (1, 1)
    pool.require(isinstance(reader, Conv2d | Flatten) and not dilated, f"'{reader.name}' cannot take it in")


def _share(pool: Pool) -> float:
    return 1 / (pool.kernel[0] * pool.kernel[1]) if isinstance(pool, AvgPool2d) else 1


def _scaled(weight: Array, pool: Pool) -> Array:
    return weight * _share(pool) if isinstance(pool, AvgPool2d) else weight


def _conv(conv: Conv2d, pool: Pool) -> Conv2d:
    (p, q), (sh, sw), (ph, pw) = pool.kernel, conv.stride, conv.padding
    weight = _scaled(conv.weight.repeat(p, axis=2).repeat(q, axis=3), pool)
    return replace(conv, weight=weight, stride=(sh * p, sw * q), padding=(ph * p, pw * q))


def _into_dense(graph: Graph, pool: Pool, flatten: Node) -> Graph:
    readers = graph.consumers(flatten.name)
    dense = readers[0] if len(readers) == 1 and isinstance(readers[0], Dense) else None
    if dense is None or len(dense.inputs) != 1 or dense.inputs[0].delay:
        raise GraphError(node=pool.name, reason=f"'{flatten.name}' is not followed by exactly one Dense")
    grown = replace(dense, weight=_unpooled(dense.weight, graph.shapes[pool.name], pool))
    return rewrite(graph, {pool.name: (), dense.name: (grown,)}, {pool.name: pool.inputs[0].node})


def _unpooled(weight: Array, pooled: Shape, pool: Pool) -> Array:
    """Dense weights for the map before pooling: each weight repeated over its window."""
    maps = weight.reshape(len(weight), *pooled)
    grown = maps.repeat(pool.kernel[0], axis=2).repeat(pool.kernel[1], axis=3)
    return np.asarray(_scaled(grown, pool)).reshape(len(weight), -1)
