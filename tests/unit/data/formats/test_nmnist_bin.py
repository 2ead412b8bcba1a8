"""N-MNIST bytes: the layout by literal bytes, each malformation, and real files."""

from pathlib import Path

import numpy as np
import pytest

from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.formats.nmnist_bin import FORMAT
from neurodeploy.errors import DataError, EventFormatError

FIRST = bytes((3, 7, 0x80, 0x01, 0x02))  # x 3, y 7, brighter, 258 µs
SECOND = bytes((33, 0, 0x01, 0x00, 0x00))  # x 33, y 0, darker, 65536 µs


def refused(content: bytes, sensor: tuple[int, int] | None = (34, 34)) -> EventFormatError:
    with pytest.raises(EventFormatError) as caught:
        FORMAT.decode(content, sensor, "a/1.bin")
    assert caught.value.path == "a/1.bin"
    return caught.value


def test_five_bytes_are_x_y_polarity_and_time():
    events = FORMAT.decode(FIRST + SECOND, (34, 34), "x").events
    assert events.dtype == EVENT
    assert events.tolist() == [(258, 3, 7, 1), (65536, 33, 0, 0)]


def test_the_largest_time_has_23_bits():
    events = FORMAT.decode(bytes((0, 0, 0x7F, 0xFF, 0xFF)), (34, 34), "x").events
    assert events.tolist() == [(8388607, 0, 0, 0)]


def test_without_a_sensor_the_smallest_one_is_taken():
    assert FORMAT.decode(FIRST + SECOND, None, "x").sensor == (8, 34)


def test_an_empty_file_is_refused_at_byte_0():
    error = refused(b"")
    assert error.offset == 0
    assert "empty" in error.reason


def test_a_file_cut_within_an_event_is_refused_where_that_event_starts():
    error = refused(FIRST + SECOND[:3])
    assert error.offset == 5
    assert "3 bytes left" in error.reason


def test_a_column_outside_the_sensor_is_refused_with_its_byte():
    error = refused(FIRST + bytes((34, 0, 1, 0, 0)))
    assert error.offset == 5
    assert "x outside 0..33" in error.reason
    assert "event 1 of 2" in error.reason


def test_a_row_outside_the_sensor_is_refused_with_its_byte():
    error = refused(bytes((0, 34, 0, 0, 0)) + FIRST)
    assert error.offset == 0
    assert "y outside 0..33" in error.reason


def test_time_running_backwards_is_refused_at_the_first_later_event():
    error = refused(FIRST + SECOND + FIRST)
    assert error.offset == 10
    assert "backwards" in error.reason


def test_equal_times_are_allowed():
    assert len(FORMAT.decode(FIRST + FIRST, (34, 34), "x")) == 2


def test_the_first_of_several_faults_is_named():
    error = refused(FIRST + bytes((0, 99, 0, 1, 3)) + bytes((99, 0, 0, 1, 4)))
    assert error.offset == 5
    assert "y outside" in error.reason


def test_row_240_adds_8192_us_to_later_times_and_is_no_event():
    mark = bytes((0, 240, 0, 0, 0))
    events = FORMAT.decode(FIRST + mark + FIRST + mark + FIRST, (34, 34), "x").events
    assert events["t"].tolist() == [258, 258 + 8192, 258 + 2 * 8192]
    assert events["y"].tolist() == [7, 7, 7]


def test_row_240_is_a_mark_when_no_sensor_is_given():
    stream = FORMAT.decode(FIRST + bytes((0, 240, 0, 0, 0)) + FIRST, None, "x")
    assert stream.sensor == (8, 4)


def test_row_240_is_a_pixel_of_a_sensor_with_more_rows():
    stream = FORMAT.decode(bytes((0, 240, 0, 0, 0)) + FIRST, (256, 256), "x")
    assert stream.events["y"].tolist() == [240, 7]


def test_a_fault_behind_a_mark_keeps_its_byte():
    error = refused(FIRST + bytes((0, 240, 0, 0, 0)) + bytes((50, 0, 0, 0, 0)))
    assert error.offset == 10


def test_a_file_of_marks_only_holds_no_event():
    assert "no events" in refused(bytes((0, 240, 0, 0, 0))).reason


def test_what_does_not_fit_is_not_encoded():
    wide = np.array([(0, 256, 0, 0)], EVENT)
    late = np.array([(1 << 23, 0, 0, 0)], EVENT)
    for events in (wide, late):
        with pytest.raises(DataError, match="five bytes"):
            FORMAT.encode(EventStream(events, (300, 300)))


def test_a_missing_file_is_refused_by_name(tmp_path: Path):
    with pytest.raises(EventFormatError, match="No such file"):
        FORMAT.read(tmp_path / "none.bin")


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path):
    with pytest.raises(EventFormatError, match="directory"):
        FORMAT.read(tmp_path)


def test_write_and_read_give_the_same_events(tmp_path: Path):
    stream = FORMAT.decode(FIRST + SECOND, (34, 34), "x")
    FORMAT.write(tmp_path / "1.bin", stream)
    assert (tmp_path / "1.bin").read_bytes() == FIRST + SECOND
    np.testing.assert_array_equal(FORMAT.read(tmp_path / "1.bin", (34, 34)).events, stream.events)


def naive(content: bytes) -> list[tuple[int, int, int, int]]:
    """The format read byte by byte, the way its description is worded."""
    rows = [content[start : start + 5] for start in range(0, len(content), 5)]
    return [((row[2] & 127) << 16 | row[3] << 8 | row[4], row[0], row[1], row[2] >> 7) for row in rows]


@pytest.mark.parametrize(
    ("name", "sensor", "count", "last_us"),
    [("nmnist_sample.bin", (34, 34), 4325, 311175), ("ncaltech101_faces_easy_0001.bin", (180, 240), 67445, 299364)],
)
def test_real_files_are_read_as_byte_by_byte(
    data_dir: Path, name: str, sensor: tuple[int, int], count: int, last_us: int
):
    path = data_dir / "event-file-samples" / name
    stream = FORMAT.read(path, sensor)
    assert (len(stream), int(stream.events["t"][-1])) == (count, last_us)
    assert stream.events.tolist() == naive(path.read_bytes())
