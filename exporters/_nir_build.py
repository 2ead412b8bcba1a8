"""The integer network as the bytes of a NIR file; the same network gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import nir
import numpy as np

from neurodeploy.errors import ArtefactError
from neurodeploy.exporters._nir_bias import Biases, biases_of
from neurodeploy.exporters._nir_edges import Edges, edges_of
from neurodeploy.exporters._nir_neuron import DT, neuron
from neurodeploy.exporters._nir_synapse import WRITTEN
from neurodeploy.graph import Graph
from neurodeploy.graph.nodes import Add, Cuba, Readout
from neurodeploy.nirfile import order_of, read_network

Facts = Mapping[str, Any]
"""Words and numbers."""


def network_bytes(graph: Graph, metadata: Facts, neurons: Mapping[str, Facts]) -> bytes:
    """The file.

    Args:
        graph: the integer network in floats (`graph.unrounded`), which NIR can express.
        metadata: of the graph.
        neurons: metadata of each neuron.
    """
    edges = edges_of(graph)
    content = _bytes(graph, edges, metadata, neurons)
    if edges.implied and not _is_where_readers_break(content, edges):
        content = _bytes(graph, edges_of(graph, is_explicit=True), metadata, neurons)
    return content


def _is_where_readers_break(content: bytes, edges: Edges) -> bool:
    """Whether the file itself says that the loops hold their step where the graph has it."""
    try:
        order = order_of(read_network(content))
    except ArtefactError:
        return False
    return {edge for edge in order.later if edge[1] not in order.cut} == edges.implied


def _bytes(graph: Graph, edges: Edges, metadata: Facts, neurons: Mapping[str, Facts]) -> bytes:
    nodes = _nodes(graph, edges, biases_of(graph))
    for name, facts in neurons.items():
        nodes[name].metadata = dict(facts)
    whole = nir.NIRGraph(nodes, list(edges.pairs), metadata=dict(metadata))
    buffer = io.BytesIO()
    nir.write(buffer, whole)
    return buffer.getvalue()


def _nodes(graph: Graph, edges: Edges, biases: Biases) -> dict[str, nir.NIRNode]:
    nodes: dict[str, nir.NIRNode] = {}
    for node in graph.nodes:
        shape = graph.input_shape(node)
        if isinstance(node, Cuba):
            nodes[node.name] = neuron(node, shape, biases.neurons.get(node.name))
        elif not isinstance(node, Add | Readout):
            nodes[node.name] = WRITTEN[type(node)](node, shape, biases.synapses.get(node.name))
    for name, (source, steps) in edges.delays.items():
        nodes[name] = nir.Delay(np.full(graph.shapes[source], steps * DT))
    nodes[edges.output] = nir.Output(np.array(graph.shapes[graph.output.name]))
    return nodes
