"""AEDAT 3.1 (cAER): DVS128 Gesture and others. Polarity packets are read, all other packets are skipped.

Text header up to the line '#!END-HEADER', then packets, little-endian: a head of 28 bytes (type, source: 16 bits; bytes
an event, time offset, time overflow, capacity, number, valid: 32 bits) and `capacity` events, the first `number` used.
Type 1 is polarity, eight bytes an event: bit 0 valid, bit 1 polarity (1 brighter), bits 2..16 y, bits 17..31 x; 31 bits
time in µs, to which the overflow counts 2^31 µs. Events that are not marked valid are skipped, as the format asks.

Source: docs.inivation.com, file-formats/aedat-3.1; inivation/libcaer include/libcaer/events/common.h and polarity.h.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from jaxtyping import Integer, UInt32

from neurodeploy.data.aedat_header import Header, read_header
from neurodeploy.data.columns import Column, make_stream
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats.format import Format, Sensor
from neurodeploy.errors import DataError, EventFormatError

_HEAD = struct.Struct("<hhiiiiii")
_SIZE = 8
_POLARITY = 1
_COORDINATE = (1 << 15) - 1
_LARGEST_TIME = (1 << 31) - 1
_SENSORS = {"DVS128": (128, 128), "DAVIS240": (180, 240), "DAVIS346": (260, 346), "DAVIS640": (480, 640)}
_PACKET_EVENTS = 4096


def decode(content: bytes, sensor: Sensor | None, source: Path | str) -> EventStream:
    """The valid polarity events of an AEDAT 3.1 file; without `sensor`, that of its source line.

    Raises:
        EventFormatError: another version, no end of the header, a cut or impossible packet, or a bad event.
    """
    header = read_header(content, b"3.1", "#!END-HEADER", source)
    packets = _polarity_packets(content, header.end, source)
    starts, overflows, counts = np.array(packets, np.int64).reshape(-1, 3).T
    words = [np.frombuffer(content, "<u4", 2 * number, start) for start, _, number in packets]
    joined = np.concatenate([np.empty(0, np.uint32), *words])
    kept = np.flatnonzero(joined[0::2] & 1)
    data = joined[0::2][kept]
    t: Column = joined[1::2][kept] + (np.repeat(overflows, counts)[kept] << 31)
    x, y, p = data >> 17, data >> 2 & _COORDINATE, (data & 2).astype(np.bool_)

    def offset(index: int) -> int:
        return int(_places(starts, counts)[kept[index]]) if len(kept) else header.end

    return make_stream(t, x, y, p, sensor=sensor or _stated_sensor(header), source=source, offset=offset)


def encode(stream: EventStream) -> bytes:
    """The stream as AEDAT 3.1, in packets of 4,096 events.

    Raises:
        DataError: a time is negative or exceeds 31 bits, or the sensor 15 bits.
    """
    events = stream.events
    lowest, highest = events["t"].min(initial=0), events["t"].max(initial=0)
    if max(stream.sensor) > _COORDINATE + 1 or lowest < 0 or highest > _LARGEST_TIME:
        reason = "does not fit AEDAT 3.1 (x and y to 32767, t from 0 to 2147483647 µs)"
        raise DataError(source=stream.source, reason=reason, hint="Write .npz instead.")
    words = np.empty((len(events), 2), "<u4")
    data = events["x"].astype(np.uint32) << 17 | events["y"].astype(np.uint32) << 2 | events["p"].astype(np.uint32) << 1
    words[:, 0], words[:, 1] = data | 1, events["t"]
    parts = [words[start : start + _PACKET_EVENTS] for start in range(0, len(words), _PACKET_EVENTS)]
    return _header(stream.sensor) + b"".join(_packet(part) for part in parts)


def _header(sensor: Sensor) -> bytes:
    name = next((name for name, size in _SENSORS.items() if size == sensor), "unknown")
    lines = ("#!AER-DAT3.1", "#Format: RAW", f"#Source 0: {name}", "#!END-HEADER")
    return "".join(f"{line}\r\n" for line in lines).encode()


def _packet(words: UInt32[np.ndarray, "n 2"]) -> bytes:
    number = len(words)
    return _HEAD.pack(_POLARITY, 0, _SIZE, 4, 0, number, number, number) + words.tobytes()


def _polarity_packets(content: bytes, start: int, source: Path | str) -> list[tuple[int, int, int]]:
    """(byte of the first event, overflow, number of events) for each polarity packet."""
    packets = []
    while start < len(content):
        if len(content) - start < _HEAD.size:
            reason = f"the file is cut: {len(content) - start} bytes left, a packet head has {_HEAD.size}"
            raise EventFormatError(path=source, offset=start, reason=reason, hint="Download it again.")
        kind, _, size, _, overflow, capacity, number, _ = _HEAD.unpack_from(content, start)
        if size <= 0 or not 0 <= number <= capacity or overflow < 0 or (kind == _POLARITY and size != _SIZE):
            reason = f"impossible packet: type {kind}, {size} bytes an event, {number} of {capacity} events used"
            raise EventFormatError(path=source, offset=start, reason=reason)
        end = start + _HEAD.size + capacity * size
        if end > len(content):
            reason = f"the file is cut: the packet needs {end - len(content)} bytes more"
            raise EventFormatError(path=source, offset=start, reason=reason, hint="Download it again.")
        if kind == _POLARITY:
            packets.append((start + _HEAD.size, overflow, number))
        start = end
    return packets


def _places(
    starts: Integer[np.ndarray, " packets"], counts: Integer[np.ndarray, " packets"]
) -> Integer[np.ndarray, " events"]:
    """Byte of each event, packet after packet."""
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    places: Integer[np.ndarray, " events"] = np.repeat(starts, counts) + within * _SIZE
    return places


def _stated_sensor(header: Header) -> Sensor | None:
    line = header.find("#Source ")
    name = line[1].partition(":")[2].strip().upper() if line else ""
    return next((size for start, size in _SENSORS.items() if name.startswith(start)), None)


FORMAT = Format(name="aedat31", suffixes=(".aedat",), decode=decode, encode=encode, starts=(b"#!AER-DAT3",))
