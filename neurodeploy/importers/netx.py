"""NetX files of lava-dl as graphs of integers: nothing is rounded, nothing is quantized again.

Source:
    lava-nc/lava-dl 0.6.0 `src/lava/lib/dl/netx/hdf5.py`, as `neurodeploy.exporters._netx_read` reads it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from neurodeploy.exporters._netx_layer import FileLayer
from neurodeploy.exporters._netx_read import FileNetwork, read_network
from neurodeploy.exporters._netx_run import execute
from neurodeploy.graph import Graph, IntGraph, Node, Ref
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.graph.numeric import Array
from neurodeploy.importers.imported import Imported
from neurodeploy.importers.source_run import SourceRun

NOTES = (
    "weights, biases, thresholds and decays are the file's integers",
    "a voltage must exceed 64 times the threshold, then it is zero (Lava's LIF); NetX reads no refractory delay",
    "the graph takes all layers in one timestep; Lava takes each layer one timestep later, and the values are the same",
    "states are zero before each sample (in Lava: reset_interval, reset_offset=1)",
)


def from_netx(path: Path, *, timestep_us: float = 1000.0) -> Imported:
    """The integer graph in a `.net` file.

    Args:
        timestep_us: duration of a timestep, which the file does not hold.
    Raises:
        ArtefactError: the file is damaged, or holds what NetX would change or cannot run.
        RangeError: its sums do not fit 32 bits.
    """
    network = read_network(path)
    graph = Graph(tuple(_nodes(network)), timestep_us=timestep_us)
    IntGraph(graph)
    paths = {name: f"layer/{layer.number}" for layer in network.layers for name in _names(layer)}
    present = {node.name for node in graph.nodes}
    return Imported(graph, "netx", {name: path for name, path in paths.items() if name in present}, NOTES)


def run_netx(path: Path, frames: Array) -> SourceRun:
    """The file run by its own reader, with Lava's latency and resets; each sample from the start.

    Args:
        frames: (time, samples, *shape), 0 or 1.
    """
    network = read_network(path)
    parts = [_run_sample(network, frames[:, sample]) for sample in range(frames.shape[1])]
    values = {name: np.stack([part.values[name] for part in parts], 1) for name in parts[0].values}
    return SourceRun(values, np.stack([part.scores for part in parts]))


def _run_sample(network: FileNetwork, frames: Array) -> SourceRun:
    """One sample (time, *shape); a layer's values come one timestep later than those of the layer before it."""
    steps = len(frames)
    silence = np.zeros((len(network.layers), *frames.shape[1:]), frames.dtype)
    records = execute(network.layers, np.concatenate([frames, silence]), 2 * (steps + len(silence)), 1)
    values: dict[str, Array] = {}
    answer = np.zeros(0)
    for rank, layer in enumerate(network.layers):
        own = slice(rank + 1, rank + 1 + steps)
        spikes, voltage = (records[layer.number][name][own] for name in ("spikes", "voltage"))
        answer = voltage[-1] if layer.neuron.is_default else spikes.sum(0)
        if not layer.neuron.is_default:
            name = f"neurons{layer.number}"
            values |= {name: spikes.astype(np.uint8), f"{name}.voltage": voltage}
    return SourceRun(values, answer.reshape(-1))


def _names(layer: FileLayer) -> list[str]:
    number = layer.number
    delays = [] if layer.delay is None else [f"synapses{number}_{delay}" for delay in np.unique(layer.delay)]
    return [f"synapses{number}", f"synapses{number}_rec", *delays, f"neurons{number}"]


def _nodes(network: FileNetwork) -> list[Node]:
    nodes: list[Node] = [Input("input", (), network.input_shape)]
    shape = network.input_shape
    for layer in network.layers:
        if len(shape) == 3 and len(layer.inputs) == 1:
            nodes.append(Flatten(f"flatten{layer.number}", (Ref(nodes[-1].name),)))
        synapses = _synapses(layer, nodes[-1].name)
        nodes += [*synapses, _neurons(layer, tuple(Ref(node.name) for node in synapses))]
        shape = layer.shape
    return nodes


def _synapses(layer: FileLayer, source: str) -> list[Node]:
    """One node, or one for each distinct delay, and one for the recurrent weights."""
    name, inputs = f"synapses{layer.number}", (Ref(source),)
    if layer.weight.ndim == 4:
        geometry = layer.stride, layer.padding, layer.dilation, layer.groups
        return [Conv2d(name, inputs, layer.weight, None, *geometry)]
    if layer.recurrent is not None:
        own = Ref(f"neurons{layer.number}", 1)
        return [Dense(name, inputs, layer.weight), Dense(f"{name}_rec", (own,), layer.recurrent)]
    if layer.delay is None or not layer.delay.any():
        return [Dense(name, inputs, layer.weight)]
    delays = [int(delay) for delay in np.unique(layer.delay)]
    masked = [np.where(layer.delay == delay, layer.weight, 0) for delay in delays]
    return [
        Dense(f"{name}_{delay}", (Ref(source, delay),), weight) for delay, weight in zip(delays, masked, strict=True)
    ]


def _neurons(layer: FileLayer, inputs: tuple[Ref, ...]) -> Node:
    """Cuba, or a Readout where the file has no neurons: their threshold is never exceeded."""
    neuron = layer.neuron
    if neuron.is_default and layer.bias is None:
        return Readout(f"neurons{layer.number}", inputs)
    cuba = Cuba(f"neurons{layer.number}", inputs, neuron.current_decay, neuron.voltage_decay, neuron.threshold)
    return replace(cuba, bias=layer.bias)
