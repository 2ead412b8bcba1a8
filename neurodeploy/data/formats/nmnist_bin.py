"""Five bytes an event, no header: N-MNIST and N-Caltech101 `.bin`, SLAYER `.bs2`.

byte 0: x    byte 1: y    bytes 2 to 4, big-endian: bit 23 polarity (1 brighter), bits 22..0 time in µs

Source: Orchard et al. 2015, doi:10.3389/fnins.2015.00437, and Read_Ndataset.m of the data sets' authors. Their Python
reader (gorchard/event-Python) knows one event more, from the ATIS camera whose rows end at 239: y = 240 marks that the
clock ran over and adds 2^13 µs to all later times. It is honoured up to 240 rows, where it cannot be a pixel.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurodeploy.data.columns import Column, make_stream
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats.format import Format, Sensor
from neurodeploy.errors import DataError, EventFormatError

_SIZE = 5
_POLARITY = 1 << 23
_TIME_MASK = _POLARITY - 1
_OVERFLOW_ROW = 240
_OVERFLOW_US = 1 << 13


def decode(content: bytes, sensor: Sensor | None, source: Path | str) -> EventStream:
    """The events of a five-byte file.

    Raises:
        EventFormatError: it is empty, cut within an event, or an event is outside the sensor or runs back in time.
    """
    count, rest = divmod(len(content), _SIZE)
    if not count or rest:
        reason = f"the file is cut: {rest} bytes left, an event has {_SIZE}" if rest else "the file is empty"
        raise EventFormatError(path=source, offset=count * _SIZE, reason=reason, hint="Download or copy it again.")
    x: Column = np.ndarray(count, np.uint8, content, 0, (_SIZE,))
    words: Column = np.ndarray(count, ">u4", content, 1, (_SIZE,)).astype(np.uint32)
    if sensor is None and _has_overflow(words, sensor):
        return _without_overflow(x, words, sensor, source)
    columns = words & _TIME_MASK, x, words >> 24, (words & _POLARITY).astype(np.bool_)
    try:
        return make_stream(*columns, sensor=sensor, source=source, offset=_offset)
    except EventFormatError:  # a mark of the clock lies outside the sensor too; looked for only then, for speed
        if not _has_overflow(words, sensor):
            raise
    return _without_overflow(x, words, sensor, source)


def encode(stream: EventStream) -> bytes:
    """The stream as five-byte events.

    Raises:
        DataError: a coordinate exceeds 8 bits or a time 23 bits.
    """
    events = stream.events
    lowest, highest = events["t"].min(initial=0), events["t"].max(initial=0)
    if lowest < 0 or highest > _TIME_MASK or (events["x"] > 255).any() or (events["y"] > 255).any():
        reason = "does not fit five bytes an event (x and y to 255, t from 0 to 8388607 µs)"
        raise DataError(source=stream.source, reason=reason, hint="Write .npz instead.")
    raw = np.empty((len(events), _SIZE), np.uint8)
    t = events["t"]
    raw[:, 0], raw[:, 1] = events["x"], events["y"]
    raw[:, 2] = (events["p"] << 7) | (t >> 16).astype(np.uint8)
    raw[:, 3], raw[:, 4] = (t >> 8) & 255, t & 255
    return raw.tobytes()


def _offset(index: int) -> int:
    return index * _SIZE


def _has_overflow(words: Column, sensor: Sensor | None) -> bool:
    if sensor is not None and sensor[0] > _OVERFLOW_ROW:
        return False
    return bool((words >> 24 == _OVERFLOW_ROW).any())


def _without_overflow(x: Column, words: Column, sensor: Sensor | None, source: Path | str) -> EventStream:
    """The stream without the overflow marks, each of which moves all later times."""
    marks = (words >> 24) == _OVERFLOW_ROW
    kept = np.flatnonzero(~marks)
    t = (words & _TIME_MASK) + np.cumsum(marks) * _OVERFLOW_US
    columns = t[kept], x[kept], words[kept] >> 24, (words[kept] & _POLARITY) != 0

    def offset(index: int) -> int:
        return int(kept[index]) * _SIZE if len(kept) else 0

    return make_stream(*columns, sensor=sensor, source=source, offset=offset)


FORMAT = Format(name="nmnist_bin", suffixes=(".bin", ".bs2"), decode=decode, encode=encode)
