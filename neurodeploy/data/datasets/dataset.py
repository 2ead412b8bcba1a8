"""What a data set is: recordings with labels in two splits, read only when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from neurodeploy.data.events import EventStream
from neurodeploy.errors import DataError


@final
@dataclass(frozen=True, eq=False)
class Recording:
    """One labelled recording.

    Args:
        id: unique within its data set, stable from run to run (usually the relative path of the file).
        label: index into the classes of the opened data set.
        load: reads and checks the events, anew at each call.
    """

    id: str
    label: int
    load: Callable[[], EventStream]


Split = Sequence[Recording]


@final
@dataclass(frozen=True, eq=False)
class Opened:
    """A data set found on this machine; its recordings are read lazily.

    Args:
        train, test: recordings in a fixed order, no id in both.
        classes: name of each label.
        sensor: (height, width) in pixels, the same for all recordings.
        content_key: changes when the raw content changes; equal for equal content at the same place.
        split: how train and test were told apart, one sentence for the report.
        details: how generated recordings were made, ready for JSON; kept beside the cached frames.
        lent: split -> (name, content_key) of the data set that its recordings are of, where that is another one.
    """

    train: tuple[Recording, ...]
    test: tuple[Recording, ...]
    classes: tuple[str, ...]
    sensor: tuple[int, int]
    content_key: str
    split: str
    details: Mapping[str, object] = field(default_factory=dict)
    lent: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@final
@dataclass(frozen=True)
class Source:
    """One file to download.

    Args:
        file: name under which it is kept.
        urls: mirrors in order of preference; empty when the file can only be fetched by hand.
        size: bytes; None when not known for sure.
        sha256: hexadecimal; None when not known for sure.
        md5: hexadecimal; only for older data sets whose authors or users published nothing better.
    """

    file: str
    urls: tuple[str, ...] = ()
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None


@final
@dataclass(frozen=True)
class Dataset:
    """A data set that can be opened by name.

    Args:
        name: as the user types it.
        sensor: (height, width) in pixels; None when it depends on the files.
        classes: name of each label; empty when it depends on the files.
        licence, citation: as its authors state them.
        home: page that describes the data set.
        by_hand: what to fetch from there and where to put it, for those who download by hand.
        opener: opens it; gets the path and the sensor that the user gave.
        sources: files that `data fetch` downloads.
        needs_path: False for data sets that are generated or embedded.
    """

    name: str
    sensor: tuple[int, int] | None
    classes: tuple[str, ...]
    licence: str
    citation: str
    home: str
    by_hand: str
    opener: Callable[[Path | None, tuple[int, int] | None], Opened]
    sources: tuple[Source, ...] = ()
    needs_path: bool = True

    def open(self, path: Path | None = None, sensor: tuple[int, int] | None = None) -> Opened:
        """The recordings under `path`, not yet read.

        Args:
            path: file or folder of the data set; None for generated data sets.
            sensor: (height, width) that replaces the one of the data set; None keeps it.
        Raises:
            DataError: nothing is there, or it is not laid out as this data set is.
        """
        if path is None and self.needs_path:
            raise DataError(source=self.name, reason="no path given", hint=f"Set data.path. {self.by_hand}")
        if path is not None and not path.exists():
            raise DataError(source=path, reason="no such file or folder", hint=self.by_hand)
        return self.opener(path, sensor or self.sensor)
