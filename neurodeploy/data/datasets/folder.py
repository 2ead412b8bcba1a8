"""Your own recordings: a folder (or archive) for each class, with files of any readable format.

<class>/<file>, or train/<class>/<file> and test/<class>/<file>; more folders may lie below a class, and all may lie in
one folder. Without train and test folders every fifth file of a class, in order of name, is test; of two to four the
last. Files that lie in no class folder are not read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from neurodeploy.data import formats
from neurodeploy.data.class_folders import make_opened
from neurodeploy.data.datasets.dataset import Dataset, Opened
from neurodeploy.data.labelled import Labelled, Split, refuse_empty_folders
from neurodeploy.data.opening import open_tree
from neurodeploy.data.tree import Tree
from neurodeploy.errors import DataError

_SPLITS: dict[str, Split] = {"train": "train", "training": "train", "test": "test", "testing": "test"}
_EVERY = 5


def _open(path: Path | None, sensor: tuple[int, int] | None) -> Opened:
    if path is None:
        raise DataError(source="folder", reason="a path is needed")
    tree = open_tree(path)
    files = _label(tree)
    split = "folders train and test"
    if all(one.split is None for one in files):
        files, split = _every_fifth(files), "no split in the folders; ours: every fifth file of a class is test"
    classes = tuple(sorted({one.group for one in files}))
    sensor = sensor or _smallest_sensor(tree, files)
    return make_opened("folder", tree, files, classes=classes, sensor=sensor, decode=formats.decode, split=split)


def _label(tree: Tree) -> list[Labelled]:
    """Class and split of each event file that lies deep enough to have a class."""
    names = [name for name in tree.files if name.lower().endswith(formats.suffixes())]
    depth = _common_depth(names)
    is_split = {parts[depth].lower() in _SPLITS for parts in map(_parts, names) if len(parts) > depth + 1} == {True}
    place = depth + is_split
    inside = [name for name in names if len(_parts(name)) > place + 1]
    if not inside:
        reason = f"no event file in a class folder (endings: {', '.join(formats.suffixes())})"
        raise DataError(source=tree.place, reason=reason, hint="Lay the files out as <class>/<file>.")
    refuse_empty_folders(tree, [name for name in tree.folders if len(_parts(name)) == place + 1], inside)
    return [_labelled(name, place, is_split) for name in inside]


def _labelled(name: str, place: int, is_split: bool) -> Labelled:
    parts = _parts(name)
    return Labelled(name, parts[place], _SPLITS[parts[place - 1].lower()] if is_split else None)


def _parts(name: str) -> list[str]:
    return name.split("/")


def _common_depth(names: Sequence[str]) -> int:
    """How many folders all files lie in together, above those that can be classes."""
    depth = 0
    while any(len(_parts(name)) > depth + 2 for name in names):
        here = {parts[depth] for parts in map(_parts, names) if len(parts) > depth + 1}
        if len(here) > 1 or here.pop().lower() in _SPLITS:
            break
        depth += 1
    return depth


def _every_fifth(files: Sequence[Labelled]) -> list[Labelled]:
    members: dict[str, list[str]] = defaultdict(list)
    for one in files:
        members[one.group].append(one.file)
    test = {name for group in members.values() for name in _test_of(group)}
    return [replace(one, split="test" if one.file in test else "train") for one in files]


def _test_of(names: list[str]) -> list[str]:
    return names[_EVERY - 1 :: _EVERY] or names[1:][-1:]


def _smallest_sensor(tree: Tree, files: Sequence[Labelled]) -> tuple[int, int]:
    """(height, width) that holds all recordings; each is read once for it, so state `data.sensor` for large sets."""
    sensors = [formats.decode(tree.read(one.file), None, f"{tree.place}/{one.file}").sensor for one in files]
    return max(height for height, _ in sensors), max(width for _, width in sensors)


DATASET = Dataset(
    name="folder",
    sensor=None,
    classes=(),
    licence="yours",
    citation="",
    home="",
    by_hand="Give a folder or archive with a folder for each class: <class>/<file> or train/<class>/<file>.",
    opener=_open,
    sources=(),
)
