"""Numpy files: `.npy` with one structured array, `.npz` with arrays t, x, y, p or with one structured array.

t in µs, x and y in pixels, p 0 or 1, all integer (p may be bool); further fields are ignored. An array `sensor` =
(height, width) in the `.npz` states the sensor. Pickled arrays are refused. Source: numpy.lib.format, 1.0 to 3.0.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.data.columns import Column, Flags, make_stream
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats.format import Format, Sensor
from neurodeploy.errors import EventFormatError

_NPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"
_NAMES = ("t", "x", "y", "p")
_ANY = NDArray[Any]  # the file says what it holds; checked below
_DAMAGED = (  # what np.load and zipfile raise for bytes that are not what they say
    ValueError,
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    MemoryError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
)


def decode(content: bytes, sensor: Sensor | None, source: Path | str) -> EventStream:
    """The events of a `.npy` or `.npz` file.

    Raises:
        EventFormatError: neither of both, damaged, pickled, a field is missing or not integer, or an event is bad.
    """
    arrays = _load(content, source)
    columns = {name: _column(arrays, name, source) for name in _NAMES}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise EventFormatError(path=source, offset=0, reason=f"arrays of different length: {lengths}")
    start, size = _layout(content, arrays)
    return make_stream(
        **columns, sensor=sensor or _stated_sensor(arrays, source), source=source, offset=lambda i: start + i * size
    )


def encode(stream: EventStream) -> bytes:
    """The stream as `.npz` with arrays t, x, y, p and sensor."""
    buffer = io.BytesIO()
    columns = {name: np.ascontiguousarray(stream.events[name]) for name in _NAMES}
    np.savez(buffer, allow_pickle=False, sensor=np.array(stream.sensor), **columns)
    return buffer.getvalue()


def _load(content: bytes, source: Path | str) -> Mapping[str, _ANY]:
    """Arrays by name; the fields of a structured array count as arrays."""
    if not content.startswith((_NPY, _ZIP)):
        reason = f"starts with {content[:4]!r}, wanted a .npy or .npz file" if content else "the file is empty"
        raise EventFormatError(path=source, offset=0, reason=reason)
    file = io.BytesIO(content)
    try:
        loaded = np.load(file, allow_pickle=False)
        arrays = {"events": loaded} if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}
    except _DAMAGED as error:
        reason = f"damaged or pickled: {error}"
        raise EventFormatError(path=source, offset=0, reason=reason, hint="Write it again.") from error
    if content.startswith(_NPY) and file.tell() < len(content):
        reason = f"{len(content) - file.tell()} bytes after the array"
        raise EventFormatError(path=source, offset=file.tell(), reason=reason, hint="Write it again.")
    for array in [array for array in arrays.values() if array.dtype.names]:
        arrays |= {name: array[name] for name in array.dtype.names or ()}
    return arrays


def _column(arrays: Mapping[str, _ANY], name: str, source: Path | str) -> Column | Flags:
    if name not in arrays:
        reason = f"no '{name}'; there is {', '.join(arrays) or 'nothing'}"
        raise EventFormatError(path=source, offset=0, reason=reason, hint="Name the fields t, x, y, p.")
    column = arrays[name]
    kinds = "iub" if name == "p" else "iu"
    if column.ndim != 1 or column.dtype.kind not in kinds:
        reason = f"'{name}' is {column.dtype} of shape {column.shape}, wanted integers in one dimension"
        hint = "t is in whole µs." if name == "t" else ""
        raise EventFormatError(path=source, offset=0, reason=reason, hint=hint)
    return column.astype(np.int64) if column.dtype.kind == "u" and column.dtype.itemsize == 8 else column


def _stated_sensor(arrays: Mapping[str, _ANY], source: Path | str) -> Sensor | None:
    if "sensor" not in arrays:
        return None
    sensor = arrays["sensor"]
    if sensor.shape != (2,) or sensor.dtype.kind not in "iu" or sensor.min() < 1:
        reason = f"'sensor' is {sensor!r}, wanted (height, width)"
        raise EventFormatError(path=source, offset=0, reason=reason)
    return int(sensor[0]), int(sensor[1])


def _layout(content: bytes, arrays: Mapping[str, _ANY]) -> tuple[int, int]:
    """Byte of the first event and bytes an event; (0, 0) in a zip, where members may be compressed."""
    if not content.startswith(_NPY):
        return 0, 0
    size = arrays["events"].dtype.itemsize
    return len(content) - arrays["events"].size * size, size


FORMAT = Format(name="npz", suffixes=(".npz", ".npy"), decode=decode, encode=encode, starts=(_NPY, _ZIP))
