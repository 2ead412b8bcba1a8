"""AEDAT 3.1 bytes, written by hand from the format's description: no real file was at hand."""

import struct

import numpy as np
import pytest

from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.formats.aedat31 import FORMAT
from neurodeploy.errors import DataError, EventFormatError

HEADER = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#Start-Time: 2016-09-20 11:00:00 (TZ+0200)\r\n#!END-HEADER\r\n"
START = len(HEADER)
# x 5 << 17 | y 3 << 2 | polarity 1 << 1 | valid 1, little-endian; 256 µs
LITERAL = b"\x0f\x00\x0a\x00" + b"\x00\x01\x00\x00"


def event(x: int, y: int, p: int, t: int, valid: int = 1) -> bytes:
    return struct.pack("<II", x << 17 | y << 2 | p << 1 | valid, t)


def packet(*events: bytes, kind: int = 1, size: int = 8, overflow: int = 0, capacity: int | None = None) -> bytes:
    number = len(events)
    capacity = number if capacity is None else capacity
    head = struct.pack("<hhiiiiii", kind, 1, size, 4, overflow, capacity, number, number)
    return head + b"".join(events) + bytes((capacity - number) * size)


def refused(content: bytes, sensor: tuple[int, int] | None = None) -> EventFormatError:
    with pytest.raises(EventFormatError) as caught:
        FORMAT.decode(content, sensor, "a.aedat")
    return caught.value


def test_eight_bytes_are_address_and_time():
    assert FORMAT.decode(HEADER + packet(LITERAL), None, "x").events.tolist() == [(256, 5, 3, 1)]


def test_the_packet_head_has_28_bytes():
    head = b"\x01\x00\x01\x00" + b"\x08\x00\x00\x00" + b"\x04\x00\x00\x00" + bytes(4) + b"\x01\x00\x00\x00" * 3
    assert packet(LITERAL) == head + LITERAL
    assert len(head) == 28


def test_the_source_line_states_the_sensor():
    assert FORMAT.decode(HEADER + packet(LITERAL), None, "x").sensor == (128, 128)


def test_several_packets_follow_each_other():
    content = HEADER + packet(event(1, 2, 0, 10), event(3, 4, 1, 11)) + packet(event(5, 6, 1, 11))
    assert FORMAT.decode(content, None, "x").events.tolist() == [(10, 1, 2, 0), (11, 3, 4, 1), (11, 5, 6, 1)]


def test_other_packets_are_skipped():
    special = packet(event(9, 9, 1, 5), kind=0)
    motion = packet(bytes(36), kind=3, size=36)
    content = HEADER + special + packet(event(1, 2, 0, 10)) + motion + packet(event(3, 4, 0, 12))
    assert FORMAT.decode(content, None, "x").events["x"].tolist() == [1, 3]


def test_events_not_marked_valid_are_skipped():
    content = HEADER + packet(event(1, 2, 0, 10, valid=0), event(3, 4, 0, 12))
    assert FORMAT.decode(content, None, "x").events["x"].tolist() == [3]


def test_unused_capacity_is_skipped():
    content = HEADER + packet(event(1, 2, 0, 10), capacity=5) + packet(event(3, 4, 0, 12))
    assert FORMAT.decode(content, None, "x").events["x"].tolist() == [1, 3]


def test_each_time_overflow_adds_2_to_the_31_us():
    content = HEADER + packet(event(1, 2, 0, 10)) + packet(event(3, 4, 0, 2), overflow=1)
    assert FORMAT.decode(content, None, "x").events["t"].tolist() == [10, (1 << 31) + 2]


def test_an_empty_file_is_refused():
    assert "empty" in refused(b"").reason


def test_another_version_is_refused():
    error = refused(b"#!AER-DAT2.0\r\n")
    assert error.offset == 0
    assert "wanted '#!AER-DAT3.1'" in error.reason


def test_a_header_without_end_is_refused_where_it_stops():
    error = refused(b"#!AER-DAT3.1\r\n#Format: RAW\r\n" + packet(LITERAL))
    assert error.offset == 28
    assert "#!END-HEADER" in error.reason


def test_a_file_cut_within_a_packet_head_is_refused():
    error = refused(HEADER + packet(LITERAL) + bytes(27))
    assert error.offset == START + 36
    assert "27 bytes left" in error.reason


def test_a_file_cut_within_a_packet_is_refused_where_the_packet_starts():
    error = refused(HEADER + packet(LITERAL) + packet(LITERAL)[:-1])
    assert error.offset == START + 36
    assert "1 bytes more" in error.reason


@pytest.mark.parametrize(
    "head",
    [
        struct.pack("<hhiiiiii", 1, 1, 12, 4, 0, 1, 1, 1),
        struct.pack("<hhiiiiii", 0, 1, 0, 4, 0, 1, 1, 1),
        struct.pack("<hhiiiiii", 1, 1, 8, 4, 0, 1, 2, 2),
        struct.pack("<hhiiiiii", 1, 1, 8, 4, 0, -1, -1, 0),
        struct.pack("<hhiiiiii", 1, 1, 8, 4, -1, 1, 1, 1),
    ],
    ids=["12 bytes a polarity event", "0 bytes an event", "more used than there are", "negative number", "overflow"],
)
def test_an_impossible_packet_is_refused(head: bytes):
    error = refused(HEADER + head + bytes(64))
    assert error.offset == START
    assert "impossible packet" in error.reason


def test_a_file_without_polarity_events_is_refused():
    error = refused(HEADER + packet(event(1, 1, 1, 1), kind=0))
    assert error.offset == START
    assert "no events" in error.reason


def test_an_event_outside_the_sensor_is_refused_with_its_byte():
    error = refused(HEADER + packet(LITERAL) + packet(LITERAL, event(128, 0, 0, 300)))
    assert error.offset == START + 36 + 28 + 8
    assert "x outside 0..127" in error.reason


def test_time_running_backwards_between_packets_is_refused_with_its_byte():
    error = refused(HEADER + packet(event(0, 0, 0, 9)) + packet(event(0, 0, 0, 0, valid=0), event(0, 0, 0, 8)))
    assert error.offset == START + 36 + 28 + 8
    assert "backwards" in error.reason


def test_a_long_stream_is_written_in_several_packets(rng: np.random.Generator):
    events = np.zeros(10_000, EVENT)
    events["t"] = np.sort(rng.integers(0, 1 << 31, len(events)))
    events["x"], events["p"] = rng.integers(0, 128, len(events)), rng.integers(0, 2, len(events))
    stream = EventStream(events, (128, 128))
    content = FORMAT.encode(stream)
    assert len(content) == content.index(b"END-HEADER\r\n") + 12 + 3 * 28 + 8 * 10_000
    back = FORMAT.decode(content, None, "x")
    np.testing.assert_array_equal(back.events, events)
    assert back.sensor == (128, 128)


def test_what_does_not_fit_is_not_encoded():
    with pytest.raises(DataError, match=r"does not fit AEDAT 3\.1"):
        FORMAT.encode(EventStream(np.array([(1 << 31, 0, 0, 0)], EVENT), (4, 4)))
