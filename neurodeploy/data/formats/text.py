"""Text, one event a line: `x y t p`, decimal integers with blanks between, t in µs, p 0 or 1 (1 brighter)."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from neurodeploy.data.columns import make_stream
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats.format import Format, Sensor
from neurodeploy.errors import EventFormatError

_COLUMNS = 4


def decode(content: bytes, sensor: Sensor | None, source: Path | str) -> EventStream:
    """The events of a text file.

    Raises:
        EventFormatError: it is empty, a line is not four integers, or an event is bad.
    """
    if not content.strip():
        raise EventFormatError(path=source, offset=0, reason="the file is empty")
    table = _table(content, source)
    x, y, t, p = table.T
    return make_stream(t, x, y, p, sensor=sensor, source=source, offset=lambda index: _line_starts(content)[index])


def encode(stream: EventStream) -> bytes:
    """The stream as lines `x y t p`."""
    rows = zip(*(stream.events[name].tolist() for name in ("x", "y", "t", "p")), strict=True)
    return "".join(f"{x} {y} {t} {p}\n" for x, y, t, p in rows).encode()


def _table(content: bytes, source: Path | str) -> Int64[np.ndarray, "n 4"]:
    try:
        table = np.loadtxt(io.BytesIO(content), np.int64, comments=None, ndmin=2, encoding="latin-1")
    except (ValueError, OverflowError) as error:
        raise _first_bad_line(content, source) from error
    if table.shape[1] != _COLUMNS:
        raise _first_bad_line(content, source)
    return table


def _first_bad_line(content: bytes, source: Path | str) -> EventFormatError:
    """The error for the first line that is not four integers of 64 bits."""
    for start in _line_starts(content):
        line = content[start:].split(b"\n", 1)[0]
        if not _is_event(line):
            reason = f"the line is {line[:40].decode('latin-1')!r}, wanted four integers 'x y t p'"
            return EventFormatError(path=source, offset=start, reason=reason)
    return EventFormatError(path=source, offset=0, reason="not lines of four integers 'x y t p'")


def _is_event(line: bytes) -> bool:
    words = line.split()
    try:
        return len(words) == _COLUMNS and all(abs(int(word)) < 1 << 63 for word in words)
    except ValueError:
        return False


def _line_starts(content: bytes) -> list[int]:
    """Byte of each line that is not blank."""
    starts, start = [], 0
    for line in content.split(b"\n"):
        if line.strip():
            starts.append(start)
        start += len(line) + 1
    return starts or [0]


FORMAT = Format(name="text", suffixes=(".txt",), decode=decode, encode=encode)
