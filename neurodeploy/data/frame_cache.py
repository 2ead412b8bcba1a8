"""One file of computed frames: written whole, checked whole when it is opened, then read through a memory map.

    records | JSON description | its length, 8 bytes | magic, 8 bytes | SHA-256 of all before, 32 bytes

A file that is damaged, truncated or described otherwise than wanted counts as absent: it is computed again.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import UInt8

from neurodeploy.errors import OutputError

MAGIC = b"NDFRAMES"
_DIGEST = hashlib.sha256().digest_size
_TAIL = 8 + len(MAGIC) + _DIGEST


def write_frames(
    path: Path, description: Mapping[str, object], records: Iterable[UInt8[np.ndarray, "some bytes"]]
) -> None:
    """Write `records`, one after the other as they come, and `description` to `path`.

    Raises:
        OutputError: the folder is read-only or the disk is full; no part of a file is left.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            _fill(file, description, records)
        temporary.chmod(0o644)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(path=path, reason=reason, hint="Set data.cache to a folder with room.") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _fill(
    file: IO[bytes], description: Mapping[str, object], records: Iterable[UInt8[np.ndarray, "some bytes"]]
) -> None:
    digest = hashlib.sha256()
    text = json.dumps(description, sort_keys=True).encode()
    tail = [text, len(text).to_bytes(8, "little"), MAGIC]
    for part in (*(np.ascontiguousarray(block).tobytes() for block in records), *tail):
        file.write(part)
        digest.update(part)
    file.write(digest.digest())


def read_frames(
    path: Path, description: Mapping[str, object], record_bytes: int
) -> UInt8[np.ndarray, "records bytes"] | None:
    """The records of `path`, read-only through a memory map; None when the file is absent, damaged or another one.

    Args:
        description: what the file must say about itself, all of it.
        record_bytes: length of one record, > 0.
    """
    try:
        with path.open("rb") as file:
            size = _payload(file, description)
    except OSError:
        return None
    if size is None or size % record_bytes:
        return None
    if size == 0:
        return np.zeros((0, record_bytes), np.uint8)
    return np.memmap(path, np.uint8, "r", shape=(size // record_bytes, record_bytes))


def _payload(file: IO[bytes], description: Mapping[str, object]) -> int | None:
    """Bytes of the records; None when the digest, the magic or the description is not as it must be."""
    size = file.seek(0, os.SEEK_END)
    if size < _TAIL or not _is_whole(file, size):
        return None
    file.seek(size - _TAIL)
    length, magic = int.from_bytes(file.read(8), "little"), file.read(len(MAGIC))
    payload = size - _TAIL - length
    if magic != MAGIC or payload < 0:
        return None
    file.seek(payload)
    return payload if json.loads(file.read(length)) == json.loads(json.dumps(description)) else None


def _is_whole(file: IO[bytes], size: int) -> bool:
    digest, left = hashlib.sha256(), size - _DIGEST
    file.seek(0)
    while left:
        block = file.read(min(left, 1 << 20))
        if not block:
            return False
        digest.update(block)
        left -= len(block)
    return file.read(_DIGEST) == digest.digest()
