"""Networks for the tests of the Loihi target: random sequential ones, and a small one of every layer kind."""

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from neurodeploy.deployment import Deployment
from neurodeploy.errors import ShapeError
from neurodeploy.exporters.loihi import EXPORTER, LAVA, READER
from neurodeploy.files import sha256
from neurodeploy.graph import Graph, IntGraph, Node, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.targets import MANIFEST, Artefact, Runtime, read_artefact, write_artefact
from neurodeploy.verify.compare import Compared, compare

__all__ = ["LAVA", "READER"]

Rng = np.random.Generator


def even(rng: Rng, *shape: int, top: int = 60) -> np.ndarray:
    """Even integers -top..top, both signs."""
    values = 2 * rng.integers(-(top // 2), top // 2 + 1, shape)
    values.reshape(-1)[:2] = (top, -top)
    return values


def spikes(rng: Rng, graph: Graph, time: int, samples: int, density: float = 0.4) -> np.ndarray:
    """The first sample twice, so that a state leaking from sample to sample shows."""
    frames = (rng.random((time, samples, *graph.input.shape)) < density).astype(np.uint8)
    frames[:, -1] = frames[:, 0]
    return frames


def export(graph: Graph, folder: Path, timesteps: int = 8) -> Artefact:
    classes = tuple(str(n) for n in range(graph.shapes[graph.output.name][0]))
    return write_artefact(EXPORTER, Deployment(IntGraph(graph), None, timesteps, classes), folder / "out")


def compared(artefact: Artefact, runtime: Runtime, frames: np.ndarray) -> Compared:
    """What was equal; raises MismatchError otherwise. All neurons and all their states are among it."""
    expected = simulate(artefact.integer_graph(), frames)
    found = EXPORTER.run(artefact, runtime, frames)
    nodes = artefact.integer_graph().graph.nodes
    assert set(found.values) == {f"{n.name}{part}" for n in nodes if n.states for part in ("", ".current", ".voltage")}
    return compare(expected, found, expected.values)


def recurrent_net(rng: Rng) -> Graph:
    """12 inputs, 9 recurrent neurons with a current memory, 5 outputs."""
    nodes = (
        Input("input", (), (12,)),
        Dense("fc1", (Ref("input"),), even(rng, 9, 12)),
        Dense("rec1", (Ref("cuba1", 1),), even(rng, 9, 9)),
        Cuba("cuba1", (Ref("fc1"), Ref("rec1")), 1024, 512, 90, bias=rng.integers(-20, 91, 9)),
        Dense("fc2", (Ref("cuba1"),), even(rng, 5, 9)),
        Cuba("cuba2", (Ref("fc2"),), 4096, 512, 60, bias=rng.integers(-20, 31, 5)),
    )
    return Graph(nodes)


def delayed_net(rng: Rng) -> Graph:
    """12 inputs, 9 neurons whose synapses wait 0 to 3 steps, 5 outputs whose synapses wait 0, 1 or 5."""
    first, second = even(rng, 9, 12), even(rng, 5, 9)
    waits, later = rng.integers(0, 4, first.shape), rng.choice([0, 1, 5], second.shape)
    nodes: list[Node] = [Input("input", (), (12,))]
    nodes += [Dense(f"fc1_{d}", (Ref("input", d),), first * (waits == d)) for d in range(4)]
    nodes += [Cuba("cuba1", tuple(Ref(f"fc1_{d}") for d in range(4)), 1024, 512, 90, bias=rng.integers(-20, 91, 9))]
    nodes += [Dense(f"fc2_{d}", (Ref("cuba1", d),), second * (later == d)) for d in (0, 1, 5)]
    return Graph((*nodes, Readout("answer", tuple(Ref(f"fc2_{d}") for d in (0, 1, 5)))))


def biased_behind_delays(rng: Rng, *, first: int = 60, last: int = 400) -> Graph:
    """Delays between layers 1 and 2; biases of both, of which the second fires before its first input arrives."""
    middle = even(rng, 8, 9)
    waits = rng.choice([0, 1, 3], middle.shape)
    nodes: list[Node] = [Input("input", (), (12,)), Dense("fc1", (Ref("input"),), even(rng, 9, 12))]
    nodes.append(Cuba("cuba1", (Ref("fc1"),), 4096, 512, 90, bias=np.linspace(-20, first, 9).astype(np.int64)))
    nodes += [Dense(f"fc2_{d}", (Ref("cuba1", d),), middle * (waits == d)) for d in (0, 1, 3)]
    biases = np.linspace(-50, last, 8).astype(np.int64)
    nodes.append(Cuba("cuba2", tuple(Ref(f"fc2_{d}") for d in (0, 1, 3)), 1024, 512, 90, bias=biases))
    nodes += [Dense("fc3", (Ref("cuba2"),), even(rng, 6, 8)), Cuba("cuba3", (Ref("fc3"),), 4096, 512, 90)]
    return Graph((*nodes, Dense("fc", (Ref("cuba3"),), even(rng, 5, 6)), Readout("answer", (Ref("fc"),))))


def every_kind(rng: Rng) -> Graph:
    """Two convs (one grouped and dilated), flatten, two dense layers, biases, all decays, a read-out."""
    nodes = (
        Input("input", (), (2, 9, 11)),
        Conv2d("conv1", (Ref("input"),), even(rng, 4, 2, 3, 5), stride=(2, 1), padding=(1, 2)),
        Cuba("lif1", (Ref("conv1"),), 4096, 410, 90, bias=rng.integers(-20, 40, 4)),
        Conv2d("conv2", (Ref("lif1"),), even(rng, 6, 2, 2, 3), padding=(0, 2), dilation=(2, 1), groups=2),
        Cuba("cuba2", (Ref("conv2"),), 1024, 128, 200),
        Flatten("flatten", (Ref("cuba2"),)),
        Dense("fc3", (Ref("flatten"),), even(rng, 12, 6 * 3 * 13)),
        Cuba("if3", (Ref("fc3"),), 4096, 0, 300, bias=rng.integers(-20, 40, 12)),
        Dense("fc4", (Ref("if3"),), even(rng, 5, 12)),
        Readout("answer", (Ref("fc4"),)),
    )
    return Graph(nodes)


def random_network(rng: Rng) -> Graph:
    """Vectors or maps, one to four layers, ending in neurons or a read-out by chance."""
    nodes: list[Node]
    if rng.random() < 0.4:
        nodes = [Input("input", (), (int(rng.integers(1, 30)),))]
    else:
        nodes = [Input("input", (), tuple(int(n) for n in rng.integers((1, 5, 5), (5, 12, 12))))]
        for number in range(rng.integers(1, 3)):
            nodes += _conv(rng, nodes, number)
        nodes.append(Flatten("flatten", (Ref(nodes[-1].name),)))
    for number in range(rng.integers(1, 3)):
        nodes += _dense(rng, nodes, f"{number}")
    if rng.random() < 0.5:
        last = nodes.pop()
        nodes.append(Readout("answer", last.inputs))
    return Graph(tuple(nodes))


def _shape(nodes: list[Node]) -> tuple[int, ...]:
    return nodes[0].output_shape(()) if len(nodes) == 1 else Graph(tuple(nodes)).shapes[nodes[-1].name]


def _conv(rng: Rng, nodes: list[Node], number: int) -> list[Node]:
    shape, before = _shape(nodes), Ref(nodes[-1].name)
    for _ in range(100):
        groups = int(rng.choice([g for g in (1, 2, 3, 4) if shape[0] % g == 0]))
        weight = even(rng, groups * int(rng.integers(1, 4)), shape[0] // groups, *rng.integers(1, 5, 2))
        pairs = {"stride": rng.integers(1, 3, 2), "padding": rng.integers(0, 3, 2), "dilation": rng.integers(1, 3, 2)}
        geometry = {name: (int(pair[0]), int(pair[1])) for name, pair in pairs.items()}
        conv = Conv2d(f"conv{number}", (before,), weight, None, **geometry, groups=groups)
        try:
            channels = conv.output_shape(shape)[0]
        except ShapeError:
            continue
        return [conv, _cuba(rng, f"map{number}", conv.name, channels)]
    raise AssertionError("no conv fits")


def _dense(rng: Rng, nodes: list[Node], name: str) -> list[Node]:
    (inputs,) = _shape(nodes)
    dense = Dense(f"fc{name}", (Ref(nodes[-1].name),), even(rng, int(rng.integers(2, 20)), inputs))
    return [dense, _cuba(rng, f"cuba{name}", dense.name, len(dense.weight))]


def _cuba(rng: Rng, name: str, source: str, channels: int) -> Cuba:
    decays = [int(rng.choice([0, 4096, 1, 4095, rng.integers(0, 4097)])) for _ in range(2)]
    bias = rng.integers(-50, 100, channels) if rng.random() < 0.5 else None
    return Cuba(name, (Ref(source),), *decays, int(rng.integers(0, 300)), bias=bias)


def edit_network(artefact: Artefact, change: Callable[[h5py.File], None]) -> Artefact:
    """The artefact with its network changed and the manifest's hash made to fit, so that only the meaning differs."""
    path = artefact.folder / "network.net"
    with h5py.File(path, "r+") as file:
        change(file)
    return edit_manifest(artefact, lambda manifest: manifest["files"].update({path.name: sha256(path.read_bytes())}))


def edit_manifest(artefact: Artefact, change: Callable[[dict], object]) -> Artefact:
    """The artefact with its manifest changed."""
    path = artefact.folder / MANIFEST
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    return read_artefact(artefact.folder)
