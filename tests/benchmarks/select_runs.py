"""Trainings that take turns, one epoch each, and go on where they were interrupted."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy.config import as_tree, build
from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import FrameSet, open_frames
from neurodeploy.train.checkpoint import load_checkpoint, restore_weights, save_checkpoint
from neurodeploy.train.complete import BEST, LAST, cpu_threads
from neurodeploy.train.config import RunConfig
from neurodeploy.train.loop import Training
from neurodeploy.train.run_dir import Task, new_model, write_json
from neurodeploy.train.training import choose_device

Result = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Data:
    """Recordings: to train on, to test on, and, if there is one, a second set to test on."""

    config: DataConfig
    second_config: DataConfig | None

    @cached_property
    def opened(self) -> Any:
        return open_frames(self.config)

    @cached_property
    def tests(self) -> dict[str, FrameSet]:
        second = {} if self.second_config is None else {"second": open_frames(self.second_config).test}
        return {"test": self.opened.test, **second}


class Contestant:
    """One training below `out`/<name>, and its result in `out`/<name>.json."""

    def __init__(self, config: RunConfig, out: Path, data: Data) -> None:
        self.config, self.data = config, data
        select = config.select
        name = "full" if select.kind == "all" else f"{select.kind}-{select.ratio:g}"
        self.name = f"{config.data.dataset}-{name}-seed{config.seed}"
        self.folder, self.file = out / self.name, out / f"{self.name}.json"

    @cached_property
    def result(self) -> Result | None:
        """What an earlier call found, if it had the same settings."""
        if not self.file.exists():
            return None
        found: Result = json.loads(self.file.read_text())
        if build(RunConfig, found["settings"]) != self.config:
            raise SystemExit(f"{self.file} was made with other settings; choose another --out")
        return found

    @cached_property
    def training(self) -> Training:
        """Where it is; on its last checkpoint when there is one."""
        opened = self.data.opened
        task = Task((2, *opened.sensor), 1 if self.config.data.binary else 255, opened.classes, 1.0, "", "")
        net = new_model(self.config, task).to(choose_device(self.config.device))
        training = Training(self.config, net, opened.train, task.graph)
        if (self.folder / LAST).exists():
            training.restore(load_checkpoint(self.folder / LAST), self.folder / LAST)
        return training

    def advance(self, epoch: int) -> None:
        """Be at least where `epoch` ends."""
        training = self.training
        if training.epochs_done >= epoch:
            return
        started = time.process_time()
        training.run_epoch(lambda: None)
        training.history[-1]["cpu_s"] = round(time.process_time() - started, 4)
        if training.best_epoch() == training.epochs_done:
            save_checkpoint(self.folder / BEST, training.checkpoint(with_optimizer=False))
        save_checkpoint(self.folder / LAST, training.checkpoint(with_optimizer=True))

    def finish(self, together: Sequence[str]) -> Result:
        """Test the best weights, and keep everything that was found.

        Args:
            together: names of the trainings that took turns.
        """
        training, config = self.training, self.config
        restore_weights(training.net, load_checkpoint(self.folder / BEST).weights, self.folder / BEST)
        found: Result = {"name": self.name, "settings": as_tree(config), "together": sorted(together)}
        for test, frames in self.data.tests.items():
            for mode, each in training.evaluate(frames, np.arange(len(frames))).items():
                found[f"{test}_accuracy_{mode}"] = each.accuracy
            found[f"{test}_recordings"] = len(frames)
        epochs, history = config.train.epochs, training.history
        pruned = sum(config.select.prunes(number, epochs) for number in range(1, epochs + 1))
        found["recordings"] = len(training.learned)
        found["visited_ratio"] = sum(record["learned"] for record in history) / (len(training.learned) * epochs)
        found["theoretical_saving"] = config.select.ratio * pruned / epochs
        if config.select.kind == "infobatch":
            found["theoretical_saving"] = 1 - found["visited_ratio"]  # it decides by itself how many it leaves out
        found["epochs"] = history
        self.result = found
        write_json(self.file, found)
        return found


def warm_up(contestant: Contestant, most: int = 200) -> None:
    """Two small epochs that are thrown away, in floats and in integers: no contestant pays for compilation or the disk."""
    original, frames = contestant.training, contestant.data.opened.train
    frames.records.max()
    train = replace(contestant.config.train, epochs=2, quantize_from=0.5)
    config = replace(contestant.config, train=train, select=replace(contestant.config.select, kind="sadp", ratio=0.5))
    few = replace(frames, records=frames.records[:most], labels=frames.labels[:most], ids=frames.ids[:most])
    training = Training(config, deepcopy(original.net), few, original.graph_of)
    for _ in range(2):
        training.run_epoch(lambda: None)


def train_in_turns(contestants: Sequence[Contestant], threads: int) -> None:
    """Train all that have no result yet: the first epoch of each, the second of each, and so on."""
    missing = [each for each in contestants if each.result is None]
    if not missing:
        return
    names = [each.name for each in missing]
    epochs = missing[0].config.train.epochs
    with cpu_threads(threads):
        warm_up(missing[0])
        for epoch in range(1, epochs + 1):
            # Whoever begins finds other things in the caches than whoever follows.
            first = epoch % len(missing)
            for each in (*missing[first:], *missing[:first]):
                each.advance(epoch)
            print(f"epoch {epoch}/{epochs} of {', '.join(names)}", flush=True)
        for each in missing:
            each.finish(names)


def with_select(config: RunConfig, kind: str, ratio: float, warmup: int, delta: float, seed: int) -> RunConfig:
    """`config` with another choice of recordings; "full" chooses all."""
    kind = "all" if kind == "full" else kind
    least = 2 if kind == "forgetting" else 1
    select = replace(config.select, kind=kind, ratio=ratio, warmup=max(warmup, least), delta=delta)
    found = replace(config, select=select, seed=seed)
    found.check()
    return found
