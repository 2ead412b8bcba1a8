"""A folder as a tree."""

from __future__ import annotations

import os
from pathlib import Path

from neurodeploy.data.tree import Tree, hash_text, without_hidden
from neurodeploy.errors import DataError


def open_folder(path: Path) -> Tree:
    """All files below `path`; the key is made of names, sizes and times of change, so that nothing is read.

    Raises:
        DataError: a folder cannot be listed.
    """
    files: dict[str, str] = {}
    folders: list[str] = []
    try:
        for place, inside, outside in os.walk(path, onerror=_refuse):
            prefix = Path(place).relative_to(path).as_posix().removeprefix(".")
            prefix = f"{prefix}/" if prefix else ""
            folders += [prefix + name for name in inside]
            files |= {prefix + name: _stamp(place, name) for name in outside}
    except OSError as error:
        raise DataError(source=error.filename or path, reason=error.strerror or type(error).__name__) from error
    names = without_hidden(files)
    key = hash_text(f"{name} {files[name]}" for name in names)
    return Tree(path, names, without_hidden(folders), key, lambda name: _read(path / name))


def _refuse(error: OSError) -> None:
    raise error


def _stamp(folder: str, name: str) -> str:
    facts = (Path(folder) / name).stat()
    return f"{facts.st_size} {facts.st_mtime_ns}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(source=path, reason=error.strerror or type(error).__name__) from error
