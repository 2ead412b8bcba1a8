"""Mismatched values on real recordings: a dense, a conv, a recurrent and a delay network on every runtime of every target.

python tests/benchmarks/bench_recordings.py NMNIST.tar.gz                      # folder, .zip or .tar.gz
python tests/benchmarks/bench_recordings.py NMNIST.tar.gz --targets c onnx     # without the slow ones
python tests/benchmarks/bench_recordings.py NMNIST.tar.gz --networks dense delay

The weights are random: nothing has to be learned for a value to be wrong. A network that a target refuses is shown with
the reason. Every spike, current and voltage of all test recordings is compared with the simulator that is the
specification, in T = 8 steps.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.deployment import Deployment
from neurodeploy.errors import RangeError, UnsupportedNodeError
from neurodeploy.graph import Graph, IntGraph, Node, Ref
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.targets import find, names, write_artefact
from neurodeploy.verify import verify

STEPS, SEED = 8, 20261121
Rng = np.random.Generator


def weights(rng: Rng, *shape: int) -> np.ndarray:
    """Even numbers -126..126, which every target keeps as they are."""
    return 2 * rng.integers(-63, 64, shape)


def start() -> list[Node]:
    return [Input("input", (), (2, 34, 34)), Flatten("flat", (Ref("input"),))]


def dense(rng: Rng) -> Graph:
    fc1, fc2 = (
        Dense("fc1", (Ref("flat"),), weights(rng, 128, 2312)),
        Dense("fc2", (Ref("lif1"),), weights(rng, 10, 128)),
    )
    lif1, cuba2 = Cuba("lif1", (Ref("fc1"),), 4096, 400, 900), Cuba("cuba2", (Ref("fc2"),), 1000, 400, 300)
    return Graph((*start(), fc1, lif1, fc2, cuba2))


def conv(rng: Rng) -> Graph:
    nodes: list[Node] = [Input("input", (), (2, 34, 34))]
    for number, (ins, outs, size, stride) in enumerate(((2, 16, 5, 2), (16, 32, 3, 2), (32, 64, 3, 1)), start=1):
        weight = weights(rng, outs, ins, size, size)
        before = Ref(nodes[-1].name)
        nodes.append(Conv2d(f"conv{number}", (before,), weight, stride=(stride, stride), padding=(1, 1)))
        nodes.append(Cuba(f"lif{number}", (Ref(f"conv{number}"),), 4096, 2048, (250, 400, 500)[number - 1]))
    fc = Dense("fc", (Ref("flat"),), weights(rng, 10, 64 * 8 * 8))
    return Graph((*nodes, Flatten("flat", (Ref("lif3"),)), fc, Readout("answer", (Ref("fc"),))))


def recurrent(rng: Rng) -> Graph:
    fc1, back = (
        Dense("fc1", (Ref("flat"),), weights(rng, 64, 2312)),
        Dense("back", (Ref("cuba1", 1),), weights(rng, 64, 64)),
    )
    cuba1 = Cuba("cuba1", (Ref("fc1"), Ref("back")), 1024, 400, 1500)
    fc2 = Dense("fc2", (Ref("cuba1"),), weights(rng, 10, 64))
    return Graph((*start(), fc1, back, cuba1, fc2, Readout("answer", (Ref("fc2"),))))


def delay(rng: Rng) -> Graph:
    """Every synapse of the first layer waits 0 to 3 steps, those of the second 2."""
    weight = weights(rng, 64, 2312)
    waits = rng.integers(0, 4, weight.shape)
    first = [Dense(f"fc1_{d}", (Ref("flat", d),), weight * (waits == d)) for d in range(4)]
    cuba1 = Cuba("cuba1", tuple(Ref(node.name) for node in first), 2000, 400, 1200)
    fc2 = Dense("fc2", (Ref("cuba1", 2),), weights(rng, 10, 64))
    return Graph((*start(), *first, cuba1, fc2, Cuba("lif2", (Ref("fc2"),), 4096, 400, 250)))


NETWORKS: dict[str, Callable[[Rng], Graph]] = {
    "dense": dense,
    "conv": conv,
    "recurrent": recurrent,
    "delay": delay,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="N-MNIST: Train/<digit>/*.bin and Test/<digit>/*.bin")
    parser.add_argument("--targets", nargs="*", default=list(names()), metavar="TARGET")
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    arguments = parser.parse_args()
    test = open_frames(DataConfig(dataset="nmnist", path=str(arguments.data), timesteps=STEPS)).test
    frames = np.moveaxis(test.batch(), 0, 1)
    print(f"{frames.shape[1]} test recordings, {STEPS} steps, {frames.mean():.1%} of the inputs spike")
    for name in arguments.networks:
        graph = NETWORKS[name](np.random.default_rng(SEED))
        for target in arguments.targets:
            show(name, graph, target, frames)


def show(name: str, graph: Graph, target: str, frames: np.ndarray) -> None:
    """One line for each runtime, or why the target refuses the network."""
    classes = tuple(map(str, range(graph.shapes[graph.output.name][0])))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            deployment = Deployment(IntGraph(graph), None, STEPS, classes, name)
            artefact = write_artefact(find(target), deployment, Path(folder) / "out")
        except (UnsupportedNodeError, RangeError) as error:
            print(f"{name:10}{target}: refused: {error}")
            return
        for verdict in verify(artefact, frames):
            print(f"{name:10}{verdict}", flush=True)
    print(f"{name:10}{target}: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
