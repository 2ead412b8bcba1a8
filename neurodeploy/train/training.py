"""A run from its configuration to its final numbers, phase by phase, and the continuation of an interrupted one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from neurodeploy.data.config import DataConfig
from neurodeploy.data.datasets import find
from neurodeploy.data.frame_set import FrameData, open_frames
from neurodeploy.errors import ConfigError, DataError
from neurodeploy.graph import Graph
from neurodeploy.train.checkpoint import load_checkpoint, save_checkpoint
from neurodeploy.train.complete import LAST, complete
from neurodeploy.train.config import RunConfig
from neurodeploy.train.loop import Training
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.progress import Reporter, reporter_for
from neurodeploy.train.recipes import Phase, phases_of
from neurodeploy.train.run_dir import CONFIG, Task, create_run, load_run, new_model, record_phases, write_run

MOST_COUNTS = 255
"""Event counts of a frame end here."""

PHASES = "phases"


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
    reporter = progress or reporter_for()
    data = _open(config.data, reporter)
    task = _task(config.data, data)
    if len(data.train) < 2:
        raise DataError(source=config.data.dataset, reason="training needs at least two recordings")
    # Whatever is wrong with the first phase is found before there is a folder.
    first = phases_of(config)[0]
    first_data = _open(first.config.data, reporter)
    training = _training(first, _task(first.config.data, first_data), first_data, start, {})
    first.begin(training.net, {})
    path = create_run(out, config, task, command, start)
    reporter.note(f"run: {path}")
    return _train_phases(path, config, command, reporter)


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
    return _train_phases(path, run.config, ("train", "--resume", str(path)), reporter)


def _train_phases(path: Path, config: RunConfig, command: Sequence[str], reporter: Reporter) -> Path:
    """Train what is missing of every phase; the last one lies in the folder of the run itself."""
    *before, last = phases_of(config)
    earlier: dict[str, SpikingNet] = {}
    for number, phase in enumerate(before, 1):
        folder = path / PHASES / f"{number}-{phase.name}"
        reporter.note(f"phase {number} of {len(before) + 1}: {phase.name}")
        _train_phase(folder, phase, earlier, command, reporter, resume=path)
        earlier[phase.name] = load_run(folder).model
    if before:
        reporter.note(f"phase {len(before) + 1} of {len(before) + 1}: {last.name}")
    _train_phase(path, last, earlier, command, reporter, resume=path)
    if before:
        record_phases(path, [path / PHASES / f"{number}-{phase.name}" for number, phase in enumerate(before, 1)])
    return path


def _train_phase(
    folder: Path,
    phase: Phase,
    earlier: Mapping[str, SpikingNet],
    command: Sequence[str],
    reporter: Reporter,
    *,
    resume: Path,
) -> None:
    data = _open(phase.config.data, reporter)
    if not (folder / CONFIG).exists():
        write_run(folder, phase.config, _task(phase.config.data, data), command)
    run = load_run(folder)
    if run.metrics:
        return
    if data.content_key != run.task.content_key:
        hint = "Put the old recordings back, or start a new run."
        raise DataError(source=phase.config.data.dataset, reason="the recordings changed", hint=hint)
    training = _training(phase, run.task, data, run.start, earlier)
    if (folder / LAST).exists():
        training.restore(load_checkpoint(folder / LAST), folder / LAST)
    else:
        phase.begin(training.net, earlier)
        save_checkpoint(folder / LAST, training.checkpoint(with_optimizer=True))
    complete(folder, training, data, run.task, reporter, start=run.start, resume=resume)


def _training(
    phase: Phase, task: Task, data: FrameData, start: Graph | None, earlier: Mapping[str, SpikingNet]
) -> Training:
    device = choose_device(phase.config.device)
    net = new_model(phase.config, task, start).to(device)
    return Training(phase.config, net, data.train, task.graph, earlier=earlier)


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
