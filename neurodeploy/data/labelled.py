"""Which file of a tree has which label and belongs to which split: read off the folders it lies in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal, final

from neurodeploy.data.tree import Tree
from neurodeploy.errors import DataError

Split = Literal["train", "test"]


@final
@dataclass(frozen=True)
class Labelled:
    """A file, the name of its class, and its split where the folders tell one."""

    file: str
    group: str
    split: Split | None


def by_parent(tree: Tree, endings: Sequence[str], classes: Sequence[str] = ()) -> tuple[Labelled, ...]:
    """Files with one of `endings`, in order; the folder of a file is its class, a folder above it tells the split.

    Args:
        classes: names of the class folders; none: any name.
    Raises:
        DataError: there is no such file, a class folder holds none, or a folder has a name that is no class.
    """
    files = [name for name in tree.files if name.lower().endswith(tuple(endings)) and "/" in name]
    if not files:
        raise _nothing(tree, endings)
    folders = {name.rpartition("/")[0] for name in files}
    facts = {folder: (folder.rpartition("/")[2], split_of(folder)) for folder in folders}
    found = tuple(Labelled(name, *facts[name.rpartition("/")[0]]) for name in files)
    strange = [one for one in found if classes and one.group not in classes]
    if strange:
        reason = f"{strange[0].file} lies in folder '{strange[0].group}', which is no class"
        raise DataError(source=tree.place, reason=reason, hint=f"Classes are {', '.join(classes)}.")
    refuse_empty_folders(tree, [name for name in tree.folders if _is_class(name, tree, classes)], files)
    return found


def split_of(folder: str) -> Split | None:
    """The split that the folder, or else the nearest one above it, tells with 'train' or 'test' in its name."""
    for part in reversed(folder.lower().split("/")):
        if match := re.search("(?<![a-z])(train|test)", part):
            return "train" if match[0] == "train" else "test"
    return None


def refuse_empty_folders(tree: Tree, folders: Sequence[str], files: Sequence[str]) -> None:
    """Raise for the first of `folders` without one of `files` below it.

    Raises:
        DataError: a class folder is empty.
    """
    for folder in folders:
        if not any(name.startswith(f"{folder}/") for name in files):
            reason = f"class folder '{folder}' holds no recording"
            raise DataError(source=tree.place, reason=reason, hint="Remove the folder, or complete the download.")


def with_split(files: Sequence[Labelled], is_test: Callable[[Labelled], bool]) -> tuple[Labelled, ...]:
    """The files with a split from `is_test`, for data sets whose authors made none."""
    return tuple(replace(one, split="test" if is_test(one) else "train") for one in files)


def number_of(one: Labelled) -> int:
    """The number at the end of the file's name.

    Raises:
        DataError: there is none.
    """
    match = re.search(r"(\d+)$", PurePosixPath(one.file).stem)
    if match is None:
        raise DataError(source=one.file, reason="the name ends with no number, which the split needs")
    return int(match[1])


def _is_class(folder: str, tree: Tree, classes: Sequence[str]) -> bool:
    if classes:
        return PurePosixPath(folder).name in classes
    return not any(name.startswith(f"{folder}/") for name in tree.folders)


def _nothing(tree: Tree, endings: Sequence[str]) -> DataError:
    inner = [name for name in tree.files if name.lower().endswith((".zip", ".tar", ".tar.gz", ".tgz"))]
    holds = f"; it holds {', '.join(inner[:3])}" if inner else ""
    hint = "Unpack the outer archive and give its folder." if inner else "Is data.path the folder above the classes?"
    return DataError(source=tree.place, reason=f"no {' or '.join(endings)} file in a class folder{holds}", hint=hint)
