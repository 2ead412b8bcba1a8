"""Networks for the tests of the ONNX target: random ones of every structure, and their float twins."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from neurodeploy.deployment import Deployment
from neurodeploy.errors import ShapeError
from neurodeploy.exporters.onnx import EXPORTER
from neurodeploy.graph import Graph, IntGraph, Node, Ref, Schedule, Synapse
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset, SumPool2d
from neurodeploy.targets import Artefact, Runtime, write_artefact

INTEGER = [runtime for runtime in EXPORTER.runtimes if "integer" in runtime.name]
FLOAT = [runtime for runtime in EXPORTER.runtimes if "float" in runtime.name]
RUNTIMES = {runtime.name.removeprefix("onnxruntime-"): runtime for runtime in EXPORTER.runtimes}

Rng = np.random.Generator


def export(graph: Graph, folder: Path, floats: Graph | None = None, timesteps: int = 4) -> Artefact:
    classes = tuple(str(n) for n in range(graph.shapes[graph.output.name][0]))
    return write_artefact(EXPORTER, Deployment(IntGraph(graph), floats, timesteps, classes), folder / "out")


def run(artefact: Artefact, runtime: Runtime, frames: np.ndarray):
    return EXPORTER.run(artefact, runtime, frames)


def frames(rng: Rng, graph: Graph, time: int, batch: int, density: float = 0.4) -> np.ndarray:
    shape = (time, batch, *graph.input.shape)
    return rng.integers(0, graph.input.high + 1, shape) * (rng.random(shape) < density)


def float_twin(graph: Graph, factor: float = 0.01) -> Graph:
    """The network with weights, biases and thresholds multiplied by `factor`."""
    return replace(graph, nodes=tuple(_scaled(node, factor) for node in graph.nodes))


def _scaled(node: Node, factor: float) -> Node:
    if not isinstance(node, Synapse | Cuba):
        return node
    changes: dict = {} if node.bias is None else {"bias": node.bias * factor}
    if isinstance(node, Synapse):
        return replace(node, weight=node.weight * factor, **changes)
    return replace(node, threshold=node.threshold * factor, **changes)


def random_network(rng: Rng) -> Graph:
    """Maps or vectors, one to five layers, with pooling, groups, delays, recurrence and both schedules by chance."""
    high = int(rng.choice([1, 1, 5, 127, 128, 255]))
    nodes: list[Node]
    if rng.random() < 0.4:
        size = int(rng.integers(1, 30))
        nodes = [Input("input", (), (size,), high)]
    else:
        shape = tuple(int(n) for n in (rng.integers(1, 4), rng.integers(5, 12), rng.integers(5, 12)))
        nodes = [Input("input", (), shape, high)]
        for layer in range(rng.integers(1, 3)):
            shape = _maps(rng, nodes, shape, layer)
        nodes.append(Flatten("flat", (_ref(rng, nodes[-1].name),)))
        size = int(np.prod(shape))
    for layer in range(rng.integers(1, 4)):
        size = _dense_layer(rng, nodes, size, layer, 1500 if high < 6 else 30000)
    if rng.random() < 0.6:
        nodes.append(Dense("last", (_ref(rng, nodes[-1].name),), weights(rng, (5, size)), _bias(rng, 5)))
        nodes.append(Readout("answer", (_ref(rng, "last"),)))
    return Graph(tuple(nodes), schedule=Schedule.PIPELINED if rng.random() < 0.2 else Schedule.SWEEP)


def weights(rng: Rng, shape: tuple[int, ...]) -> np.ndarray:
    """Of every range that the exporter stores in another way."""
    low, high, step = [(-128, 128, 1), (-128, 128, 2), (0, 256, 1), (-3000, 3000, 1), (-20, 24, 1)][rng.integers(5)]
    return rng.integers(low, high, shape) * step


def _bias(rng: Rng, size: int) -> np.ndarray | None:
    return None if rng.random() < 0.5 else rng.integers(-300, 301, size)


def _ref(rng: Rng, name: str) -> Ref:
    return Ref(name, int(rng.integers(1, 4)) if rng.random() < 0.12 else 0)


def _neuron(rng: Rng, name: str, refs: tuple[Ref, ...], channels: int, threshold: int) -> Cuba:
    current = int(rng.choice([4096, 4096, 0, 1, 2048, int(rng.integers(0, 4097))]))
    voltage = int(rng.choice([0, 1, 410, 1024, 4096, int(rng.integers(0, 4097))]))
    reset = Reset.SUBTRACT if rng.random() < 0.5 else Reset.ZERO
    return Cuba(name, refs, current, voltage, int(rng.integers(0, threshold)), _bias(rng, channels), reset)


def _pair(rng: Rng, low: int, high: int) -> tuple[int, int]:
    return int(rng.integers(low, high)), int(rng.integers(low, high))


def _maps(rng: Rng, nodes: list[Node], shape: tuple[int, ...], layer: int) -> tuple[int, ...]:
    try:
        if rng.random() < 0.3:
            pool = SumPool2d(f"pool{layer}", (_ref(rng, nodes[-1].name),), _pair(rng, 1, 3), _pair(rng, 1, 3))
            shape = pool.output_shape(shape)
            nodes.append(pool)
        groups = 1 if rng.random() < 0.6 else shape[0]
        out = groups * int(rng.integers(1, 4))
        weight = weights(rng, (out, shape[0] // groups, *_pair(rng, 1, 4)))
        geometry = {"stride": _pair(rng, 1, 3), "padding": _pair(rng, 0, 3), "dilation": _pair(rng, 1, 3)}
        refs = (_ref(rng, nodes[-1].name),)
        conv = Conv2d(f"conv{layer}", refs, weight, _bias(rng, out), groups=groups, **geometry)
        shape = conv.output_shape(shape)
    except ShapeError:
        return shape
    nodes += [conv, _neuron(rng, f"cuba{layer}", (_ref(rng, conv.name),), out, 2000)]
    return shape


def _dense_layer(rng: Rng, nodes: list[Node], size: int, layer: int, threshold: int) -> int:
    out, name = int(rng.integers(1, 20)), f"lif{layer}"
    nodes.append(Dense(f"fc{layer}", (_ref(rng, nodes[-1].name),), weights(rng, (out, size)), _bias(rng, out)))
    refs = [_ref(rng, f"fc{layer}")]
    if rng.random() < 0.25:
        nodes.append(Dense(f"back{layer}", (Ref(name, int(rng.integers(1, 3))),), weights(rng, (out, out))))
        refs.append(Ref(f"back{layer}"))
    if rng.random() < 0.15:
        refs.append(Ref(f"fc{layer}", 1))
    nodes.append(_neuron(rng, name, tuple(refs), out, threshold))
    if rng.random() < 0.2:
        nodes.append(Add(f"add{layer}", (Ref(name), _ref(rng, name))))
    return out
