"""A network with one size changed: every later size follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from neurodeploy.errors import GraphError
from neurodeploy.placement.network import Edge, Kind, Layer, Map, Network


def resized(
    network: Network,
    *,
    input_map: Map | None = None,
    out: Mapping[str, int] | None = None,
    stride: Mapping[str, int] | None = None,
    bits: Mapping[str, int] | None = None,
) -> Network:
    """The network with one size changed and every later size following from it.

    Args:
        input_map: new map of the input.
        out: layer -> channels or neurons.
        stride: layer -> stride of its convolutions, both axes.
        bits: layer -> bits of its weights.
    Raises:
        GraphError: no such network exists: sizes do not meet, or a map vanishes.
    """
    names = {layer.name for layer in network.layers}
    # what a network with problems reads from nodes that are no layers keeps its size
    maps = {edge.source: edge.seen for layer in network.layers for edge in layer.edges if edge.source not in names}
    maps[network.input] = input_map or network.input_map
    edges: dict[str, list[Edge]] = {}
    while len(edges) < len(network.layers):
        # a layer follows from any source that is known; those fed only from behind need one more round
        known = [
            layer
            for layer in network.layers
            if layer.name not in edges and any(edge.source in maps for edge in layer.edges)
        ]
        if not known:
            raise GraphError(node="network", reason="no layer is reached from its input")
        for layer in known:
            found = [_resized(edge, layer, maps, out or {}, stride or {}, bits or {}) for edge in layer.edges]
            maps[layer.name] = next(edge for edge in found if edge.source in maps).map
            edges[layer.name] = found
            if min(maps[layer.name]) < 1:
                raise GraphError(node=layer.name, reason="its map would vanish")
    layers = tuple(
        replace(layer, edges=tuple(edges[layer.name]), biases=min(layer.biases, maps[layer.name][0]))
        for layer in network.layers
    )
    return _met(replace(network, input_map=maps[network.input], layers=layers), maps)


def _resized(
    edge: Edge,
    layer: Layer,
    maps: Mapping[str, Map],
    out: Mapping[str, int],
    stride: Mapping[str, int],
    bits: Mapping[str, int],
) -> Edge:
    seen = maps.get(edge.source, edge.seen)
    wanted = out.get(layer.name, edge.out)
    depthwise = edge.groups > 1 and edge.groups == edge.out == edge.seen[0]
    groups = edge.groups
    if depthwise:
        wanted = groups = seen[0]
    step = stride.get(layer.name)
    new = replace(
        edge,
        seen=seen,
        out=seen[0] if edge.kind is Kind.DIRECT else wanted,
        groups=groups,
        stride=edge.stride if step is None or edge.kind is not Kind.CONV else (step, step),
        bits=min(edge.bits, bits.get(layer.name, edge.bits)),
        biases=min(edge.biases, wanted),
    )
    if new.groups > 1 and (new.seen[0] % new.groups or new.out % new.groups):
        raise GraphError(node=edge.name, reason="its groups would not divide its channels")
    same = (new.map, new.seen, new.stride) == (edge.map, edge.seen, edge.stride)
    return new if same else replace(new, fan_out=None, connections=None)


def _met(network: Network, maps: Mapping[str, Map]) -> Network:
    """The network with recurrent edges of the new sizes, after checking that all edges of a layer meet."""
    layers = []
    for layer in network.layers:
        edges = tuple(
            edge
            if edge.seen == maps[edge.source]
            else replace(edge, seen=maps[edge.source], fan_out=None, connections=None)
            for edge in layer.edges
        )
        for edge in edges:
            if edge.map != maps[layer.name]:
                raise GraphError(node=edge.name, reason=f"its map {edge.map} would not meet that of '{layer.name}'")
        layers.append(replace(layer, edges=edges))
    return replace(network, layers=tuple(layers))
