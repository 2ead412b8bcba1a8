"""AEDAT 2.0 bytes, written by hand from the format's description: no real file was at hand."""

import numpy as np
import pytest

from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.formats.aedat2 import FORMAT
from neurodeploy.errors import DataError, EventFormatError

DVS128 = (
    b"#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n# AEChip: ch.unizh.ini.jaer.chip.retina.DVS128\r\n"
)
DAVIS = b"#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.Davis240C\r\n"


def record(address: int, t: int) -> bytes:
    return address.to_bytes(4, "big") + t.to_bytes(4, "big")


def refused(content: bytes, sensor: tuple[int, int] | None = None) -> EventFormatError:
    with pytest.raises(EventFormatError) as caught:
        FORMAT.decode(content, sensor, "a.aedat")
    return caught.value


def test_dvs128_has_y_above_x_above_polarity():
    content = DVS128 + b"\x00\x00\x05\x0e\x00\x00\x01\x00"  # y 5, x 7, bit 0 clear; 256 µs
    assert FORMAT.decode(content, None, "x").events.tolist() == [(256, 7, 5, 1)]


def test_dvs128_bit_0_set_means_darker():
    assert FORMAT.decode(DVS128 + record(5 << 8 | 7 << 1 | 1, 1), None, "x").events["p"].tolist() == [0]


def test_dvs128_external_events_are_skipped():
    content = DVS128 + record(1 << 15, 1) + record(3 << 8, 2)
    assert FORMAT.decode(content, None, "x").events.tolist() == [(2, 0, 3, 1)]


def test_dvs128_has_128_by_128_pixels():
    assert FORMAT.decode(DVS128 + record(0, 0), None, "x").sensor == (128, 128)


@pytest.mark.parametrize(
    "line", [b"", b"# AEChip: ch.unizh.ini.jaer.chip.retina.Tmpdiff128\r\n", b"# AEChip: DVS128\r\n"]
)
def test_old_recordings_are_read_as_dvs128(line: bytes):
    content = b"#!AER-DAT2.0\r\n" + line + record(9 << 8 | 4 << 1, 3)
    assert FORMAT.decode(content, None, "x").events.tolist() == [(3, 4, 9, 1)]


def test_davis_has_y_from_bit_22_and_x_from_bit_12():
    content = DAVIS + record(100 << 22 | 200 << 12 | 1 << 11, 5) + record(1 << 22 | 2 << 12, 6)
    stream = FORMAT.decode(content, None, "x")
    assert stream.events.tolist() == [(5, 200, 100, 1), (6, 2, 1, 0)]
    assert stream.sensor == (180, 240)


def test_davis_images_motion_and_external_events_are_skipped():
    content = DAVIS + record(1 << 31 | 3 << 12, 1) + record(1 << 10, 2) + record(4 << 12, 3)
    assert FORMAT.decode(content, None, "x").events.tolist() == [(3, 4, 0, 0)]


def test_a_header_in_chinese_is_a_header():
    content = b"#!AER-DAT2.0\r\n# created " + "星期四".encode() + b"\r\n" + record(2 << 1, 1)
    assert FORMAT.decode(content, None, "x").events["x"].tolist() == [2]


def test_an_event_that_starts_like_a_comment_is_an_event():
    first = record(0x23 << 24 | 1 << 12, 0x0A)  # '#' ... line feed
    events = FORMAT.decode(DAVIS + first + first, None, "x").events
    assert events["y"].tolist() == [0x23 << 24 >> 22] * 2


def test_an_empty_file_is_refused():
    assert "empty" in refused(b"").reason


def test_another_version_is_refused():
    error = refused(b"#!AER-DAT3.1\r\n")
    assert error.offset == 0
    assert "wanted '#!AER-DAT2'" in error.reason


def test_an_unknown_camera_is_refused_at_its_line():
    error = refused(b"#!AER-DAT2.0\r\n# AEChip: some.Cochlea64\r\n" + record(0, 0))
    assert error.offset == 14
    assert "Cochlea64" in error.reason


def test_a_file_cut_within_an_event_is_refused():
    error = refused(DVS128 + record(0, 1) + b"\x00\x00\x00")
    assert error.offset == len(DVS128) + 8
    assert "3 bytes left" in error.reason


def test_a_header_without_events_is_refused():
    error = refused(DVS128)
    assert error.offset == len(DVS128)
    assert "no events" in error.reason


def test_time_running_backwards_is_refused_with_its_byte_also_after_skipped_events():
    error = refused(DVS128 + record(0, 9) + record(1 << 15, 9) + record(0, 8))
    assert error.offset == len(DVS128) + 16
    assert "backwards" in error.reason


def test_an_event_outside_a_smaller_sensor_is_refused():
    error = refused(DVS128 + record(0, 1) + record(40 << 1, 2), (34, 34))
    assert error.offset == len(DVS128) + 8
    assert "x outside 0..33" in error.reason


def test_an_event_outside_the_davis_is_refused():
    assert "y outside 0..179" in refused(DAVIS + record(180 << 22, 1)).reason


def test_what_does_not_fit_is_not_encoded():
    with pytest.raises(DataError, match=r"does not fit AEDAT 2\.0"):
        FORMAT.encode(EventStream(np.array([(0, 0, 0, 0)], EVENT), (180, 240)))
