"""Text events: one a line, each malformation, and real MNIST-DVS exports."""

import tarfile
from pathlib import Path

import pytest

from neurodeploy.data.formats.text import FORMAT
from neurodeploy.errors import EventFormatError


def refused(content: bytes, sensor: tuple[int, int] | None = None) -> EventFormatError:
    with pytest.raises(EventFormatError) as caught:
        FORMAT.decode(content, sensor, "a.txt")
    return caught.value


def test_a_line_is_x_y_t_p():
    stream = FORMAT.decode(b"1 2 30 0\n4 5 60 1\n", None, "x")
    assert stream.events.tolist() == [(30, 1, 2, 0), (60, 4, 5, 1)]


def test_tabs_blank_lines_and_other_line_ends_are_allowed():
    assert len(FORMAT.decode(b"1\t2 30 0\r\n\r\n4 5 60 1", None, "x")) == 2


def test_an_empty_file_is_refused():
    assert "empty" in refused(b" \n").reason


@pytest.mark.parametrize("bad", [b"4 5 60", b"4 5 60 1 7", b"4 5 6.5 1", b"4 five 60 1", b"4 5 99999999999999999999 1"])
def test_a_line_that_is_not_four_integers_is_refused_where_it_starts(bad: bytes):
    error = refused(b"1 2 30 0\n" + bad + b"\n7 8 90 1\n")
    assert error.offset == 9
    assert bad.decode()[:20] in error.reason


def test_three_columns_throughout_are_refused():
    assert refused(b"1 2 30\n4 5 60\n").offset == 0


def test_binary_bytes_are_refused():
    assert refused(bytes(range(256))).offset == 0


def test_an_event_outside_the_sensor_is_refused_with_its_byte():
    error = refused(b"1 2 30 0\n\n34 5 60 1\n", (34, 34))
    assert error.offset == 10
    assert "x outside 0..33" in error.reason


def test_a_negative_column_is_refused():
    assert "x outside" in refused(b"-1 2 30 0\n").reason


def test_time_running_backwards_is_refused_with_its_byte():
    error = refused(b"1 2 30 0\n1 2 29 0\n")
    assert error.offset == 9
    assert "backwards" in error.reason


def test_polarity_2_is_refused():
    assert "polarity" in refused(b"1 2 30 2\n").reason


def test_a_real_export_is_read(data_dir: Path):
    with tarfile.open(data_dir / "mnist-dvs-100" / "mnist-dvs-70.tar.gz") as archive:
        member = archive.extractfile("mnist-dvs/m00.txt")
        assert member is not None
        content = member.read()
    stream = FORMAT.decode(content, (128, 128), "m00.txt")
    assert stream.events[0].item() == (0, 102, 41, 1)
    assert stream.events[-1].item() == (200010, 0, 0, 0)
    assert FORMAT.encode(stream).split() == content.split()
