"""Folders and archives are all read the same way: names of files and their bytes. Nothing is ever unpacked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final


@final
@dataclass(frozen=True, eq=False)
class Tree:
    """Files below one place.

    Args:
        place: the folder or archive; used in messages.
        files: relative names with '/' between, sorted; hidden ones are left out.
        folders: names of all folders, also of empty ones, sorted.
        key: changes when the content changes (for a folder: names, sizes or times of change).
        read: name to content; raises DataError when it cannot be read.
    """

    place: Path
    files: tuple[str, ...]
    folders: tuple[str, ...]
    key: str
    read: Callable[[str], bytes]

    def under(self, prefix: str) -> Tree:
        """The same files, as if they lay in a folder `prefix`."""
        return replace(
            self,
            files=tuple(f"{prefix}/{name}" for name in self.files),
            folders=tuple(f"{prefix}/{name}" for name in self.folders),
            read=lambda name: self.read(name[len(prefix) + 1 :]),
        )


def without_hidden(names: Iterable[str]) -> tuple[str, ...]:
    """Sorted `names` without hidden files and the ones that macOS adds to archives."""
    return tuple(sorted(name for name in names if "/." not in f"/{name}" and "/__MACOSX/" not in f"/{name}/"))


def parents(names: Iterable[str]) -> set[str]:
    """Every folder above the given names."""
    found: set[str] = set()
    folders = {name.rpartition("/")[0] for name in names} - {""}
    while folders:
        found |= folders
        folders = {folder.rpartition("/")[0] for folder in folders} - {""} - found
    return found


def hash_text(lines: Iterable[str]) -> str:
    """SHA-256 of lines of text."""
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
