"""A .tar or .tar.gz archive as a tree.

A compressed archive is decompressed once, in one pass, when it is opened, into a nameless temporary file that vanishes
with the tree; the members are then slices of a memory map. That costs disk (in TMPDIR) of the unpacked size and hardly
any memory. A plain .tar is mapped as it is.
"""

from __future__ import annotations

import gzip
import hashlib
import mmap
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path

from neurodeploy.data.tree import Tree, hash_text, parents, without_hidden
from neurodeploy.errors import DataError

_HINT = "The archive is damaged: download it again."
_CHUNK = 1 << 20


def open_tar(path: Path) -> Tree:
    """All regular members of the archive; the key is the SHA-256 of a .tar.gz, names, sizes and times of a .tar.

    Raises:
        DataError: the archive is damaged, or there is no room for the decompressed copy.
    """
    with path.open("rb") as file:
        is_compressed = file.read(2) == b"\x1f\x8b"
    try:
        mapped = _decompress(path) if is_compressed else _map(path)
        members, folders = _index(mapped)
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        raise DataError(source=path, reason=f"corrupt or unreadable archive: {error}", hint=_HINT) from error
    names = without_hidden(members)
    key = _sha256(path) if is_compressed else _stamp(path, members)
    return Tree(path, names, without_hidden(folders | parents(names)), key, lambda name: _slice(mapped, members[name]))


def _decompress(path: Path) -> mmap.mmap:
    with tempfile.TemporaryFile() as copy:
        with gzip.open(path) as stream:
            shutil.copyfileobj(stream, copy, _CHUNK)
        copy.flush()
        return mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_READ)


def _map(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _index(mapped: mmap.mmap) -> tuple[dict[str, tuple[int, int]], set[str]]:
    """(byte, size) of each file, and the folders."""
    members, folders = {}, set()
    with tarfile.open(fileobj=mapped, mode="r:") as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if member.isdir():
                folders.add(name)
            elif member.isreg():
                members[name] = (member.offset_data, member.size)
                if member.offset_data + member.size > len(mapped):
                    raise tarfile.ReadError(f"unexpected end of data in {name}")
    return members, folders


def _slice(mapped: mmap.mmap, place: tuple[int, int]) -> bytes:
    start, size = place
    return mapped[start : start + size]


def _stamp(path: Path, members: dict[str, tuple[int, int]]) -> str:
    facts = path.stat()
    lines = (f"{name} {start} {size}" for name, (start, size) in sorted(members.items()))
    return hash_text([f"{facts.st_size} {facts.st_mtime_ns}", *lines])


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
