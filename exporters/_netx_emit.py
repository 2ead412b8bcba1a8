"""A chain of integer layers as the layers of a NetX file."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodeploy.exporters._netx_chain import Link, links_of
from neurodeploy.graph import Graph, Shape
from neurodeploy.graph.nodes import Conv2d, Cuba, Flatten, Input
from neurodeploy.graph.numeric import Array

Layer = dict[str, Any]
"""Keys of one layer; a value is a string, number, list, array, or a dict for a subgroup (Any: as h5py takes them)."""


def layers_of(graph: Graph) -> tuple[list[Layer], dict[str, int]]:
    """Layers in file order, and for each node of neurons the number of its layer. The graph was checked by `refuse`."""
    links = {link.neurons.name: link for link in links_of(graph)}
    layers: list[Layer] = []
    places: dict[str, int] = {}
    for node in graph.nodes:
        if isinstance(node, Input):
            layers.append({"type": "input", "shape": list(node.shape)})
        elif isinstance(node, Flatten) and len(graph.input_shape(node)) == 3:
            layers.append({"type": "flatten", "shape": list(graph.shapes[node.name])})  # NetX fails on one of a vector
        elif node.states:
            places[node.name] = len(layers)
            layers.append(_computing(graph, links[node.name]))
    return layers, places


def _computing(graph: Graph, link: Link) -> Layer:
    synapse = link.synapses[0][0]
    layer = _conv(synapse, graph) if isinstance(synapse, Conv2d) else _dense(link)
    # Without a neuron group NetX gives a dense layer iDecay 0, vDecay 4096 and vThMant 2**17, which v never exceeds:
    # its voltage is the sum so far, exactly Readout. A CUBA group cannot say this: 17 bits can be reached.
    return layer | (_cuba(link.neurons) if isinstance(link.neurons, Cuba) else {})


def _dense(link: Link) -> Layer:
    out, inputs = link.weight.shape
    layer: Layer = {"type": "dense", "shape": [out], "inFeatures": inputs, "outFeatures": out}
    layer["weight"] = _weight(link.weight)
    if link.recurrent is not None:
        layer |= {"type": "dense_rec", "weight_rec": _weight(link.recurrent.weight)}
    elif link.delay is not None:
        layer["delay"] = link.delay.astype(np.int32)
    return layer


def _conv(node: Conv2d, graph: Graph) -> Layer:
    shape: Shape = graph.shapes[node.name]
    channels = {"inChannels": graph.input_shape(node)[0], "outChannels": shape[0]}
    kernel = {"kernelSize": list(node.weight.shape[2:]), "groups": node.groups, "weight": _weight(node.weight)}
    geometry = {"stride": list(node.stride), "padding": list(node.padding), "dilation": list(node.dilation)}
    return {"type": "conv", "shape": list(shape), **channels, **kernel, **geometry}


def _cuba(node: Cuba) -> Layer:
    decays = {"iDecay": node.current_decay, "vDecay": node.voltage_decay}
    # refDelay and gradedSpike are what slayer writes; NetX reads neither
    neuron = {"type": "CUBA", **decays, "vThMant": node.threshold, "refDelay": 1, "gradedSpike": False}
    return {"neuron": neuron} | ({} if node.bias is None else {"bias": node.bias.astype(np.int32)})


def _weight(values: Array) -> Array:
    return values.astype(np.int16)
