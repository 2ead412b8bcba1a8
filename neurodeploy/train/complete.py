"""The remaining epochs of a run, its checkpoints, and at the end its plots and final numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from neurodeploy.data.frame_set import FrameData
from neurodeploy.files import write_file
from neurodeploy.graph import Graph
from neurodeploy.train.checkpoint import load_checkpoint, restore_weights, save_checkpoint
from neurodeploy.train.evaluate import Evaluation
from neurodeploy.train.loop import Training, evaluate_both
from neurodeploy.train.plots import plots
from neurodeploy.train.progress import Reporter
from neurodeploy.train.run_dir import SCHEMA_VERSION, Task, new_model, write_json

MOST_THREADS = 4
"""CPU threads when the configuration does not say; small layers gain nothing from more."""

LAST, BEST = Path("checkpoints/last"), Path("checkpoints/best")


def complete(
    path: Path,
    training: Training,
    data: FrameData,
    task: Task,
    reporter: Reporter,
    *,
    start: Graph | None,
    resume: Path,
) -> None:
    """The remaining epochs, then the one look at the test split.

    Args:
        start: the graph that a tuned network began as.
        resume: what to resume after an interruption.
    """
    settings = training.config.train
    reporter.begin(settings.epochs, training.epochs_done, training.steps_per_epoch)
    with cpu_threads(settings.threads):
        try:
            while training.epochs_done < settings.epochs:
                training.run_epoch(reporter.step)
                _save(path, training)
                reporter.epoch(training.history[-1])
        except KeyboardInterrupt:
            reporter.note(f"interrupted; go on with: neurodeploy train --resume {resume}")
            raise
        finally:
            reporter.end()
        _finish(path, training, data, task, start)


@contextmanager
def cpu_threads(wanted: int) -> Iterator[int]:
    """Let torch compute in `wanted` threads, or in its own choice up to 4 when that is 0; how many it is."""
    before = torch.get_num_threads()
    torch.set_num_threads(wanted or min(before, MOST_THREADS))
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def _save(path: Path, training: Training) -> None:
    """Best before last: an epoch counts as done once it is in `last`."""
    if training.best_epoch() == training.epochs_done:
        save_checkpoint(path / BEST, training.checkpoint(with_optimizer=False))
    save_checkpoint(path / LAST, training.checkpoint(with_optimizer=True))
    lines = "".join(json.dumps(record) + "\n" for record in training.history)
    write_file(path / "metrics.jsonl", lines.encode())


def _finish(path: Path, training: Training, data: FrameData, task: Task, start: Graph | None) -> None:
    """Plots and final numbers of the best weights, and of those that a tuned network began with."""
    metrics: dict[str, Any] = {}
    if start is not None and len(data.test):
        net = new_model(training.config, task, start).to(training.device)
        began = evaluate_both(net, task.graph(net), training.config.data.steps, data.test, np.arange(len(data.test)))
        metrics = {f"start_accuracy_{mode}": each.accuracy for mode, each in began.items()}
    restore_weights(training.net, load_checkpoint(path / BEST).weights, path / BEST)
    for name, content in plots(training.history).items():
        write_file(path / "plots" / name, content)
    found = training.evaluate(data.test, np.arange(len(data.test))) if len(data.test) else {}
    write_json(path / "metrics.json", {**_metrics(training, data, task, found), **metrics})


def _metrics(training: Training, data: FrameData, task: Task, found: dict[str, Evaluation]) -> dict[str, Any]:
    best = training.history[training.best_epoch() - 1]
    metrics: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "dataset": training.config.data.dataset,
        "seed": training.config.seed,
        "epochs": training.epochs_done,
        "best_epoch": best["epoch"],
        "best_phase": best["phase"],
        "wall_s": training.history[-1]["wall_s"],
        "device": training.device.type,
        "recordings": {"train": len(training.learned), "validation": len(training.validated), "test": len(data.test)},
        "classes": list(task.classes),
    }
    metrics |= {key: value for key, value in best.items() if key.startswith("validation_accuracy")}
    for mode, each in found.items():
        metrics |= {f"test_accuracy_{mode}": each.accuracy, f"test_loss_{mode}": each.loss}
    if found:
        integer = found["integer"]
        metrics |= {"confusion": integer.confusion.tolist(), "per_class": integer.per_class}
        metrics["firing_rate"] = dict(integer.firing_rates)
    return metrics
