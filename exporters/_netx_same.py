"""Are the numbers in the file those of the graph? A run cannot show a weight that never met a spike; this can."""

from __future__ import annotations

import numpy as np

from neurodeploy.errors import ArtefactError, MismatchError
from neurodeploy.exporters._netx_chain import Link, links_of
from neurodeploy.exporters._netx_layer import FileLayer
from neurodeploy.exporters._netx_notes import Notes
from neurodeploy.exporters._netx_read import FileNetwork
from neurodeploy.graph import Graph, Node
from neurodeploy.graph.nodes import Conv2d, Cuba
from neurodeploy.graph.numeric import Array
from neurodeploy.targets import MANIFEST, Artefact


def check_nodes(artefact: Artefact, graph: Graph, notes: Notes) -> None:
    """Refuse notes that name other nodes than the graph's neurons and read-outs.

    Raises:
        ArtefactError: naming both.
    """
    own = [node.name for node in graph.nodes if node.states]
    if own != list(notes.layers):
        reason = f"notes.layers names {', '.join(notes.layers)}; the network's neurons are {', '.join(own)}"
        raise ArtefactError(path=artefact.folder / MANIFEST, reason=reason, hint="Export again.")


def check_numbers(graph: Graph, notes: Notes, network: FileNetwork) -> None:
    """Compare every weight, bias, decay and threshold, and the geometry of every conv.

    Raises:
        MismatchError: naming the tensor, the place and both values.
        ArtefactError: another kind or shape of layer.
    """
    layers = {layer.number: layer for layer in network.layers}
    for link in links_of(graph):
        node, name = link.neurons, link.neurons.name
        layer = layers[notes.layers[name]]
        _check_synapse(network, link, layer)
        if isinstance(node, Cuba):
            bias = np.zeros(layer.shape[:1], np.int64)
            _equal(f"{name}.bias", bias if node.bias is None else node.bias, bias if layer.bias is None else layer.bias)
        for key, wanted in _neuron(node).items():
            _equal(f"{name}.{key}", np.array(wanted), np.array(getattr(layer.neuron, key)))


def _neuron(node: Node) -> dict[str, object]:
    if isinstance(node, Cuba):
        numbers = {key: getattr(node, key) for key in ("current_decay", "voltage_decay", "threshold")}
        return {**numbers, "is_default": False}
    return {"is_default": True}


def _check_synapse(network: FileNetwork, link: Link, layer: FileLayer) -> None:
    synapse = link.synapses[0][0]
    found: list[object] = [layer.weight.shape, layer.recurrent is not None]
    wanted: list[object] = [synapse.weight.shape, link.recurrent is not None]
    for key in ("stride", "padding", "dilation", "groups") if isinstance(synapse, Conv2d) else ():
        found.append(getattr(layer, key))
        wanted.append(getattr(synapse, key))
    if found != wanted:
        reason = f"layer {layer.number} has shape, recurrence and geometry {found}, '{synapse.name}' has {wanted}"
        raise ArtefactError(path=network.path, reason=reason)
    _equal(f"{synapse.name}.weight", link.weight, layer.weight)
    if synapse.weight.ndim == 2:
        none = np.zeros(layer.weight.shape, np.int64)
        delays = [none if delay is None else delay for delay in (link.delay, layer.delay)]
        _equal(f"{synapse.name}.delay", *delays)
    if link.recurrent is not None and layer.recurrent is not None:
        _equal(f"{link.recurrent.name}.weight", link.recurrent.weight, layer.recurrent)


def _equal(tensor: str, wanted: Array, found: Array) -> None:
    bad = wanted != found
    if not bad.any():
        return
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    raise MismatchError(
        node=f"{tensor} in the file",
        timestep=0,
        index=place,
        expected=wanted[place].item(),
        found=found[place].item(),
        differing=int(bad.sum()),
        compared=bad.size,
    )
