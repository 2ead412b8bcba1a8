"""Latency of the exported C on this computer against onnxruntime (our int8 sequence file) and PyTorch eager; prints ratios.

    python tests/benchmarks/bench_c_host.py [--repeats 7] [--turns 6] [--block 20] [--timesteps 10] [--native]

Batch 1, one thread, all contenders in one process and in turns, as in bench_onnx.py. Each is handed its input in its own
form, made beforehand: C a list of events for each timestep, the others frames. C is compiled with gcc -O3 (--native adds
-march=native) without debugging and called once per recording; reset, all timesteps and the answer are inside. Before
anything is timed, C and the ONNX file must give the same class scores.
"""

import argparse
import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from bench_onnx import BASE, Eager, measure, mlp, sequence_call, strided_cnn

from neurodeploy.deployment import Deployment
from neurodeploy.exporters.c import CExporter
from neurodeploy.exporters.onnx import EXPORTER
from neurodeploy.graph import Graph
from neurodeploy.graph.nodes import Readout
from neurodeploy.quantize import quantize

DENSITIES = (0.01, 0.03, 0.10)
CLASSES = tuple("0123456789")

PROGRAM = """
#include "net.h"
static net_t net;
const int32_t *run(const net_index_t *events, const uint32_t *counts, uint32_t steps);
const int32_t *run(const net_index_t *events, const uint32_t *counts, uint32_t steps)
{
    uint32_t t;
    net_reset(&net);
    for (t = 0; t < steps; events += counts[t], t++) {
        net_step(&net, events, counts[t]);
    }
    return net_scores(&net);
}
"""


def compiled(graph: Graph, timesteps: int, layout: str, flags: list[str], folder: Path) -> ctypes.CDLL:
    """The network as a shared library in `folder`."""
    deployment = Deployment(quantize(graph).graph, None, timesteps, CLASSES, "net")
    files = CExporter(layout).emit(deployment).files
    folder.mkdir()
    for name in ("net.h", "net.c"):
        (folder / name).write_bytes(files[name])
    (folder / "run.c").write_text(PROGRAM)
    command = ["gcc", "-O3", *flags, "-shared", "-fPIC", "net.c", "run.c", "-o", "net.so"]
    subprocess.run(command, cwd=folder, check=True)
    library = ctypes.CDLL(str(folder / "net.so"))
    library.run.restype = ctypes.POINTER(ctypes.c_int32)
    return library


def c_call(library: ctypes.CDLL, frames: np.ndarray) -> Callable[[], np.ndarray]:
    flat = frames.reshape(len(frames), -1)
    events = np.concatenate([np.flatnonzero(frame) for frame in flat]).astype(np.uint16)
    counts = flat.sum(1).astype(np.uint32)
    pointers = events.ctypes.data_as(ctypes.c_void_p), counts.ctypes.data_as(ctypes.c_void_p)
    run, steps = library.run, len(frames)
    keep = (events, counts)

    def call() -> np.ndarray:
        assert keep
        return np.ctypeslib.as_array(run(*pointers, steps), (len(CLASSES),))

    return call


def onnx_file(graph: Graph, timesteps: int) -> bytes:
    deployment = Deployment(quantize(graph).graph, graph, timesteps, CLASSES)
    return EXPORTER.emit(deployment).files["integer/sequence.onnx"]


def eager_call(model: Eager, frames: np.ndarray) -> Callable[[], object]:
    tensor = torch.from_numpy(frames.astype(np.float32))

    def call() -> object:
        with torch.inference_mode():
            return model(tensor)

    return call


def contenders(graph: Graph, libraries: dict[str, ctypes.CDLL], content: bytes, frames: np.ndarray) -> dict:
    calls: dict[str, Callable[[], object]] = {BASE: eager_call(Eager(graph).eval(), frames)}
    calls["onnxruntime int8"] = sequence_call(content, frames)
    scores = np.asarray(calls["onnxruntime int8"]())[-1, 0]
    for name, library in libraries.items():
        calls[name] = c_call(library, frames)
        np.testing.assert_array_equal(calls[name](), scores)
    return calls


def report(calls: dict, rounds: tuple[int, int, int]) -> None:
    seconds, _ = measure(calls, *rounds)
    for name, own in seconds.items():
        ratios = {other: seconds[other] / own for other in (BASE, "onnxruntime int8") if other != name}
        faster = ", ".join(
            f"{np.median(ratio):6.1f}x {other} ({ratio.min():.1f}..{ratio.max():.1f})"
            for other, ratio in ratios.items()
        )
        print(f"    {name:18} {np.median(own) * 1e6:8.1f} us   speed {faster}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--block", type=int, default=20)
    parser.add_argument("--timesteps", type=int, default=10)
    parser.add_argument("--native", action="store_true")
    arguments = parser.parse_args()
    rounds = (arguments.repeats, arguments.turns, arguments.block)
    flags = ["-march=native"] if arguments.native else []
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    nets = {"mlp 2312-512-10": mlp(rng, False), "strided-cnn 16c5s2-32c3s2-64c3-10": strided_cnn(rng)}
    with tempfile.TemporaryDirectory() as place:
        for name, graph in nets.items():
            assert isinstance(graph.output, Readout)
            content = onnx_file(graph, arguments.timesteps)
            libraries = {
                f"C, {layout}": compiled(graph, arguments.timesteps, layout, flags, Path(place) / f"{name}-{layout}")
                for layout in ("tiles", "rows")
            }
            print(f"{name}; batch 1, T = {arguments.timesteps}, gcc {' '.join(['-O3', *flags])}")
            for density in DENSITIES:
                shape = (arguments.timesteps, 1, *graph.input.shape)
                frames = (np.random.default_rng(1).random(shape) < density).astype(np.uint8)
                print(f"  {density:.0%} of the inputs active")
                report(contenders(graph, libraries, content, frames), rounds)


if __name__ == "__main__":
    main()
