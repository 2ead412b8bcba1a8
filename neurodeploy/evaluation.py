"""Accuracy of a trained network or of exported files on labelled recordings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy.errors import ConfigError, DataError
from neurodeploy.fast import Simulator
from neurodeploy.graph import IntGraph, predictions, simulate
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.recordings import Recordings
from neurodeploy.subject import Samples, deployment, is_import
from neurodeploy.targets import Artefact, find, read_artefact

BATCH = 100


def trained(run: Path, samples: Samples, runtime: str) -> dict[str, Any]:
    """Accuracy of a run or import.

    Args:
        runtime: "torch" gives the float network of a run in torch and its integers in the fast simulator, "fast" the
            integers alone, "reference" the integers in the simulator that specifies them. An artificial network has no
            integers: it runs in torch only.
    """
    if runtime in ("fast", "reference"):
        return _result(runtime, samples, {"accuracy": _integer(deployment(run).integer, samples, runtime)})
    if runtime != "torch" or is_import(run):
        allowed = "fast, reference" if is_import(run) else "torch, fast, reference"
        raise ConfigError(key="runtime", found=runtime, allowed=allowed)
    from neurodeploy.train.evaluate import evaluate
    from neurodeploy.train.run_dir import load_run

    net = load_run(run).model
    floats = evaluate(net, samples, np.arange(len(samples.labels))).accuracy
    if net.is_ann:
        return _result(runtime, samples, {"accuracy_float": floats})
    integers = _integer(deployment(run).integer, samples, "fast")
    return _result(runtime, samples, {"accuracy_float": floats, "accuracy_integer": integers})


def _integer(integer: IntGraph, samples: Samples, runtime: str) -> float:
    """Accuracy of the integer network in the fast simulator or in the reference."""
    simulator = Simulator(integer)
    answers = [
        simulator.predictions(part) if runtime == "fast" else predictions(integer.graph, simulate(integer, part))
        for part in _batches(samples.frames)
    ]
    return _accuracy(np.concatenate(answers), samples)


def artefact(path: Path, samples: Samples, runtime: str) -> dict[str, Any]:
    """Accuracy of exported files, executed by one runtime of their target."""
    found = read_artefact(path)
    exporter, graph = find(found.target), found.integer_graph().graph
    known = {each.name: each for each in exporter.runtimes}
    name = runtime or exporter.runtimes[0].name
    if name not in known:
        raise ConfigError(key="runtime", found=name, allowed=", ".join(known))
    traces = (exporter.run(found, known[name], part) for part in _batches(samples.frames))
    answers = [predictions(graph, trace) for trace in traces]
    return _result(name, samples, {"accuracy": _accuracy(np.concatenate(answers), samples)})


def change(exported: Artefact, samples: Samples) -> dict[str, Any]:
    """What an option of the export cost: accuracy and spikes before and after; empty if the network is as it was."""
    trained = exported.trained_graph()
    if trained is None:
        return {}
    networks = {"before": trained, "after": exported.integer_graph()}
    return {"change": {name: _worth(graph, samples) for name, graph in networks.items()}}


def _worth(integer: IntGraph, samples: Samples) -> dict[str, Any]:
    graph, answers = integer.graph, []
    spikes = {node.name: 0 for node in graph.nodes if isinstance(node, Cuba)}
    simulator = Simulator(integer)
    for part in _batches(samples.frames):
        trace = simulator.trace(part, {*spikes, graph.output.name})
        answers.append(predictions(graph, trace))
        spikes = {name: count + int(trace[name].sum()) for name, count in spikes.items()}
    return {"accuracy": _accuracy(np.concatenate(answers), samples), "samples": len(samples.labels), "spikes": spikes}


def _batches(frames: Recordings) -> Iterator[Array]:
    for start in range(0, frames.shape[1], BATCH):
        yield frames[:, start : start + BATCH]


def _accuracy(answers: Array, samples: Samples) -> float:
    if (samples.labels < 0).any():
        hint = "Import the network with a data set: dataset=..."
        raise DataError(source=samples.source, reason="they have no classes, so there is no accuracy", hint=hint)
    return float((answers == samples.labels).mean())


def _result(runtime: str, samples: Samples, found: dict[str, float]) -> dict[str, Any]:
    return {"runtime": runtime, "samples": len(samples.labels), "source": samples.source, **found}
