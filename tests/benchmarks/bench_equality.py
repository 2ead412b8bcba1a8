"""Every runtime of every target, every value: a dense, a conv, a recurrent and a delay network on all test recordings.

    python tests/benchmarks/bench_equality.py DATA [--epochs 10] [--samples 100] [--skip lava-cpu ...]

DATA is a folder or archive of N-MNIST recordings. The dense (2312-128-64-10), the small (2312-32-10, for the smallest
board) and the conv network (the default strided CNN) are trained; the recurrent network is the dense one with random recurrent weights in its first layer, the delay
network the same with random delays 0 to 3 on every synapse after the first layer. Printed for each runtime: values compared
(spikes, currents and voltages of every neuron at every timestep), spikes among them, and how many values differ.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from neurodeploy import subject
from neurodeploy.config import read_config
from neurodeploy.deployment import Deployment
from neurodeploy.errors import RangeError, UnsupportedNodeError
from neurodeploy.graph import Graph, IntGraph, Node, Ref
from neurodeploy.graph.nodes import Cuba, Dense
from neurodeploy.targets import find, names, write_artefact
from neurodeploy.train.config import RunConfig
from neurodeploy.train.training import train_run
from neurodeploy.verify import verify

TIMESTEPS = 8


def train(folder: Path, data: str, epochs: int, *words: str) -> Path:
    settings = ["data.dataset=nmnist", f"data.path={data}", f"data.timesteps={TIMESTEPS}", f"train.epochs={epochs}"]
    return train_run(read_config(RunConfig, None, [*settings, *words]), folder)


def with_recurrence(graph: Graph, rng: np.random.Generator) -> Graph:
    """The same with random weights from the first layer's spikes back to it, one timestep later."""
    nodes: list[Node] = []
    first = next(node for node in graph.nodes if isinstance(node, Cuba))
    size = graph.shapes[first.name][0]
    back = 2 * rng.integers(-128, 128, (size, size)) * (rng.random((size, size)) < 0.2)
    for node in graph.nodes:
        if node is first:
            nodes.append(Dense("recurrent", (Ref(first.name, 1),), back))
            nodes.append(replace(node, inputs=(*node.inputs, Ref("recurrent"))))
        else:
            nodes.append(node)
    return Graph(tuple(nodes), graph.timestep_us, graph.schedule)


def with_delays(graph: Graph, rng: np.random.Generator) -> Graph:
    """The same with a random delay of 0 to 3 timesteps on every synapse after the first layer."""
    nodes: list[Node] = []
    split: dict[str, list[Ref]] = {}
    for node in graph.nodes:
        behind = node.inputs and isinstance(graph[node.inputs[0].node], Cuba)
        if isinstance(node, Dense) and behind:
            waits = rng.integers(0, 4, node.weight.shape)
            parts = [(f"{node.name}_{delay}", delay) for delay in range(4)]
            source = node.inputs[0].node
            nodes += [
                Dense(name, (Ref(source, d),), node.weight * (waits == d), node.bias if d == 0 else None)
                for name, d in parts
            ]
            split[node.name] = [Ref(name) for name, _ in parts]
        else:
            nodes.append(replace(node, inputs=tuple(r for ref in node.inputs for r in split.get(ref.node, [ref]))))
    return Graph(tuple(nodes), graph.timestep_us, graph.schedule)


def networks(folder: Path, data: str, epochs: int) -> Iterator[tuple[str, Deployment, Path]]:
    dense = train(folder, data, epochs, "model.kind=mlp", "model.hidden=[128,64]", "model.batch_norm=false")
    conv = train(folder, data, epochs)
    trained = subject.deployment(dense)
    yield "dense", trained, dense
    small = train(folder, data, epochs, "model.kind=mlp", "model.hidden=[32]", "model.batch_norm=false")
    yield "small", subject.deployment(small), small
    yield "conv", subject.deployment(conv), conv
    for kind, change in (("recurrent", with_recurrence), ("delay", with_delays)):
        changed = change(trained.integer.graph, np.random.default_rng(20261121))
        yield kind, Deployment(IntGraph(changed), None, trained.timesteps, trained.classes, kind), dense


def check(deployment: Deployment, frames: np.ndarray, folder: Path, skip: list[str]) -> None:
    for target in names():
        exporter = find(target)
        try:
            artefact = write_artefact(exporter, deployment, folder / target)
        except (UnsupportedNodeError, RangeError) as error:
            print(f"  {target:24} refused: {error}", flush=True)
            continue
        for runtime in exporter.runtimes:
            if runtime.name in skip:
                continue
            start = time.perf_counter()
            for verdict in verify(artefact, frames, runtimes=[runtime.name]):
                v, seconds = verdict, time.perf_counter() - start
                counted = f"{v.values:>11,} values, {v.spikes:>9,} spikes, {v.samples} recordings, {seconds:.1f} s"
                print(f"  {v.runtime:30} {v.status.value:16} {counted}  {v.reason}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--samples", type=int, default=0, help="0: all test recordings")
    parser.add_argument("--skip", nargs="*", default=[], help="runtimes to leave out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, deployment, run in networks(folder, options.data, options.epochs):
            frames = subject.samples(run, limit=options.samples).frames
            print(f"{kind}: {frames.shape[1]} recordings, {frames.shape[0]} timesteps", flush=True)
            check(deployment, frames, folder / kind, options.skip)


if __name__ == "__main__":
    main()
