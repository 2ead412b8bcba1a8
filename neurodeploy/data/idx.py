"""The IDX format of MNIST and its relatives: whole numbers in big-endian, plain or gzip."""

from __future__ import annotations

import gzip
import zlib
from io import BufferedReader
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from neurodeploy.errors import DataError

UNSIGNED_BYTE = 8


def read_idx(path: Path, axes: int) -> UInt8[np.ndarray, " ..."]:
    """The array in the file.

    The format: two zero bytes, one byte for the type (8 is unsigned byte, the only one read here), one for the number
    of axes, the length of each axis in 4 bytes, then the values, last axis fastest.

    Args:
        path: file; read as gzip when its name ends in ".gz".
        axes: number of axes that the file must have.
    Raises:
        DataError: missing, unreadable, another type or number of axes, truncated, or longer than its header says.
    Source:
        The description on the MNIST page, http://yann.lecun.com/exdb/mnist/.
    """
    try:
        with _open(path) as file:
            shape = _header(path, file, axes)
            size = int(np.prod(shape, dtype=object))
            # One byte more than promised, to see whether there is one.
            values = file.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(source=path, reason=_reason(error), hint="Fetch the file again.") from error
    if len(values) != size:
        found = f"only {len(values)}" if len(values) < size else "more"
        reason = f"header promises {size} values (shape {shape}), the file has {found}"
        raise DataError(source=path, reason=reason, hint="Fetch the file again.")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _header(path: Path, file: gzip.GzipFile | BufferedReader, axes: int) -> tuple[int, ...]:
    wanted = bytes([0, 0, UNSIGNED_BYTE, axes])
    magic = file.read(4)
    if magic != wanted:
        found = magic.hex(" ") or "missing"
        reason = f"bytes 0..3 are {found}; IDX of unsigned bytes with {axes} axes has {wanted.hex(' ')}"
        raise DataError(source=path, reason=reason, hint="Is it another file of the set?")
    lengths = file.read(4 * axes)
    if len(lengths) != 4 * axes:
        reason = f"the header ends at byte {4 + len(lengths)} of {4 + 4 * axes}"
        raise DataError(source=path, reason=reason, hint="Fetch the file again.")
    return tuple(int(length) for length in np.frombuffer(lengths, ">u4"))


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, EOFError):
        return "the gzip stream is truncated"
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return f"not a gzip stream, or damaged ({error})"
    return str(getattr(error, "strerror", None) or error)
