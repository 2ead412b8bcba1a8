"""AEDAT 2.0 (jAER): CIFAR10-DVS, MNIST-DVS and others; addresses as the camera sends them, not turned upright.

Text header, then eight bytes an event, big-endian: 32 bits address, 32 bits time in µs (signed). The address depends on
the camera, named in the header line '# AEChip: ...' (DVS128 when there is none, as in old recordings):

DVS128     bit 15 external event (skipped), 14..8 y, 7..1 x, bit 0 polarity: 0 brighter, 1 darker
DAVIS      bit 31 image or motion sample, bit 10 external event (both skipped), 30..22 y, 21..12 x, bit 11: 1 brighter

Source: docs.inivation.com, file-formats/aedat-2.0 and 1.0. The polarity bit of DVS128 is read as dat2mat.m, the reader
of MNIST-DVS and CIFAR10-DVS, and jAER do (`1 - addr & 1`); the page above states the opposite. dat2mat.m also says that
the cameras RetinaTeresa2 and Tmpdiff128 are laid out as DVS128.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from neurodeploy.data.aedat_header import Header, read_header
from neurodeploy.data.columns import Column, make_stream
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats.format import Format, Sensor
from neurodeploy.errors import DataError, EventFormatError

_SIZE = 8
_LARGEST_TIME = (1 << 31) - 1


@final
@dataclass(frozen=True)
class _Chip:
    """Where a camera puts what: (shift, bits) of x and y, the bit of polarity, bits that mark other samples."""

    sensor: Sensor
    x: tuple[int, int]
    y: tuple[int, int]
    polarity: int
    bright: int
    other: int


def _davis(height: int, width: int) -> _Chip:
    return _Chip((height, width), (12, 10), (22, 9), polarity=11, bright=1, other=1 << 31 | 1 << 10)


_DVS128 = _Chip((128, 128), (1, 7), (8, 7), polarity=0, bright=0, other=1 << 15)
_CHIPS = {
    "DVS128": _DVS128,
    "Tmpdiff128": _DVS128,
    "RetinaTeresa2": _DVS128,
    "Davis240": _davis(180, 240),
    "Davis346": _davis(260, 346),
    "Davis640": _davis(480, 640),
}


def decode(content: bytes, sensor: Sensor | None, source: Path | str) -> EventStream:
    """The polarity events of an AEDAT 2.0 file; without `sensor`, the camera's.

    Raises:
        EventFormatError: another version, an unknown camera, cut within an event, or a bad event.
    """
    header = read_header(content, b"2", None, source)
    chip = _chip(header, source)
    start = header.end
    count, rest = divmod(len(content) - start, _SIZE)
    if rest:
        reason = f"the file is cut: {rest} bytes left, an event has {_SIZE}"
        raise EventFormatError(path=source, offset=start + count * _SIZE, reason=reason, hint="Download it again.")
    words = np.frombuffer(content, ">u4", count * 2, start)
    address: Column = words[0::2].astype(np.uint32)
    kept = np.flatnonzero(address & chip.other == 0)
    address, t = address[kept], words[1::2][kept].astype(np.int32)
    x, y = _field(address, chip.x), _field(address, chip.y)
    p = (address >> chip.polarity & 1) == chip.bright

    def offset(index: int) -> int:
        return start + int(kept[index]) * _SIZE if len(kept) else start

    return make_stream(t, x, y, p, sensor=sensor or chip.sensor, source=source, offset=offset)


def encode(stream: EventStream) -> bytes:
    """The stream as AEDAT 2.0 of a DVS128.

    Raises:
        DataError: a coordinate exceeds 7 bits or a time 31 bits.
    """
    events = stream.events
    lowest, highest = events["t"].min(initial=0), events["t"].max(initial=0)
    if max(stream.sensor) > 128 or lowest < 0 or highest > _LARGEST_TIME:
        reason = "does not fit AEDAT 2.0 of a DVS128 (128x128, t from 0 to 2147483647 µs)"
        raise DataError(source=stream.source, reason=reason, hint="Write .npz instead.")
    words = np.empty((len(events), 2), ">u4")
    words[:, 0] = events["y"].astype(np.uint32) << 8 | events["x"].astype(np.uint32) << 1 | (1 - events["p"])
    words[:, 1] = events["t"]
    return b"#!AER-DAT2.0\r\n# AEChip: DVS128\r\n" + words.tobytes()


def _chip(header: Header, source: Path | str) -> _Chip:
    line = header.find("AEChip:")
    if line is None:
        return _DVS128
    name = line[1].split("AEChip:")[1].strip().rsplit(".", 1)[-1]
    known = [chip for start, chip in _CHIPS.items() if name.lower().startswith(start.lower())]
    if not known:
        reason = f"camera '{name}' is unknown; known are {', '.join(_CHIPS)}"
        raise EventFormatError(path=source, offset=line[0], reason=reason)
    return known[0]


def _field(address: Column, place: tuple[int, int]) -> Column:
    shift, bits = place
    return address >> shift & (1 << bits) - 1


FORMAT = Format(name="aedat2", suffixes=(".aedat",), decode=decode, encode=encode, starts=(b"#!AER-DAT2",))
