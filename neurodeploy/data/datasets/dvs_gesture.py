"""DVS128 Gesture: 11 gestures by 29 people in front of a DVS128 in various light; 122 recordings, 1,342 trials.

A recording is one .aedat file with its `_labels.csv` (class, start and end in µs). The trials are cut out of it: events
with start <= t < end, time counted from start. trials_to_train.txt and trials_to_test.txt name the files of each split.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath

import numpy as np

from neurodeploy.data.datasets.dataset import Dataset, Opened, Recording
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats import aedat31
from neurodeploy.data.opening import open_tree
from neurodeploy.data.tree import Tree, hash_text
from neurodeploy.errors import DataError

_CLASSES = (
    "hand clapping",
    "right hand wave",
    "left hand wave",
    "right arm clockwise",
    "right arm counter clockwise",
    "left arm clockwise",
    "left arm counter clockwise",
    "arm roll",
    "air drums",
    "air guitar",
    "other gestures",
)
_COLUMNS = ("class", "startTime_usec", "endTime_usec")
_Decode = Callable[[str], EventStream]


def _open(path: Path | None, sensor: tuple[int, int] | None) -> Opened:
    if path is None or sensor is None:
        raise DataError(source="dvs_gesture", reason="a path and a sensor are needed")
    tree = open_tree(path, archives=("dvsgesture.tar.gz",))
    folder = _folder(tree)

    @lru_cache(maxsize=1)  # the trials of a recording follow each other, and it takes long to decode
    def decode(file: str) -> EventStream:
        return aedat31.decode(tree.read(file), sensor, f"{tree.place}/{file}")

    train, test = (tuple(_trials(tree, folder, split, decode)) for split in ("train", "test"))
    if not train and not test:
        reason = "none of the .aedat files that trials_to_train.txt and trials_to_test.txt name is there"
        raise DataError(source=tree.place, reason=reason, hint=DATASET.by_hand)
    key = hash_text(["dvs_gesture", tree.key])
    split = "official lists trials_to_train.txt (23 people) and trials_to_test.txt (6 other people)"
    return Opened(train, test, _CLASSES, sensor, key, split)


def _folder(tree: Tree) -> str:
    """Name of the folder with the lists, with '/' at its end; empty for the top."""
    for name in tree.files:
        if PurePosixPath(name).name == "trials_to_train.txt":
            return name.removesuffix("trials_to_train.txt")
    raise DataError(source=tree.place, reason="no trials_to_train.txt", hint=DATASET.by_hand)


def _trials(tree: Tree, folder: str, split: str, decode: _Decode) -> Iterator[Recording]:
    """Trials of the recordings that the list of `split` names; recordings that are absent are left out."""
    listed = f"{folder}trials_to_{split}.txt"
    if listed not in tree.files:
        raise DataError(source=tree.place, reason=f"no {listed}", hint=DATASET.by_hand)
    names = tree.read(listed).decode("latin-1").split()
    present = set(tree.files)
    for file in (folder + name for name in names if folder + name in present):
        yield from _cut(tree, file, decode)


def _cut(tree: Tree, file: str, decode: _Decode) -> Iterator[Recording]:
    table = f"{file.removesuffix('.aedat')}_labels.csv"
    if table not in tree.files:
        raise DataError(source=tree.place, reason=f"{file} has no {table}", hint="Complete the download.")
    for number, (label, start, end) in enumerate(_read_table(tree, table)):
        yield Recording(f"{file}#{number}", label - 1, partial(_load, decode, file, number, start, end))


def _read_table(tree: Tree, table: str) -> Iterator[tuple[int, int, int]]:
    """(class from 1, start, end) of each trial, times in µs.

    Raises:
        DataError: another header, or a line that is not three such integers.
    """
    rows = list(csv.reader(tree.read(table).decode("latin-1").splitlines()))
    source = f"{tree.place}/{table}"
    if not rows or tuple(word.strip() for word in rows[0]) != _COLUMNS:
        raise DataError(source=source, reason=f"the first line is not {','.join(_COLUMNS)}")
    for line, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        try:
            label, start, end = (int(word) for word in row)
        except ValueError as error:
            raise DataError(source=source, reason=f"line {line} is {row}, wanted three integers") from error
        if not (1 <= label <= len(_CLASSES) and 0 <= start < end):
            reason = f"line {line}: class {label} from {start} to {end} µs, wanted class 1..11 and start < end"
            raise DataError(source=source, reason=reason)
        yield label, start, end


def _load(decode: _Decode, file: str, number: int, start: int, end: int) -> EventStream:
    stream = decode(file)
    first, last = np.searchsorted(stream.events["t"], (start, end))
    if first == last:
        reason = f"trial {number} ({start} to {end} µs) holds no event"
        raise DataError(source=stream.source, reason=reason, hint="Are file and table of the same recording?")
    events = stream.events[first:last].copy()
    events["t"] -= start
    return EventStream(events, stream.sensor, f"{stream.source}#{number}")


DATASET = Dataset(
    name="dvs_gesture",
    sensor=(128, 128),
    classes=_CLASSES,
    licence="CC BY 4.0",
    citation="Amir et al., A Low Power, Fully Event-Based Gesture Recognition System, CVPR 2017",
    home="https://research.ibm.com/interactive/dvsgesture/",
    by_hand=(
        "Get DvsGesture.tar.gz from https://ibm.ent.box.com/s/3hiq58ww1pbbjrinh367ykfdf60xsfm8/folder/50167556794 "
        "(there is no direct address), unpack it and give the folder with user*_*.aedat, user*_*_labels.csv, "
        "trials_to_train.txt and trials_to_test.txt."
    ),
    opener=_open,
)
