"""A run from its configuration to its final numbers, and the continuation of an interrupted one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from neurodeploy.data.config import DataConfig
from neurodeploy.data.datasets import find
from neurodeploy.data.frame_set import FrameData, open_frames
from neurodeploy.errors import ConfigError, DataError
from neurodeploy.files import write_file
from neurodeploy.graph import Graph
from neurodeploy.train.checkpoint import load_checkpoint, restore_weights, save_checkpoint
from neurodeploy.train.config import RunConfig
from neurodeploy.train.evaluate import Evaluation
from neurodeploy.train.loop import Training, evaluate_both
from neurodeploy.train.plots import plots
from neurodeploy.train.progress import Reporter, reporter_for
from neurodeploy.train.run_dir import SCHEMA_VERSION, Task, create_run, load_run, new_model, write_json

MOST_THREADS = 4
"""CPU threads when the configuration does not say; small layers gain nothing from more."""
MOST_COUNTS = 255
"""Event counts of a frame end here."""

LAST, BEST = Path("checkpoints/last"), Path("checkpoints/best")


def train_run(
    config: RunConfig,
    out: Path,
    *,
    start: Graph | None = None,
    command: Sequence[str] = (),
    progress: Reporter | None = None,
) -> Path:
    """Train a network; returns the new folder below `out`.

    Args:
        start: go on from the weights of this float graph; `config.model.kind` is "graph" then.
        command: the command line, to be kept in the folder.
        progress: told what happens; by default a bar or lines on stderr.
    Raises:
        ConfigError, DataError, OutputError.
        KeyboardInterrupt: the last completed epoch is saved; `resume_run` goes on from there.
    """
    config.check()
    device = choose_device(config.device)
    reporter = progress or reporter_for()
    data = _open(config.data, reporter)
    task = _task(config.data, data)
    if len(data.train) < 2:
        raise DataError(source=config.data.dataset, reason="training needs at least two recordings")
    training = Training(config, new_model(config, task, start).to(device), data.train, task.graph)
    path = create_run(out, config, task, command, start)
    reporter.note(f"run: {path}")
    save_checkpoint(path / LAST, training.checkpoint(with_optimizer=True))
    return _complete(path, training, data, task, reporter, start)


def resume_run(path: Path, *, progress: Reporter | None = None) -> Path:
    """Go on with the interrupted run at `path`, to the weights that an uninterrupted one would have reached (on CPU).

    Raises:
        CheckpointError: the folder is no run or its last checkpoint is damaged.
        DataError: the recordings are missing or are not the ones that it was trained on.
    """
    reporter = progress or reporter_for()
    run = load_run(path)
    if run.metrics:
        reporter.note(f"{path} is complete: {len(run.history)} epochs")
        return path
    data = _open(run.config.data, reporter)
    if data.content_key != run.task.content_key:
        hint = "Put the old recordings back, or start a new run."
        raise DataError(source=run.config.data.dataset, reason="the recordings changed", hint=hint)
    net = new_model(run.config, run.task, run.start).to(choose_device(run.config.device))
    training = Training(run.config, net, data.train, run.task.graph)
    training.restore(load_checkpoint(path / LAST), path / LAST)
    return _complete(path, training, data, run.task, reporter, run.start)


def choose_device(name: str) -> torch.device:
    """The device called "auto", "cpu" or "cuda"; "auto" is CUDA when there is one.

    Raises:
        ConfigError: CUDA was asked for and is not there.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ConfigError(key="device", found=name, allowed="auto or cpu: torch sees no CUDA device")
    return torch.device("cuda" if available and name != "cpu" else "cpu")


def _open(config: DataConfig, reporter: Reporter) -> FrameData:
    def say(split: str, done: int, total: int) -> None:
        if done == total:
            reporter.note(f"frames of {total} {split} recordings computed")

    return open_frames(config, say)


def _task(config: DataConfig, data: FrameData) -> Task:
    high = 1 if config.binary else MOST_COUNTS
    shape = (2, *data.sensor)
    return Task(shape, high, data.classes, timestep_us(config), data.content_key, data.split)


def timestep_us(config: DataConfig, most: int = 8) -> float:
    """Mean duration of a timestep in µs; where recordings decide, the mean of `most` of them, spread over the split."""
    if config.duration_us:
        return config.duration_us / config.timesteps
    path = Path(config.path).expanduser() if config.path else None
    recordings = find(config.dataset).open(path, config.sensor).train
    chosen = np.linspace(0, len(recordings) - 1, min(most, len(recordings))).round().astype(int)
    times = [recordings[place].load().events["t"] for place in chosen]
    spans = [int(time[-1]) - int(time[0]) + 1 for time in times if len(time)]
    return float(np.mean(spans)) / config.timesteps if spans else 1.0


def _complete(
    path: Path, training: Training, data: FrameData, task: Task, reporter: Reporter, start: Graph | None
) -> Path:
    """The remaining epochs, then the one look at the test split."""
    settings = training.config.train
    reporter.begin(settings.epochs, training.epochs_done, training.steps_per_epoch)
    with cpu_threads(settings.threads):
        try:
            while training.epochs_done < settings.epochs:
                training.run_epoch(reporter.step)
                _save(path, training)
                reporter.epoch(training.history[-1])
        except KeyboardInterrupt:
            reporter.note(f"interrupted; go on with: neurodeploy train --resume {path}")
            raise
        finally:
            reporter.end()
        _finish(path, training, data, task, start)
    return path


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
        began = evaluate_both(
            net, task.graph(net), training.config.data.timesteps, data.test, np.arange(len(data.test))
        )
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
