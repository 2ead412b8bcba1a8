"""Frames of a whole data set: computed once, kept on disk, read batch by batch through a memory map.

Binary frames are kept as bits: 60,000 recordings of 8 x 2 x 34 x 34 take 139 MB instead of 1.1 GB, and turning a batch
of 64 back into bytes takes well under a millisecond.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
from jaxtyping import Int, Int64, UInt8

from neurodeploy.data import frames
from neurodeploy.data.config import MOST, DataConfig
from neurodeploy.data.datasets import find
from neurodeploy.data.datasets.dataset import Opened, Recording
from neurodeploy.data.frame_cache import read_frames, write_frames
from neurodeploy.data.split import take_balanced
from neurodeploy.errors import DataError
from neurodeploy.files import write_file

Progress = Callable[[str, int, int], None]
"""Called with the split, the recordings done and the recordings in all, while frames are computed."""

_BLOCK = 64


@final
@dataclass(frozen=True, eq=False)
class FrameSet:
    """Frames and labels of one split.

    Args:
        records: one row per recording, usually a memory map: bits (most significant first) when `binary`, else bytes.
        binary: whether `records` holds bits.
        windows: (timesteps, 2, height, width) of one row.
        labels: class of each recording.
        ids: name of each recording.
        kept: windows that a network is shown.
        most: counts above it are cut to it.
    """

    records: UInt8[np.ndarray, "recordings bytes"]
    binary: bool
    windows: tuple[int, int, int, int]
    labels: Int64[np.ndarray, " recordings"]
    ids: tuple[str, ...]
    kept: slice = field(default_factory=lambda: slice(None))
    most: int = MOST

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(time, 2, height, width) of what a network is shown of one recording."""
        return (len(range(*self.kept.indices(self.windows[0]))), *self.windows[1:])

    def batch(
        self, indices: Int[np.ndarray, " batch"] | slice = slice(None)
    ) -> UInt8[np.ndarray, "batch time 2 height width"]:
        """What a network is shown of the recordings at `indices`, in that order; of all of them by default."""
        return self.whole(indices)[:, self.kept]

    def whole(
        self, indices: Int[np.ndarray, " batch"] | slice = slice(None)
    ) -> UInt8[np.ndarray, "batch time 2 height width"]:
        """All windows of the recordings at `indices`."""
        rows = np.asarray(self.records[indices])
        if self.binary:
            rows = np.unpackbits(rows, axis=1, count=math.prod(self.windows))
        elif self.most < MOST:
            rows = np.minimum(rows, np.uint8(self.most))
        return rows.reshape(-1, *self.windows)


@final
@dataclass(frozen=True, eq=False)
class FrameData:
    """Frames of a data set; each split is computed, or opened from the cache, when it is first asked for.

    Args:
        classes: name of each label.
        sensor: (height, width) in pixels.
        content_key: of the raw recordings.
        split: how train and test were told apart.
        open_split: opens "train" or "test".
    """

    classes: tuple[str, ...]
    sensor: tuple[int, int]
    content_key: str
    split: str
    open_split: Callable[[str], FrameSet]

    @cached_property
    def train(self) -> FrameSet:
        """The training split, at most `data.limit` recordings of it."""
        return self.open_split("train")

    @cached_property
    def test(self) -> FrameSet:
        """The test split; training asks for it once, at the end."""
        return self.open_split("test")


def open_frames(config: DataConfig, progress: Progress | None = None) -> FrameData:
    """The frames that `config` describes. Nothing but the list of recordings is read before a split is asked for.

    Raises:
        ConfigError: a setting is out of range, or no data set has that name.
        DataError: the recordings are missing or damaged.
        OutputError: the cache cannot be written.
    """
    config.check()
    path = Path(config.path).expanduser() if config.path else None
    opened = find(config.dataset).open(path, config.sensor)
    if not opened.train:
        raise DataError(source=config.path or config.dataset, reason="no training recordings")

    def open_split(split: str) -> FrameSet:
        return _Split(config, opened, split).open(progress)

    return FrameData(opened.classes, opened.sensor, opened.content_key, opened.split, open_split)


@final
@dataclass(frozen=True, eq=False)
class _Split:
    config: DataConfig
    opened: Opened
    split: str

    def open(self, progress: Progress | None) -> FrameSet:
        """The frames, out of the cache when they are there and whole, else computed and put there."""
        path = self.path
        records = read_frames(path, self.description, self.record_bytes)
        if records is None:
            write_frames(path, self.description, self._compute(progress))
            self._write_details()
            records = read_frames(path, self.description, self.record_bytes)
        if records is None:
            raise DataError(source=path, reason="frames just written cannot be read back", hint="Check the disk.")
        labels = np.array([recording.label for recording in self.recordings], np.int64)
        ids = tuple(recording.id for recording in self.recordings)
        return FrameSet(records, self.config.binary, self.shape, labels, ids, self.config.kept, self.config.max_count)

    @cached_property
    def recordings(self) -> Sequence[Recording]:
        if self.split == "test":
            return self.opened.test
        labels = np.array([recording.label for recording in self.opened.train], np.int64)
        return [self.opened.train[index] for index in take_balanced(labels, self.config.limit)]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (self.config.timesteps, 2, *self.opened.sensor)

    @property
    def record_bytes(self) -> int:
        cells = math.prod(self.shape)
        return -(-cells // 8) if self.config.binary else cells

    @cached_property
    def description(self) -> dict[str, object]:
        """All that decides the frames, and whose frames they are."""
        config, (name, content) = self.config, self.origin
        return {
            "version": frames.VERSION,
            "dataset": name,
            "content": content,
            "split": self.split,
            "shape": list(self.shape),
            "window": config.window,
            "duration_us": config.duration_us,
            "binary": config.binary,
            "recordings": [[recording.id, recording.label] for recording in self.recordings],
        }

    @property
    def origin(self) -> tuple[str, str]:
        """Name and content key of the data set whose recordings these are: frames are kept under them."""
        return self.opened.lent.get(self.split, (self.config.dataset, self.opened.content_key))

    @property
    def path(self) -> Path:
        key = hashlib.sha256(json.dumps(self.description, sort_keys=True).encode()).hexdigest()
        return self.config.cache_folder / f"{self.origin[0]}-{self.split}-{key[:20]}.frames"

    def _write_details(self) -> None:
        if self.opened.details:
            text = json.dumps(self.opened.details, indent=1, sort_keys=True) + "\n"
            write_file(self.path.with_suffix(".camera.json"), text.encode())

    def _compute(self, progress: Progress | None) -> Iterator[UInt8[np.ndarray, "some bytes"]]:
        total = len(self.recordings)
        for start in range(0, total, _BLOCK):
            block = self.recordings[start : start + _BLOCK]
            rows = np.stack([self._frames(recording).reshape(-1) for recording in block])
            yield np.packbits(rows, axis=1) if self.config.binary else rows
            if progress is not None:
                progress(self.split, start + len(block), total)

    def _frames(self, recording: Recording) -> UInt8[np.ndarray, "time 2 height width"]:
        stream, config = recording.load(), self.config
        if stream.sensor != self.opened.sensor:
            reason = f"sensor {stream.sensor}, but the data set has {self.opened.sensor} (height, width)"
            raise DataError(source=recording.id, reason=reason, hint="Set data.height and data.width.")
        high = 1 if config.binary else MOST  # what is kept; `FrameSet.whole` cuts the rest
        return frames.to_frames(
            stream, config.timesteps, window=config.window, duration_us=config.duration_us, high=high
        )
