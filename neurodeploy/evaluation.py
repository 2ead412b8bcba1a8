"""Accuracy of a trained network or of exported files on labelled recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy.errors import ConfigError
from neurodeploy.graph import predictions, simulate
from neurodeploy.graph.numeric import Array
from neurodeploy.subject import Samples, deployment
from neurodeploy.targets import find, read_artefact

BATCH = 100


def trained(run: Path, samples: Samples, runtime: str) -> dict[str, Any]:
    """Accuracy of a run: "torch" gives the float and the integer network, "reference" the integer simulator."""
    if runtime == "reference":
        graph = deployment(run).integer
        answers = [predictions(graph.graph, simulate(graph, part)) for part in _batches(samples.frames)]
        return _result(runtime, samples, {"accuracy": _accuracy(np.concatenate(answers), samples)})
    if runtime != "torch":
        raise ConfigError(key="runtime", found=runtime, allowed="torch, reference")
    from neurodeploy.train.evaluate import accuracy
    from neurodeploy.train.run_dir import load_run

    model = load_run(run).model
    found = {f"accuracy_{mode}": accuracy(model, samples.frames, samples.labels, mode) for mode in ("float", "integer")}
    return _result(runtime, samples, found)


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


def _batches(frames: Array) -> list[Array]:
    return [frames[:, start : start + BATCH] for start in range(0, frames.shape[1], BATCH)]


def _accuracy(answers: Array, samples: Samples) -> float:
    return float((answers == samples.labels).mean())


def _result(runtime: str, samples: Samples, found: dict[str, float]) -> dict[str, Any]:
    return {"runtime": runtime, "samples": len(samples.labels), "source": samples.source, **found}
