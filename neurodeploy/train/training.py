"""A run from its configuration to its final numbers, phase by phase, and the continuation of an interrupted one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from neurodeploy.data.config import DataConfig
from neurodeploy.data.datasets import find
from neurodeploy.data.datasets.dataset import Recording
from neurodeploy.data.frame_set import FrameData, open_frames
from neurodeploy.errors import ConfigError, DataError
from neurodeploy.graph import Graph
from neurodeploy.train import ranks
from neurodeploy.train.checkpoint import load_checkpoint, save_checkpoint
from neurodeploy.train.complete import LAST, complete
from neurodeploy.train.config import RunConfig
from neurodeploy.train.launch import launch
from neurodeploy.train.loop import Training
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.progress import Reporter, Silent, reporter_for
from neurodeploy.train.recipes import Phase, phases_of
from neurodeploy.train.run_dir import CONFIG, Run, Task, create_run, load_run, new_model, record_phases, write_run

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
    """Train a network; returns the new folder below `out`. Inside `ranks.together` all processes call it.

    Args:
        start: go on from the weights of this float graph; `config.model.kind` is "graph" then.
        command: the command line, to be kept in the folder.
        progress: told what happens; by default a bar or lines on stderr.
    Raises:
        ConfigError, DataError, OutputError.
        KeyboardInterrupt: the last completed epoch is saved; `resume_run` goes on from there.
    """
    config.check()
    reporter = _reporter(progress)
    data = _open(config.data, reporter)
    task = _task(config.data, data)
    if len(data.train) < 2:
        raise DataError(source=config.data.dataset, reason="training needs at least two recordings")
    # Whatever is wrong with the first phase is found before there is a folder.
    first = phases_of(config)[0]
    first_data = _open(first.config.data, reporter)
    training = _training(first, _task(first.config.data, first_data), first_data, start, {})
    first.begin(training.net, {})
    path = ranks.from_first(create_run(out, config, task, command, start) if ranks.is_first() else out)
    reporter.note(f"run: {path}")
    return _train_phases(path, config, command, reporter)


def resume_run(path: Path, *, progress: Reporter | None = None) -> Path:
    """Go on with the interrupted run at `path`, to the weights that an uninterrupted one would have reached (on CPU).

    Raises:
        CheckpointError: the folder is no run or its last checkpoint is damaged.
        DataError: the recordings are missing or are not the ones that it was trained on.
    """
    reporter = _reporter(progress)
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
    if before and ranks.is_first():
        record_phases(path, [path / PHASES / f"{number}-{phase.name}" for number, phase in enumerate(before, 1)])
    ranks.wait()
    return path


def _reporter(progress: Reporter | None) -> Reporter:
    """Who is told: of several processes, the first speaks."""
    return (progress or reporter_for()) if ranks.is_first() else Silent()


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
    if ranks.is_first() and not (folder / CONFIG).exists():
        write_run(folder, phase.config, _task(phase.config.data, data), command)
    ranks.wait()
    run = load_run(folder)
    if run.metrics:
        return
    if data.content_key != run.task.content_key:
        hint = "Put the old recordings back, or start a new run."
        raise DataError(source=phase.config.data.dataset, reason="the recordings changed", hint=hint)
    training = _training(phase, run.task, data, run.start, earlier)
    if ranks.from_first((folder / LAST).exists()):
        training.restore(load_checkpoint(folder / LAST), folder / LAST)
    else:
        phase.begin(training.net, earlier)
        ranks.copy_from_first(training.trained)
        if ranks.is_first():
            save_checkpoint(folder / LAST, training.checkpoint(with_optimizer=True))
    complete(
        folder,
        training,
        data,
        run.task,
        reporter,
        start=run.start,
        resume=resume,
        began=_began(phase, run, data, earlier),
    )


def _began(
    phase: Phase, run: Run, data: FrameData, earlier: Mapping[str, SpikingNet]
) -> Callable[[], Mapping[str, float]]:
    """What the phase measures of its first weights, once it is asked for: then the test split is opened."""

    def measure() -> Mapping[str, float]:
        if phase.began is None or not len(data.test):
            return {}
        net = new_model(phase.config, run.task, run.start)
        phase.begin(net, earlier)
        return phase.began(net.to(choose_device(phase.config.device)), earlier, data.test)

    return measure


def _training(
    phase: Phase, task: Task, data: FrameData, start: Graph | None, earlier: Mapping[str, SpikingNet]
) -> Training:
    device = choose_device(phase.config.device)
    net = new_model(phase.config, task, start).to(device)
    return Training(phase.config, net, data.train, task.graph, earlier=earlier, classes=task.classes)


def choose_device(name: str) -> torch.device:
    """The device called "auto", "cpu" or "cuda"; "auto" is CUDA when there is one, of several processes each its own.

    Raises:
        ConfigError: CUDA was asked for and is not there, or there are more processes here than devices.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ConfigError(key="device", found=name, allowed="auto or cpu: torch sees no CUDA device")
    if not available or name == "cpu":
        return torch.device("cpu")
    if ranks.size() == 1:
        return torch.device("cuda")
    place, count = launch().local, torch.cuda.device_count()
    if place >= count:
        allowed = f"cpu, or at most {count} processes on this machine: one for each CUDA device"
        raise ConfigError(key="device", found=name, allowed=allowed)
    torch.cuda.set_device(place)
    return torch.device("cuda", place)


def _open(config: DataConfig, reporter: Reporter) -> FrameData:
    def say(split: str, done: int, total: int) -> None:
        if done == total:
            reporter.note(f"frames of {total} {split} recordings computed")

    data = open_frames(config, say)
    return replace(data, open_split=lambda split: ranks.one_ahead(lambda: data.open_split(split)))


def _task(config: DataConfig, data: FrameData) -> Task:
    shape = (2, *data.sensor)
    return Task(shape, config.high, data.classes, timestep_us(config), data.content_key, data.split)


def timestep_us(config: DataConfig, most: int = 8) -> float:
    """Mean duration of a timestep in µs; where recordings decide, the mean of `most` of them, spread over the split."""
    if config.duration_us:
        return config.duration_us / config.timesteps
    path = Path(config.path).expanduser() if config.path else None
    opened = find(config.dataset).open(path, config.sensor)
    key = (config.dataset, opened.content_key, most)
    if key not in _SPANS:
        _SPANS[key] = _spans(opened.train, most)
    return float(np.mean(_SPANS[key])) / config.timesteps if _SPANS[key] else 1.0


_SPANS: dict[tuple[str, str, int], list[int]] = {}
"""Durations in µs that were measured before: the phases of a recipe ask again, and a simulated camera is slow."""


def _spans(recordings: Sequence[Recording], most: int) -> list[int]:
    chosen = np.linspace(0, len(recordings) - 1, min(most, len(recordings))).round().astype(int)
    times = [recordings[place].load().events["t"] for place in chosen]
    return [int(time[-1]) - int(time[0]) + 1 for time in times if len(time)]
