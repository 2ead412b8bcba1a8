"""DAT bytes: the layout by literal bytes, each malformation, and a real N-CARS file."""

from pathlib import Path

import numpy as np
import pytest

from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.formats.dat import FORMAT
from neurodeploy.errors import DataError, EventFormatError

HEADER = b"% Data file containing CD events\n% Version 2\n% Width 304\n% Height 240\n"
TYPE = b"\x0c\x08"
START = len(HEADER) + 2
# time 0x0100 = 256; address: x 5, y 3, polarity 1
EVENT_A = b"\x00\x01\x00\x00" + (5 | 3 << 14 | 1 << 28).to_bytes(4, "little")
EVENT_B = b"\x00\x00\x01\x00" + (303 | 239 << 14).to_bytes(4, "little")


def refused(content: bytes, sensor: tuple[int, int] | None = None) -> EventFormatError:
    with pytest.raises(EventFormatError) as caught:
        FORMAT.decode(content, sensor, "a.dat")
    return caught.value


def test_eight_bytes_are_time_and_address():
    stream = FORMAT.decode(HEADER + TYPE + EVENT_A + EVENT_B, None, "x")
    assert stream.events.tolist() == [(256, 5, 3, 1), (65536, 303, 239, 0)]


def test_the_header_states_the_sensor():
    assert FORMAT.decode(HEADER + TYPE + EVENT_A, None, "x").sensor == (240, 304)


def test_a_given_sensor_beats_the_header():
    assert FORMAT.decode(HEADER + TYPE + EVENT_A, (100, 120), "x").sensor == (100, 120)


def test_without_width_and_height_the_smallest_sensor_is_taken():
    assert FORMAT.decode(b"% Version 2\n\x00\x08" + EVENT_A, None, "x").sensor == (4, 6)


def test_an_empty_file_is_refused():
    assert "empty" in refused(b"").reason


def test_a_file_without_percent_sign_is_refused():
    error = refused(b"#!AER-DAT2.0\r\n")
    assert error.offset == 0
    assert "wanted '%'" in error.reason


def test_another_version_is_refused_at_its_digit():
    error = refused(b"% Version 1\n" + TYPE + EVENT_A)
    assert error.offset == 10
    assert "version 1" in error.reason


def test_a_missing_version_is_refused():
    assert "version none" in refused(b"% Width 4\n" + TYPE + EVENT_A).reason


def test_a_header_line_without_end_is_refused_where_it_starts():
    error = refused(b"% Version 2\n% Width 3")
    assert error.offset == 12
    assert "no end" in error.reason


def test_a_file_that_ends_after_the_header_is_refused():
    error = refused(HEADER + b"\x0c")
    assert error.offset == len(HEADER)
    assert "before event type" in error.reason


@pytest.mark.parametrize("kind", [b"\x0e\x08", b"\x0c\x10"])
def test_another_event_type_or_size_is_refused(kind: bytes):
    error = refused(HEADER + kind + EVENT_A)
    assert error.offset == len(HEADER)
    assert "wanted type 0 or 12" in error.reason


def test_a_file_cut_within_an_event_is_refused():
    error = refused(HEADER + TYPE + EVENT_A + EVENT_B[:6])
    assert error.offset == START + 8
    assert "6 bytes left" in error.reason


def test_no_event_is_refused():
    assert "no events" in refused(HEADER + TYPE).reason


def test_an_event_outside_the_sensor_is_refused_with_its_byte():
    error = refused(HEADER + TYPE + EVENT_A + EVENT_B, (240, 303))
    assert error.offset == START + 8
    assert "x outside 0..302" in error.reason


def test_time_running_backwards_is_refused_with_its_byte():
    error = refused(HEADER + TYPE + EVENT_B + EVENT_A)
    assert error.offset == START + 8
    assert "backwards" in error.reason


def test_polarity_2_is_refused_with_its_byte():
    error = refused(HEADER + TYPE + EVENT_A[:4] + (2 << 28).to_bytes(4, "little"))
    assert error.offset == START
    assert "polarity" in error.reason


def test_what_does_not_fit_is_not_encoded():
    with pytest.raises(DataError, match="does not fit DAT"):
        FORMAT.encode(EventStream(np.array([(1 << 32, 0, 0, 0)], EVENT), (4, 4)))


def test_a_real_ncars_file_is_read(data_dir: Path):
    path = data_dir / "event-file-samples" / "ncars_sample.dat"
    stream = FORMAT.read(path)
    assert len(stream) == 2009
    assert stream.sensor == (42, 78)
    content = path.read_bytes()
    raw = content[content.index(b"\x00\x08") + 2 :]
    rows = [(raw[i : i + 4], int.from_bytes(raw[i + 4 : i + 8], "little")) for i in range(0, len(raw), 8)]
    wanted = [(int.from_bytes(t, "little"), a % 16384, a // 16384 % 16384, a >> 28) for t, a in rows]
    assert stream.events.tolist() == wanted
