"""Opens data sets that keep the recordings of a class in a folder of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from neurodeploy.data.datasets.dataset import Opened, Recording
from neurodeploy.data.events import EventStream
from neurodeploy.data.labelled import Labelled, by_parent, with_split
from neurodeploy.data.opening import open_tree
from neurodeploy.data.tree import Tree, hash_text
from neurodeploy.errors import DataError

Sensor = tuple[int, int]
Decode = Callable[[bytes, Sensor | None, Path | str], EventStream]
Opener = Callable[[Path | None, Sensor | None], Opened]


def class_folders(
    name: str,
    *,
    endings: Sequence[str],
    decode: Decode,
    archives: Sequence[str],
    split: str,
    classes: tuple[str, ...] = (),
    is_test: Callable[[Labelled], bool] | None = None,
) -> Opener:
    """The opener of data set `name`.

    Args:
        endings: of the files, in small letters.
        decode: (content, sensor, source) to a stream.
        archives: patterns of the official archives, which may lie in the folder unopened.
        split: how train and test are told apart, one sentence.
        classes: names of the folders; none: the names that are found, sorted.
        is_test: whether a file belongs to the test split; None: the folders tell.
    """

    def open_it(path: Path | None, sensor: Sensor | None) -> Opened:
        if path is None or sensor is None:
            raise DataError(source=name, reason="a path and a sensor are needed")
        tree = open_tree(path, archives)
        files = by_parent(tree, endings, classes)
        files = with_split(files, is_test) if is_test else files
        found = classes or tuple(sorted({one.group for one in files}))
        return make_opened(name, tree, files, classes=found, sensor=sensor, decode=decode, split=split)

    return open_it


def make_opened(
    name: str,
    tree: Tree,
    files: Sequence[Labelled],
    *,
    classes: tuple[str, ...],
    sensor: Sensor,
    decode: Decode,
    split: str,
) -> Opened:
    """The data set `name` with a recording for each labelled file, in the order given.

    Raises:
        DataError: the split of a file is not known.
    """
    recordings: dict[str, list[Recording]] = {"train": [], "test": []}
    for one in files:
        if one.split is None:
            reason = f"{one.file} lies in neither a train nor a test folder"
            raise DataError(source=tree.place, reason=reason, hint="Keep the folders of the official archive.")
        load = partial(_load, tree, one.file, sensor, decode)
        recordings[one.split].append(Recording(one.file, classes.index(one.group), load))
    train, test = tuple(recordings["train"]), tuple(recordings["test"])
    return Opened(train, test, classes, sensor, hash_text([name, tree.key]), split)


def _load(tree: Tree, file: str, sensor: Sensor, decode: Decode) -> EventStream:
    return decode(tree.read(file), sensor, f"{tree.place}/{file}")
