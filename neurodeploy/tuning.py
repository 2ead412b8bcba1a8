"""Fine-tuning of a network that exists: with another reset, for other recordings, or to the integers of the targets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy import subject
from neurodeploy.config import override
from neurodeploy.errors import ConfigError, UnsupportedNodeError
from neurodeploy.graph import Graph, predictions, simulate
from neurodeploy.import_folder import read_import
from neurodeploy.train import run_dir
from neurodeploy.train.config import RunConfig
from neurodeploy.train.training import train_run

RECIPE = ("train.epochs=20", "train.lr=5e-4", "train.quantize_from=0.5")
"""An eighth of the rate that networks are trained with; half of the epochs in the integers of the targets."""
BATCH = 100


def tune(source: Path, reset: str, out: Path, words: Sequence[str] = (), command: Sequence[str] = ()) -> dict[str, Any]:
    """Train the float network of `source` further, with neurons that reset as asked, into a new run below `out`.

    Args:
        source: a run, an import or an artefact; a run's settings are taken over.
        reset: "zero" or "subtract".
        words: key=value settings; others than those of the source and of the recipe.
    Returns:
        the run, and accuracies on the test split: of the source, of its weights with the new reset, after tuning.
    Raises:
        UnsupportedNodeError: no float network, or one that cannot be trained.
        ConfigError: the recordings do not fit the network.
    """
    _refuse_delays(source)
    network = subject.deployment(source)
    if network.float_graph is None:
        hint = "Its integers are final; tune the network that they were made from."
        raise UnsupportedNodeError(
            target="training",
            node="network",
            kind="integer graph",
            reason=f"{source} keeps no float network",
            hint=hint,
        )
    config = _config(source, reset, network.timesteps, words)
    run = run_dir.load_run(train_run(config, out, start=network.float_graph, command=command))
    frames = subject.samples(run.path)
    metrics = run.metrics
    changed = {mode: metrics.get(f"start_accuracy_{mode}") for mode in ("float", "integer")}
    after = {mode: metrics.get(f"test_accuracy_{mode}") for mode in ("float", "integer")}
    before = {"float": _accuracy(network.float_graph, frames)}
    return {"run": str(run.path), "samples": frames.source, "before": before, "changed": changed, "after": after}


def _refuse_delays(source: Path) -> None:
    """A run whose delays were learned is known by its settings; other sources are refused by the node that waits."""
    if (source / "metrics.jsonl").is_file() and run_dir.load_run(source).config.neuron.has_delays:
        hint = f"neurodeploy train ... train.init={source} goes on with weights and delays."
        raise ConfigError(key="neuron.delays", found="learned", allowed="none in a network that is tuned", hint=hint)


def _config(source: Path, reset: str, timesteps: int, words: Sequence[str]) -> RunConfig:
    """The source's own settings, the recipe, then `words`; the network decides the rest."""
    if reset not in ("zero", "subtract"):
        raise ConfigError(key="reset", found=reset, allowed="zero, subtract")
    own = [*RECIPE, *words, "model.kind=graph", "recipe.kind=plain", "train.init=", f"neuron.reset={reset}"]
    if (source / "metrics.jsonl").is_file():
        return override(run_dir.load_run(source).config, own)
    own.insert(0, f"data.timesteps={timesteps}")
    imported = read_import(source).data if subject.is_import(source) else None
    if imported is None and not any(word.startswith(("dataset=", "data.dataset=")) for word in words):
        hint = "Name the recordings to train on: dataset=... data.path=..."
        raise ConfigError(key="dataset", found="none", allowed="a data set: the source knows of none", hint=hint)
    return override(RunConfig() if imported is None else RunConfig(data=imported.data), own)


def _accuracy(graph: Graph, samples: subject.Samples) -> float:
    """Share of right answers of a float graph."""
    parts = range(0, len(samples.labels), BATCH)
    traces = (simulate(graph, samples.frames[:, start : start + BATCH]) for start in parts)
    answers = np.concatenate([predictions(graph, trace) for trace in traces])
    return float((answers == samples.labels).mean())
