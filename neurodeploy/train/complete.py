"""The remaining epochs of a run, its checkpoints, and at the end its plots and final numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from neurodeploy.data.frame_set import FrameData
from neurodeploy.files import write_file
from neurodeploy.graph import Graph
from neurodeploy.train import ranks
from neurodeploy.train.checkpoint import load_checkpoint, restore_weights, save_checkpoint
from neurodeploy.train.evaluate import Evaluation
from neurodeploy.train.loop import Training, evaluate_both
from neurodeploy.train.plots import plots
from neurodeploy.train.progress import Record, Reporter
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
    began: Callable[[], Mapping[str, float]] = dict,
) -> None:
    """The remaining epochs, then the one look at the test split.

    Args:
        start: the graph that a tuned network began as.
        resume: what to resume after an interruption.
        began: measures the first weights on the test split; called at the end.
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
        _finish(path, training, data, task, start, began)


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
    """Best before last: an epoch counts as done once it is in `last`. The first of several processes writes."""
    if not ranks.is_first():
        return
    if training.best_epoch() == training.epochs_done:
        save_checkpoint(path / BEST, training.checkpoint(with_optimizer=False))
    save_checkpoint(path / LAST, training.checkpoint(with_optimizer=True))
    lines = "".join(json.dumps(record) + "\n" for record in training.history)
    write_file(path / "metrics.jsonl", lines.encode())


def _finish(
    path: Path,
    training: Training,
    data: FrameData,
    task: Task,
    start: Graph | None,
    began: Callable[[], Mapping[str, float]],
) -> None:
    """Plots and final numbers of the best weights, and of those that a tuned network began with.

    Several processes compute them together; the first writes, and the others go on when everything is there.
    """
    metrics: dict[str, Any] = dict(began())
    if start is not None and len(data.test):
        net = new_model(training.config, task, start).to(training.device)
        before = evaluate_both(net, task.graph(net), training.config.data.steps, data.test, np.arange(len(data.test)))
        metrics |= {f"start_accuracy_{mode}": each.accuracy for mode, each in before.items()}
    ranks.wait()
    restore_weights(training.net, load_checkpoint(path / BEST).weights, path / BEST)
    found = training.evaluate(data.test, np.arange(len(data.test))) if len(data.test) else {}
    if ranks.is_first():
        for name, content in plots(training.history).items():
            write_file(path / "plots" / name, content)
        write_json(path / "metrics.json", {**_metrics(training, data, task, found), **metrics})
    ranks.wait()


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
    metrics |= _costs(training.history, len(training.learned))
    metrics |= {key: value for key, value in best.items() if key.startswith("validation_accuracy")}
    for mode, each in found.items():
        metrics |= {f"test_accuracy_{mode}": each.accuracy, f"test_loss_{mode}": each.loss}
    if found:
        deployed = found.get("integer", found["float"])
        metrics |= {"confusion": deployed.confusion.tolist(), "per_class": deployed.per_class}
    if "integer" in found:
        metrics["firing_rate"] = dict(found["integer"].firing_rates)
    return metrics


def _costs(history: Sequence[Record], learned: int) -> dict[str, float]:
    """How much was learned, and what that took in all epochs together.

    visited_ratio: recordings learned, over what it is when every epoch learns each of the `learned` ones. Seconds of
    learning (with the choice of recordings, reading and augmentation; `select_s` is the part of it that scores and
    samples) and of validation; `wall_s` is about their sum.
    """
    visited = sum(record.get("learned", learned) for record in history) / (learned * len(history))
    seconds = {key: [record.get(key) for record in history] for key in ("learn_s", "validation_s", "select_s")}
    known = {key: [value for value in values if value is not None] for key, values in seconds.items()}
    return {"visited_ratio": visited, **{key: round(sum(values), 3) for key, values in known.items() if values}}
