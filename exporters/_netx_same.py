"""Are the numbers in the file those of the graph? A run cannot show a weight that never met a spike; this can."""

from __future__ import annotations

import numpy as np

from neurodeploy.errors import ArtefactError, MismatchError
from neurodeploy.exporters._netx_layer import FileLayer
from neurodeploy.exporters._netx_notes import Notes
from neurodeploy.exporters._netx_read import FileNetwork
from neurodeploy.graph import Graph, Node
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense
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
    for name, number in notes.layers.items():
        node, layer = graph[name], layers[number]
        synapse = graph[node.inputs[0].node]
        _check_synapse(network, synapse, layer)
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


def _check_synapse(network: FileNetwork, synapse: Node, layer: FileLayer) -> None:
    found: list[object] = [layer.weight.shape]
    wanted: list[object] = [synapse.weight.shape] if isinstance(synapse, Dense | Conv2d) else [type(synapse).__name__]
    for key in ("stride", "padding", "dilation", "groups") if isinstance(synapse, Conv2d) else ():
        found.append(getattr(layer, key))
        wanted.append(getattr(synapse, key))
    if found != wanted or not isinstance(synapse, Dense | Conv2d):
        reason = f"layer {layer.number} has shape and geometry {found}, '{synapse.name}' has {wanted}"
        raise ArtefactError(path=network.path, reason=reason)
    _equal(f"{synapse.name}.weight", synapse.weight, layer.weight)


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
