"""Many networks in one shared library: generated, compiled once, and run from Python with every value in sight."""

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.conformance import RngChoose, draw_network
from neurodeploy.deployment import Deployment
from neurodeploy.exporters._c_files import network_files
from neurodeploy.graph import Graph, IntGraph, Trace
from neurodeploy.graph.nodes import Cuba

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")

REPLAY = """
#include "@.h"
int @_replay(@_t *m, const uint8_t *frames, uint32_t steps, int dense, @_index_t *events, int32_t *out);
int @_replay(@_t *m, const uint8_t *frames, uint32_t steps, int dense, @_index_t *events, int32_t *out)
{
    uint32_t t, k, r, layer;
    @_reset(m);
    for (t = 0; t < steps; t++, frames += @_INPUT_SIZE) {
        uint32_t count = 0;
        int answer;
        for (k = 0; k < @_INPUT_SIZE; k++)
            for (r = 0; r < frames[@_INPUT_SIZE - 1 - k]; r++)
                events[count++] = (@_index_t)(@_INPUT_SIZE - 1 - k);
        answer = dense ? @_step_dense(m, frames) : @_step(m, events, count);
        if (answer < 0) return answer;
        for (layer = 0; layer < @_NEURON_LAYERS; layer++)
            for (k = 0; k < @_layer_size(layer); k++) {
                *out++ = @_spike(m, layer, k);
                *out++ = @_current(m, layer, k);
                *out++ = @_voltage(m, layer, k);
            }
        *out++ = answer;
        *out++ = @_predict(m);
    }
    return (int)sizeof *m;
}
"""


@dataclass(frozen=True, eq=False)
class Net:
    name: str
    network: IntGraph
    files: dict[str, bytes]


def require(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def net(network: IntGraph, name: str, rows: bool = False, timesteps: int = 8) -> Net:
    classes = ("a",)
    emitted = network_files(Deployment(network, None, timesteps, classes, name), rows=rows)
    return Net(name, network, dict(emitted.files))


def random_networks(seed: int, count: int) -> list[IntGraph]:
    return [draw_network(RngChoose(np.random.default_rng((seed, k)))).network for k in range(count)]


def write(nets: Sequence[Net], folder: Path, *endings: str) -> list[str]:
    """NAME.h, NAME.c and the files with `endings`; the names of those to compile."""
    units = []
    for one in nets:
        for name in (f"{one.name}.h", f"{one.name}.c", *(ending.format(one.name) for ending in endings)):
            (folder / name).write_bytes(one.files[name])
            units += [name] if name.endswith(".c") else []
    return units


def debug(nets: Sequence[Net]) -> list[str]:
    return [f"-D{one.name}_DEBUG" for one in nets]


def gcc(folder: Path, *arguments: str, compiler: str = "gcc") -> None:
    done = subprocess.run([compiler, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]


def library(nets: Sequence[Net], folder: Path, *options: str) -> ctypes.CDLL:
    folder.mkdir(parents=True, exist_ok=True)
    units = write(nets, folder)
    (folder / "replay.c").write_text("".join(REPLAY.replace("@", one.name) for one in nets))
    gcc(folder, "-O1", "-shared", "-fPIC", *STRICT, *options, *debug(nets), *units, "replay.c", "-o", "nets.so")
    return ctypes.CDLL(str(folder / "nets.so"))


def shown(graph: Graph) -> list:
    """Layers of the debug interface."""
    return [node for node in graph.nodes if node.states or node is graph.output]


@dataclass(frozen=True, eq=False)
class Replayed:
    """Values as the simulator names them; what step returned and predict said, (steps, samples)."""

    trace: Trace
    answers: np.ndarray
    classes: np.ndarray


def replay(lib: ctypes.CDLL, one: Net, frames: np.ndarray, dense: bool = False) -> Replayed:
    """The samples in `frames`, by event lists in descending order or by whole frames."""
    graph = one.network.graph
    steps, samples = frames.shape[:2]
    sizes = [int(np.prod(graph.shapes[node.name])) for node in shown(graph)]
    per_step = 3 * sum(sizes) + 2
    found = np.zeros((samples, steps, per_step), np.int32)
    state = np.zeros(1 << 20, np.uint8)
    events = np.zeros(int(np.prod(graph.input.shape)) * graph.input.high + 1, np.uint32)
    run = getattr(lib, f"{one.name}_replay")
    for sample in range(samples):
        own = np.ascontiguousarray(frames[:, sample]).astype(np.uint8)
        pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (state, own, events, found[sample])]
        size = run(pointers[0], pointers[1], steps, int(dense), pointers[2], pointers[3])
        assert 0 < size <= state.size, f"{one.name}: {size}"
    found = np.moveaxis(found, 0, 1)
    return Replayed(trace(graph, found, sizes), found[..., -2], found[..., -1])


def trace(graph: Graph, found: np.ndarray, sizes: Sequence[int]) -> Trace:
    values: dict[str, np.ndarray] = {}
    at = 0
    for node, size in zip(shown(graph), sizes, strict=True):
        part = found[..., at : at + 3 * size].reshape(*found.shape[:2], *graph.shapes[node.name], 3).astype(np.int64)
        at += 3 * size
        values[node.name] = part[..., 0] if isinstance(node, Cuba) else part[..., 2]
        if node.states:
            values[f"{node.name}.current"], values[f"{node.name}.voltage"] = part[..., 1], part[..., 2]
    return Trace(values)
