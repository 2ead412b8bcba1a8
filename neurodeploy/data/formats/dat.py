"""Prophesee (formerly Chronocam) DAT, version 2: N-CARS and others.

Header lines start with '%' and end with a line feed; then one byte event type, one byte event size (8); then per event,
little-endian: 32 bits time in µs; 32 bits address: bits 0..13 x, 14..27 y, 28..31 polarity (1 brighter).

Source: docs.prophesee.ai, data/file_formats/dat; the header of a real N-CARS file ("% Version 2", no width or height).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from neurodeploy.data.columns import Column, make_stream
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats.format import Format, Sensor
from neurodeploy.errors import DataError, EventFormatError

_SIZE = 8
_KINDS = (0x00, 0x0C)  # Event2d and EventCD: the same eight bytes
_COORDINATE = (1 << 14) - 1
_LARGEST_TIME = (1 << 32) - 1


def decode(content: bytes, sensor: Sensor | None, source: Path | str) -> EventStream:
    """The events of a DAT file; without `sensor`, the header's width and height count.

    Raises:
        EventFormatError: no DAT header, another version or event type, cut within an event, or a bad event.
    """
    start = _header_end(content, source)
    stated = _stated_sensor(content[:start], source)
    start = _skip_type(content, start, source)
    count, rest = divmod(len(content) - start, _SIZE)
    if rest:
        reason = f"the file is cut: {rest} bytes left, an event has {_SIZE}"
        raise EventFormatError(path=source, offset=start + count * _SIZE, reason=reason, hint="Download it again.")
    words = np.frombuffer(content, "<u4", count * 2, start)
    t: Column = words[0::2]
    address: Column = words[1::2]
    x, y, p = address & _COORDINATE, address >> 14 & _COORDINATE, address >> 28
    return make_stream(t, x, y, p, sensor=sensor or stated, source=source, offset=lambda i: start + i * _SIZE)


def encode(stream: EventStream) -> bytes:
    """The stream as DAT version 2, with width and height in the header.

    Raises:
        DataError: a coordinate exceeds 14 bits or a time 32 bits.
    """
    events = stream.events
    lowest, highest = events["t"].min(initial=0), events["t"].max(initial=0)
    if lowest < 0 or highest > _LARGEST_TIME or max(stream.sensor) > _COORDINATE + 1:
        reason = "does not fit DAT (x and y to 16383, t from 0 to 4294967295 µs)"
        raise DataError(source=stream.source, reason=reason, hint="Write .npz instead.")
    height, width = stream.sensor
    header = f"% Data file containing CD events\n% Version 2\n% Width {width}\n% Height {height}\n"
    words = np.empty((len(events), 2), "<u4")
    words[:, 0] = events["t"]
    words[:, 1] = events["x"] | events["y"].astype(np.uint32) << 14 | events["p"].astype(np.uint32) << 28
    return header.encode() + bytes((0x0C, _SIZE)) + words.tobytes()


def _header_end(content: bytes, source: Path | str) -> int:
    """First byte after the lines that start with '%'."""
    if not content.startswith(b"%"):
        reason = f"starts with {content[:4]!r}, wanted '%'" if content else "the file is empty"
        raise EventFormatError(path=source, offset=0, reason=reason, hint="Is this a Prophesee DAT file?")
    end = 0
    while content[end : end + 1] == b"%":
        line_end = content.find(b"\n", end)
        if line_end < 0:
            raise EventFormatError(path=source, offset=end, reason="the header line has no end")
        end = line_end + 1
    return end


def _stated_sensor(header: bytes, source: Path | str) -> Sensor | None:
    """Height and width if the header has both; the version is checked on the way."""
    version = _number(header, b"Version")
    if version is None or version[0] != 2:
        offset, found = (version[1], str(version[0])) if version else (0, "none")
        raise EventFormatError(path=source, offset=offset, reason=f"DAT version {found}, wanted 2")
    height, width = _number(header, b"Height"), _number(header, b"Width")
    return (height[0], width[0]) if height and width else None


def _number(header: bytes, word: bytes) -> tuple[int, int] | None:
    """Value after `word` in the header, and its byte."""
    match = re.search(rb"^% *" + word + rb" +(\d+)", header, re.MULTILINE | re.IGNORECASE)
    return (int(match[1]), match.start(1)) if match else None


def _skip_type(content: bytes, start: int, source: Path | str) -> int:
    kind = content[start : start + 2]
    if len(kind) < 2:
        raise EventFormatError(path=source, offset=start, reason="the file ends before event type and size")
    if kind[0] not in _KINDS or kind[1] != _SIZE:
        reason = f"events of type {kind[0]} with {kind[1]} bytes, wanted type 0 or 12 with {_SIZE}"
        raise EventFormatError(path=source, offset=start, reason=reason)
    return start + 2


FORMAT = Format(name="dat", suffixes=(".dat",), decode=decode, encode=encode, starts=(b"%",))
