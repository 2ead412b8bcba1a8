"""A sequential integer graph as the layers of a NetX file: a table from node kind to what it adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from neurodeploy.graph import Graph, Node, Shape
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout

Layer = dict[str, Any]
"""Keys of one layer; a value is a string, number, list, array, or a dict for a subgroup (Any: as h5py takes them)."""

Emitter = Callable[[Any, Graph, list[Layer]], None]
"""Adds a node (Any: each emitter takes its own kind) to the layers so far."""


def layers_of(graph: Graph) -> tuple[list[Layer], dict[str, int]]:
    """Layers in file order, and for each node of neurons the number of its layer. The graph was checked by `refuse`."""
    layers: list[Layer] = []
    places: dict[str, int] = {}
    for node in graph.nodes:
        EMITTERS[type(node)](node, graph, layers)
        if node.states:
            places[node.name] = len(layers) - 1
    return layers, places


def _input(node: Input, graph: Graph, layers: list[Layer]) -> None:
    layers.append({"type": "input", "shape": list(node.shape)})


def _flatten(node: Flatten, graph: Graph, layers: list[Layer]) -> None:
    if len(graph.input_shape(node)) == 3:  # of a vector it would change nothing, and NetX fails on it
        layers.append({"type": "flatten", "shape": list(graph.shapes[node.name])})


def _dense(node: Dense, graph: Graph, layers: list[Layer]) -> None:
    out, inputs = node.weight.shape
    layer = {"type": "dense", "shape": [out], "inFeatures": inputs, "outFeatures": out}
    layers.append({**layer, "weight": _weight(node.weight)})


def _conv(node: Conv2d, graph: Graph, layers: list[Layer]) -> None:
    shape: Shape = graph.shapes[node.name]
    channels = {"inChannels": graph.input_shape(node)[0], "outChannels": shape[0]}
    kernel = {"kernelSize": list(node.weight.shape[2:]), "groups": node.groups, "weight": _weight(node.weight)}
    geometry = {"stride": list(node.stride), "padding": list(node.padding), "dilation": list(node.dilation)}
    layers.append({"type": "conv", "shape": list(shape), **channels, **kernel, **geometry})


def _cuba(node: Cuba, graph: Graph, layers: list[Layer]) -> None:
    decays = {"iDecay": node.current_decay, "vDecay": node.voltage_decay}
    # refDelay and gradedSpike are what slayer writes; NetX reads neither
    layers[-1]["neuron"] = {"type": "CUBA", **decays, "vThMant": node.threshold, "refDelay": 1, "gradedSpike": False}
    if node.bias is not None:
        layers[-1]["bias"] = node.bias.astype(np.int32)


def _readout(node: Readout, graph: Graph, layers: list[Layer]) -> None:
    """A dense layer without neuron group: NetX gives it iDecay 0, vDecay 4096 and vThMant 2**17, which v never exceeds.

    It is reset with the other layers, and its voltage is the accumulated sum: exactly Readout. A CUBA group cannot say
    this, because a threshold of 17 bits can be reached by a voltage of 24 bits.
    """


def _weight(values: np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, np.dtype[np.int16]]:
    return values.astype(np.int16)


EMITTERS: Final[Mapping[type[Node], Emitter]] = {
    Input: _input,
    Flatten: _flatten,
    Dense: _dense,
    Conv2d: _conv,
    Cuba: _cuba,
    Readout: _readout,
}
