"""NIR files of any writer as graphs: NIR's equations, stepped by Euler's method.

What a file means is what `neurodeploy.nirfile` computes of it; every import can be compared with that (`run_nir`). NIR
has no timestep: it comes from the file's metadata if its writer put it there, else from the user.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import numpy as np

from neurodeploy.errors import ConfigError
from neurodeploy.graph import Graph
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import Array
from neurodeploy.importers.imported import Imported
from neurodeploy.importers.nir_build import Build
from neurodeploy.importers.nir_neuron import neurons_of, without_reset
from neurodeploy.importers.nir_wiring import Wiring
from neurodeploy.importers.source_run import SourceRun
from neurodeploy.nirfile import FileNetwork, interpret, read_network

US_PER_S: Final = 1e6


def read_nir(source: Path | Any, *, dt: float | None = None) -> Imported:  # Any: a nir.NIRGraph; nir has no types
    """The float graph of a NIR file (or of a `nir.NIRGraph`).

    Args:
        dt: seconds of a timestep; None takes the metadata's.
    Raises:
        ArtefactError: the file is damaged or no network; the node is named.
        ConfigError: dt is neither given nor in the file.
        UnsupportedNodeError: a node has no meaning in the graph; its path is named.
    """
    network = _network(source)
    step = _dt(network, dt)
    build = Build(network, step, _number(network, "input_high", 1.0, 255.0) or 1.0)
    nodes = build.nodes()
    paths = {node.name: build.paths[node.name] for node in nodes if node.name in build.paths}
    origin = "as given" if dt is not None else "from the file's metadata"
    notes = (f"dt = {step:g} s, {origin}; a step keeps 1 - dt/tau of a state (Euler)", *build.notes)
    timestep = _number(network, "timestep_us", 0.0, np.inf) or step * US_PER_S
    return Imported(Graph(nodes, timestep_us=timestep), "nir", paths, notes)


def run_nir(source: Path | Any, imported: Imported, frames: Array, *, dt: float | None = None) -> SourceRun:
    """The file stepped by our interpreter, which knows nothing of the graph.

    Args:
        imported: what `read_nir` made of it; tells names, and the unit of voltages.
        frames: (time, samples, *input shape of the graph).
        dt: as for `read_nir`.
    """
    network = _network(source)
    step = _dt(network, dt)
    wiring = Wiring(network, step)
    own = wiring.file_shapes[network.the_input().path]
    found = interpret(network, frames.reshape(*frames.shape[:2], *own), step)
    values: dict[str, Array] = {}
    for name, path in imported.paths.items():
        if isinstance(imported.graph[name], Cuba):
            shape = imported.graph.shapes[name]
            spikes = found.values[path].reshape(*frames.shape[:2], *shape)
            values[name] = spikes.astype(np.uint8)
            if f"{path}.voltage" in found.values:
                neurons = neurons_of(network.nodes[path], step, wiring.file_shapes[path], shape)
                voltage = found.values[f"{path}.voltage"].reshape(spikes.shape).astype(np.float64)
                values[f"{name}.voltage"] = without_reset(voltage, spikes, neurons)
    end = network.sources(network.the_output().path)
    integrates = [network.nodes[path].kind for path in end] == ["I"]
    scores = found.output[-1] if integrates else found.output.sum(0)
    return SourceRun(values, scores.reshape(frames.shape[1], -1))


def _network(source: Path | Any) -> FileNetwork:
    if isinstance(source, Path):
        return read_network(source)
    import nir

    buffer = io.BytesIO()
    nir.write(buffer, source)
    return read_network(buffer.getvalue(), "NIRGraph")


def _dt(network: FileNetwork, given: float | None) -> float:
    step = _number(network, "dt", 0.0, np.inf) if given is None else given
    if step is None or not 0 < step < np.inf:
        hint = "NIR has no timestep, and this writer left none: --dt 1e-4 is what snnTorch and SpikingJelly write for."
        raise ConfigError(key="dt", found=step, allowed="seconds of a timestep, > 0", hint=hint)
    return float(step)


def _number(network: FileNetwork, key: str, low: float, high: float) -> float | None:
    """A number of the metadata; None if it is absent or cannot be meant."""
    value = network.metadata.get(key)
    if not isinstance(value, np.ndarray) or value.size != 1 or value.dtype.kind not in "iuf":
        return None
    number = float(value.reshape(()))
    return number if low <= number <= high and np.isfinite(number) and number > 0 else None
