"""A zip archive as a tree; each member is decoded from the mapped file when it is read, and its CRC is checked."""

from __future__ import annotations

import mmap
import struct
import zipfile
import zlib
from pathlib import Path

from neurodeploy.data.tree import Tree, hash_text, parents, without_hidden
from neurodeploy.errors import DataError

_HEAD = struct.Struct("<4s22xHH")  # of a member; name and extra field follow, of the two stated lengths
_HINT = "The archive is damaged: download it again."


def open_zip(path: Path) -> Tree:
    """All members of a zip archive; the key is made of their names, sizes and CRCs.

    Members are read from a memory map, so readers in several threads or processes do not move each other's place.

    Raises:
        DataError: the archive is damaged.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            members = {member.filename: member for member in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(source=path, reason=f"corrupt zip archive: {error}", hint=_HINT) from error
    names = without_hidden(name for name in members if not name.endswith("/"))
    folders = parents(names) | {name.rstrip("/") for name in members if name.endswith("/")} | parents(members)
    key = hash_text(f"{name} {members[name].file_size} {members[name].CRC}" for name in names)
    return Tree(path, names, without_hidden(folders), key, lambda name: _read(path, mapped, members[name]))


def _read(path: Path, mapped: mmap.mmap, member: zipfile.ZipInfo) -> bytes:
    """Content of one member.

    Raises:
        DataError: it is damaged, encrypted or compressed by a method other than deflate.
    """
    source = f"{path}/{member.filename}"
    if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(
            source=source, reason="encrypted, or compressed by an unknown method", hint="Unpack it by hand."
        )
    try:
        signature, name, extra = _HEAD.unpack_from(mapped, member.header_offset)
        start = member.header_offset + _HEAD.size + name + extra
        raw = mapped[start : start + member.compress_size]
        content = raw if member.compress_type == zipfile.ZIP_STORED else _inflate(raw, member.file_size)
    except (struct.error, zlib.error) as error:
        raise DataError(source=source, reason=f"corrupt zip member: {error}", hint=_HINT) from error
    if signature != b"PK\x03\x04" or len(content) != member.file_size or zlib.crc32(content) != member.CRC:
        raise DataError(source=source, reason="corrupt zip member: CRC or size is wrong", hint=_HINT)
    return content


def _inflate(raw: bytes, size: int) -> bytes:
    """At most one byte more than `size`: enough to see that the stated size is wrong."""
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, size + 1)
