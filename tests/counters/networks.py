"""Networks for run_network.py: written to a file that it reads, with the torch layers and the frames."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy.graph import Graph, IntGraph
from neurodeploy.graph.node import Synapse
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input
from neurodeploy.graph.numeric import DECAY_ONE


def write_network(path: Path, integer: IntGraph, frames: np.ndarray) -> None:
    """A chain of convolutions, dense layers, flattening and LIF neurons with a reset to zero, for other frameworks.

    Args:
        frames: (time, batch, *input shape).
    """
    layers: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {"frames": frames}
    for node in integer.graph.nodes:
        if isinstance(node, Synapse):
            arrays[f"{node.name}.weight"] = np.asarray(node.weight, np.float32)
            if node.bias is not None:
                arrays[f"{node.name}.bias"] = np.asarray(node.bias, np.float32)
        if not isinstance(node, Input):
            layers.append({"name": node.name, "bias": f"{node.name}.bias" in arrays, **_options(node)})
    np.savez(path, layers=np.array(json.dumps(layers)), **arrays)


def _options(node: object) -> dict[str, Any]:
    if isinstance(node, Conv2d):
        geometry = {"stride": node.stride, "padding": node.padding, "dilation": node.dilation}
        return {"kind": "conv", "groups": node.groups, **geometry}
    if isinstance(node, Dense | Flatten):
        return {"kind": type(node).__name__.lower()}
    if isinstance(node, Cuba) and node.current_decay == DECAY_ONE and node.bias is None:
        return {"kind": "lif", "keep": 1 - node.voltage_decay / DECAY_ONE, "threshold": float(node.threshold)}
    raise TypeError(f"{type(node).__name__} has no counterpart here")


def layer_spikes(graph: Graph, values: dict[str, np.ndarray]) -> dict[str, int]:
    """Spikes of each layer of neurons in a trace."""
    return {node.name: int(values[node.name].sum()) for node in graph.nodes if isinstance(node, Cuba)}
