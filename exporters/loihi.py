"""Loihi: a NetX HDF5 file for lava-dl, and the script that runs it in Lava's CPU simulator.

Written with h5py alone; Lava is archived, wants an environment of its own and is never imported here. Two runtimes
execute the file again: `netx-file-reader` (our reader and integer execution, other code than the writer) and `lava-cpu`
(the real NetX). Neither is a run on a chip: cores, axons and synapse memory are not modelled by them.

Source:
    lava-nc/lava-dl 0.6.0 `src/lava/lib/dl/netx/hdf5.py` and lava-nc/lava 0.10.0 `src/lava/proc`, read and run.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, ClassVar, final

import numpy as np

from neurodeploy.deployment import Deployment
from neurodeploy.errors import DataError
from neurodeploy.exporters._lava import run_in_lava
from neurodeploy.exporters._netx_chain import links_of
from neurodeploy.exporters._netx_emit import layers_of
from neurodeploy.exporters._netx_notes import NETWORK, Notes, read_notes
from neurodeploy.exporters._netx_read import FileNetwork, read_network
from neurodeploy.exporters._netx_refuse import refuse
from neurodeploy.exporters._netx_run import execute
from neurodeploy.exporters._netx_same import check_nodes, check_numbers
from neurodeploy.exporters._netx_write import network_bytes
from neurodeploy.graph import Trace
from neurodeploy.graph.nodes import Readout
from neurodeploy.graph.numeric import Array
from neurodeploy.targets import Artefact, Emitted, Exporter, Runtime

SCRIPT = "run_lava.py"
READER, LAVA = Runtime("netx-file-reader"), Runtime("lava-cpu")


@final
class LoihiExporter(Exporter):
    """NetX HDF5 and a Lava script."""

    target: ClassVar[str] = "loihi"
    runtimes: ClassVar[tuple[Runtime, ...]] = (READER, LAVA)

    def emit(self, deployment: Deployment) -> Emitted:
        refuse(deployment.integer)
        graph = deployment.integer.graph
        layers, places = layers_of(graph)
        restart = any(link.carries_over for link in links_of(graph))
        notes: dict[str, Any] = {  # JSON values
            "format": "NetX HDF5, lava-dl 0.6.0",
            "layers": places,
            "latency": {node: rank + 1 for rank, node in enumerate(places)},
            "reset_interval": deployment.timesteps + (len(places) + 1 if restart else 0),
            "reset_offset": 1,
            "restart": restart,
            "input": {"encoding": "spikes, 0 or 1", "shape": list(graph.input.shape)},
            "answer": {
                "node": graph.output.name,
                "read": "voltage" if isinstance(graph.output, Readout) else "spikes",
            },
            "warnings": _warnings(deployment.timesteps, restart),
        }
        return Emitted({NETWORK: network_bytes(layers), SCRIPT: script_bytes()}, notes)

    def run(self, artefact: Artefact, runtime: Runtime, frames: Array) -> Trace:
        if len(frames) != artefact.timesteps:
            reason = f"{len(frames)} timesteps, the artefact takes {artefact.timesteps}"
            raise DataError(source="frames", reason=reason)
        notes = read_notes(artefact)
        network = read_network(artefact.folder / NETWORK)  # for Lava too: what it cannot read makes it wait for ever
        network.check(notes, frames.shape[2:])
        graph = artefact.integer_graph().graph
        check_nodes(artefact, graph, notes)
        if runtime.name == LAVA.name:
            return _trace(notes, run_in_lava(artefact, notes, frames, script_bytes()))
        check_numbers(graph, notes, network)
        return _trace(notes, _run_file(network, notes, frames))


def script_bytes() -> bytes:
    """The script that is shipped beside the network and that `lava-cpu` starts."""
    return (files("neurodeploy.exporters") / "loihi_run_lava.py.in").read_bytes()


def _warnings(timesteps: int, restart: bool) -> list[str]:
    if restart:
        reason = "Lava's reset clears neurons, not the spikes that wait in synapses"
        return [f"{reason}: with delays or recurrence each sample needs a network of its own."]
    if timesteps & (timesteps - 1) == 0:
        return []
    return [f"reset_interval {timesteps} is not a power of two: Lava's CPU simulator runs it, Loihi 2 does not."]


def _run_file(network: FileNetwork, notes: Notes, frames: Array) -> Mapping[str, Array]:
    """All samples through the layers read from the file, back to back or each from the start as the notes say."""
    groups = range(frames.shape[1]) if notes.restart else [slice(None)]
    parts = [_run_stream(network, notes, frames[:, [g] if isinstance(g, int) else g]) for g in groups]
    return {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}


def _run_stream(network: FileNetwork, notes: Notes, frames: Array) -> Mapping[str, Array]:
    """Samples back to back, latencies taken off as declared."""
    timesteps, samples = frames.shape[:2]
    stream = np.moveaxis(frames, 1, 0).reshape(samples * timesteps, *frames.shape[2:])
    silence = np.zeros((max(notes.latency.values()), *stream.shape[1:]), stream.dtype)
    records = execute(network.layers, np.concatenate([stream, silence]), notes.reset_interval, notes.reset_offset)
    found = {}
    for node, number in notes.layers.items():
        for name, values in records[number].items():
            own = values[notes.latency[node] :][: samples * timesteps]
            found[f"{node}.{name}"] = np.moveaxis(own.reshape(samples, timesteps, *own.shape[1:]), 0, 1)
    return found


def _trace(notes: Notes, found: Mapping[str, Array]) -> Trace:
    """`found` under the integer graph's names: a node's own name is its output."""
    values = {}
    for node in notes.layers:
        output = notes.answer_read if node == notes.answer_node else "spikes"
        values[node] = found[f"{node}.{output}"]
        values |= {f"{node}.{state}": found[f"{node}.{state}"] for state in ("current", "voltage")}
    return Trace({name: array.astype(np.int64) for name, array in values.items()})


EXPORTER = LoihiExporter()
