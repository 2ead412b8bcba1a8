"""Batch normalization after a synapse becomes part of its weights and bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurodeploy.errors import GraphError
from neurodeploy.graph.graph import Graph
from neurodeploy.graph.node import Ref, Synapse
from neurodeploy.graph.nodes import BatchNorm
from neurodeploy.graph.passes.rewrite import rewrite


def fold_batchnorm(graph: Graph) -> Graph:
    """The same function without BatchNorm: weight * scale, bias * scale + shift, per output channel.

    Raises:
        GraphError: a BatchNorm does not directly follow a Dense or Conv2d of its own.
    """
    for norm in [node for node in graph.nodes if isinstance(node, BatchNorm)]:
        graph = _fold(graph, norm)
    return graph


def _fold(graph: Graph, norm: BatchNorm) -> Graph:
    source = graph[norm.inputs[0].node]
    alone = len(norm.inputs) == 1 and norm.inputs == (Ref(source.name),) and graph.consumers(source.name) == (norm,)
    if not isinstance(source, Synapse) or not alone:
        hint = "Place it directly after a Dense or Conv2d that nothing else reads."
        raise GraphError(node=norm.name, reason=f"batch norm after '{source.name}' cannot be folded", hint=hint)
    across = (-1, *(1,) * (source.weight.ndim - 1))
    old = np.zeros(len(source.weight)) if source.bias is None else source.bias
    folded = replace(source, weight=source.weight * norm.scale.reshape(across), bias=old * norm.scale + norm.shift)
    return rewrite(graph, {source.name: (folded,), norm.name: ()}, {norm.name: source.name})
