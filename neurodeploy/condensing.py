"""Recordings condensed into a few integer items per class, and what that saves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy.config import as_tree, read_config
from neurodeploy.data.condensed import Condensed, with_ends, write_condensed
from neurodeploy.data.condensed_facts import FACTS, Facts, Source
from neurodeploy.data.frame_set import FrameData, FrameSet, open_frames
from neurodeploy.files import refuse_folder
from neurodeploy.train.complete import cpu_threads
from neurodeploy.train.condense import CondenseRun, Items, condense
from neurodeploy.train.training import timestep_us

FEW, MORE = 32, 100
"""Items up to which little training does, and up to which little more does."""
BATCH, LARGE_BATCH = 10, 32
"""Most items in a step of training on at most `MORE` of them, and on others."""
STEPS = (300, 500, 1000)
"""Steps that training on at most `FEW` items takes, on at most `MORE`, and on others.

Ten items of mnist-saccade: 500 steps were 0.3 points better than 300. A hundred: 500 were 4 points better than 300,
and 1000 of 32 one more at 4 times the cost.
"""
SMOOTHING = 0.1
"""Of the labels: a few items are soon learned by heart."""

Progress = Callable[[str], None]


def distill_data(config: Path | None, words: Sequence[str], *, out: Path, progress: Progress) -> dict[str, Any]:
    """Condense the training split of a data set into the folder `out`.

    Args:
        config: TOML file, or None for the defaults.
        words: key=value settings that win over the file.
    Returns:
        ready for JSON: the facts of the set, seconds, ratios, first and last value of each term, and settings of
        training that suit it.
    Raises:
        ConfigError, DataError, OutputError; an earlier content of `out` is kept then.
    """
    job = read_config(CondenseRun, config, words)
    refuse_folder(out, marker=FACTS)
    data = open_frames(job.data, _frames_note(progress))
    recordings = data.train
    progress(f"{len(recordings)} recordings of {job.data.dataset}, {len(data.classes)} classes")
    with cpu_threads(job.threads):
        items = condense(job, recordings, len(data.classes), progress)
    facts = facts_of(job, data)
    more = {
        "settings": as_tree(job),
        "seconds": dict(items.seconds),
        "ratios": storage(recordings, items),
        "terms": _ends(items.history),
        "train": recipe(facts.items),
    }
    more |= {} if items.chosen is None else {"chosen": [recordings.ids[place] for place in items.chosen]}
    write_condensed(out, Condensed(facts, with_ends(items.frames), items.labels), more)
    return {"condensed": str(out), "facts": facts.as_dict(), **more}


def facts_of(job: CondenseRun, data: FrameData) -> Facts:
    """What a set condensed under `job` says about itself."""
    own = job.data
    path = str(Path(own.path).expanduser().resolve()) if own.path else ""
    source = Source(own.dataset, path, own.height, own.width, data.content_key, len(data.train))
    wanted = job.condense
    window_us = max(1, round(timestep_us(own)))
    numbers = (wanted.per_class, wanted.levels, own.timesteps, own.duration_us, own.binary, window_us)
    return Facts(wanted.method, data.classes, *numbers, data.sensor, source)


def storage(recordings: FrameSet, items: Items) -> dict[str, float]:
    """How much less there is to store.

    Returns:
        storage_ratio_items: recordings over items; storage_ratio_bytes: bytes of the recordings' frames, as this
        package keeps them (bits where they are binary), over those of the items, a byte for each cell.
    """
    kept = int(np.asarray(recordings.records).nbytes)
    return {
        "storage_ratio_items": len(recordings) / len(items.frames),
        "storage_ratio_bytes": kept / items.frames.nbytes,
    }


def recipe(items: int) -> list[str]:
    """Settings of training that suit a set of so many items: many passes, and strong changes of the items.

    The baselines in tests/benchmarks/bench_condense.py are trained with the same ones.
    """
    batch = batch_size(items)
    epochs = -(-steps(items) * batch // items)
    changes = [f"augment.{name}={value:g}" for name, value in as_tree(CondenseRun().augment).items() if value]
    return [f"train.epochs={epochs}", f"train.batch_size={batch}", f"train.label_smoothing={SMOOTHING}", *changes]


def steps(items: int) -> int:
    """Optimizer steps that training on so many items is advised to take."""
    return STEPS[(items > FEW) + (items > MORE)]


def batch_size(items: int) -> int:
    """Items in a step of the training that is advised for so many."""
    return min(items, BATCH if items <= MORE else LARGE_BATCH)


def _frames_note(progress: Progress) -> Callable[[str, int, int], None]:
    def say(split: str, done: int, total: int) -> None:
        if done == total:
            progress(f"frames of {total} {split} recordings computed")

    return say


def _ends(history: Sequence[dict[str, float]], most: int = 20) -> dict[str, dict[str, float]]:
    """Mean of the first and of the last iterations of each term."""
    if not history:
        return {}
    parts = {"first": history[:most], "last": history[-most:]}
    return {
        name: {when: float(np.mean([record[name] for record in part])) for when, part in parts.items()}
        for name in history[0]
    }
