"""A condensed data set: a few integer items, kept as frames and read as the events that give exactly those frames."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Int, Int64, UInt8

from neurodeploy.data.condensed_facts import FACTS, FORMAT, FRAMES, LABELS, VERSION, Facts, read_facts
from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.errors import DataError
from neurodeploy.files import sha256, write_folder


@final
@dataclass(frozen=True, eq=False)
class Condensed:
    """Items with labels.

    Args:
        facts: what they are.
        frames: counts 0..levels; an item with events has some in its first and in its last window, as a recording has.
        labels: class of each item; every class has equally many.
    Raises:
        DataError: the frames are not what the facts say.
    """

    facts: Facts
    frames: UInt8[np.ndarray, "items time 2 height width"]
    labels: Int64[np.ndarray, " items"]

    def __post_init__(self) -> None:
        facts = self.facts
        self._refuse(self.frames.shape != facts.shape, f"frames are {self.frames.shape}, wanted {facts.shape}")
        self._refuse(int(self.frames.max(initial=0)) > facts.levels, f"a count is above {facts.levels}")
        wanted = np.repeat(np.arange(len(facts.classes)), facts.per_class)
        self._refuse(not np.array_equal(np.sort(self.labels), wanted), "the labels are not balanced")
        for place, item in enumerate(self.frames):
            silent = item.any() and not (item[0].any() and item[-1].any())
            self._refuse(bool(silent), f"item {place} has no event in its first or in its last window")

    def _refuse(self, bad: bool, reason: str) -> None:
        if bad:
            raise DataError(source="condensed data set", reason=reason)


def write_condensed(folder: Path, found: Condensed, more: Mapping[str, Any]) -> None:
    """Write the set whole, in the place of an earlier one.

    Args:
        more: further content of condensed.json: settings, seconds, ratios.
    Raises:
        OutputError: the folder holds something else, or cannot be written; the old content is kept.
    """
    files = {FRAMES: _npy(found.frames), LABELS: _npy(found.labels)}
    head = {"format": FORMAT, "version": VERSION, "facts": found.facts.as_dict()}
    digests = {name: sha256(content) for name, content in files.items()}
    text = json.dumps({**head, **more, "sha256": digests}, indent=1) + "\n"
    write_folder(folder, {**files, FACTS: text.encode()}, marker=FACTS)


def read_condensed(folder: Path) -> Condensed:
    """The set in `folder`.

    Raises:
        DataError: there is none, or a file is missing, damaged or not what the facts say.
    """
    facts, found = read_facts(folder)
    digests = found.get("sha256")
    if not isinstance(digests, dict):
        reason = "it says no SHA-256 of its files"
        raise DataError(source=folder / FACTS, reason=reason, hint="Distil again, or copy the whole folder again.")
    arrays = [_load(folder / name, digests.get(name)) for name in (FRAMES, LABELS)]
    for array, name, kind, axes in zip(arrays, (FRAMES, LABELS), (np.uint8, np.int64), (5, 1), strict=True):
        if array.dtype != kind or array.ndim != axes:
            reason = f"holds {array.dtype} with {array.ndim} axes, wanted {np.dtype(kind)} with {axes}"
            raise DataError(source=folder / name, reason=reason)
    return Condensed(facts, *arrays)


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _load(path: Path, digest: object) -> np.ndarray:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(source=path, reason=f"it cannot be read ({error.strerror})", hint="Distil again.") from error
    if sha256(content) != digest:
        reason = f"it is not the file that {FACTS} was written with"
        raise DataError(source=path, reason=reason, hint="Distil again, or copy the whole folder again.")
    try:
        array: np.ndarray = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DataError(source=path, reason=f"it is no array of numbers ({error})", hint="Distil again.") from error
    return array


def with_ends(frames: UInt8[np.ndarray, "items time 2 height width"]) -> UInt8[np.ndarray, "items time 2 height width"]:
    """`frames` with one event in a first or last window that has none: in the cell where the item has most events.

    Windows are laid between a recording's first and last event, so an item that began or ended with silence could not
    be told from a shorter one. Items without any event stay as they are.
    """
    filled = frames.copy()
    for item in filled:
        most = np.unravel_index(int(item.sum(0, dtype=np.int64).argmax()), item.shape[1:])
        for end in (0, -1):
            if item.any() and not item[end].any():
                item[(end, *most)] = 1
    return filled


def to_events(frames: UInt8[np.ndarray, "time 2 height width"], span_us: int, source: str) -> EventStream:
    """Events that `frames.bin_by_duration` turns into exactly these frames, under its own span as under `span_us`.

    The n events of a cell are spread evenly over its window; those of the first window begin with it, those of the last
    end with it.

    Args:
        frames: counts; the first and the last window have events, or none has.
        span_us: duration of all windows together, at least one µs each.
    """
    steps = len(frames)
    window, polarity, y, x = np.nonzero(frames)
    counts = frames[window, polarity, y, x].astype(np.int64)
    place = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
    starts = _first_times(np.arange(steps + 1), steps, span_us)
    begin, length = starts[:-1][window[place]], np.diff(starts)[window[place]]
    offset = rank * length // counts[place]
    is_last = window[place] == steps - 1
    events = np.zeros(len(place), EVENT)
    events["t"] = begin + np.where(is_last & (steps > 1), length - 1 - offset, offset)
    events["x"], events["y"], events["p"] = x[place], y[place], polarity[place]
    height, width = frames.shape[2:]
    return EventStream(events[np.argsort(events["t"], kind="stable")], (int(height), int(width)), source)


def _first_times(window: Int[np.ndarray, " n"], steps: int, span_us: int) -> Int[np.ndarray, " n"]:
    """First µs of each window: the least t with t * steps // span_us = window."""
    first: Int[np.ndarray, " n"] = -(-window * span_us // steps)
    return first
