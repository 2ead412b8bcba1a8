"""A NIR file stepped by our interpreter, under the names and in the units of the integer graph."""

from __future__ import annotations

import numpy as np

from neurodeploy.exporters._nir_neuron import DT, is_lif, voltage_unit
from neurodeploy.graph import Graph, Trace
from neurodeploy.graph.nodes import Cuba, Readout
from neurodeploy.graph.numeric import DECAY_ONE, Array
from neurodeploy.nirfile import FileNetwork, Recorded, interpret


def run_network(network: FileNetwork, graph: Graph, frames: Array) -> Trace:
    """Spikes, voltages and (where there is a memory of them) currents, in weight steps.

    A Readout is the sum of the file's output so far.

    Args:
        graph: tells the names of the neurons and how large a weight step is in each.
    Raises:
        ArtefactError: a node cannot be computed, or a neuron of `graph` is missing.
    """
    found = interpret(network, frames, DT)
    values: dict[str, Array] = {}
    for node in graph.nodes:
        if isinstance(node, Readout):
            values[node.name] = found.output.astype(np.float64).cumsum(0)
        elif isinstance(node, Cuba):
            values |= _neuron(network, node, found)
    for name, array in values.items():
        wanted = (*frames.shape[:2], *graph.shapes[name.partition(".")[0]])
        if array.shape != wanted:
            raise network.error(f"node '{name}' gives values {array.shape}, wanted {wanted}")
    return Trace(_with_answer(network, graph, found, values))


def _with_answer(network: FileNetwork, graph: Graph, found: Recorded, values: dict[str, Array]) -> dict[str, Array]:
    """The answer is taken where the file has its Output, not from the neuron that should lead there."""
    if isinstance(graph.output, Cuba):
        if found.output.shape != values[graph.output.name].shape:
            raise network.error(f"its output has shape {found.output.shape[2:]}")
        values[graph.output.name] = found.output.astype(np.float64)
    return values


def _neuron(network: FileNetwork, node: Cuba, found: Recorded) -> dict[str, Array]:
    states = {"voltage"} if is_lif(node) else {"current", "voltage"}
    if {f"{node.name}.{state}" for state in states} - found.values.keys():
        raise network.error(f"it has no {'LIF' if is_lif(node) else 'CubaLIF'} called '{node.name}'", "Export again.")
    unit = voltage_unit(node)
    values = {node.name: found.values[node.name].astype(np.float64)}
    values[f"{node.name}.voltage"] = found.values[f"{node.name}.voltage"].astype(np.float64) / unit
    if node.current_decay < DECAY_ONE:  # else a bias may be part of it, and a LIF has none
        values[f"{node.name}.current"] = found.values[f"{node.name}.current"].astype(np.float64)
    return values
