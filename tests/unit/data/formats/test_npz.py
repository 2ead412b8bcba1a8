"""Numpy files: both layouts, each malformation."""

import io

import numpy as np
import pytest

from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.formats.npz import FORMAT
from neurodeploy.errors import EventFormatError

EVENTS = np.array([(10, 1, 2, 0), (11, 3, 4, 1)], EVENT)
COLUMNS = {name: EVENTS[name] for name in ("t", "x", "y", "p")}


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def refused(content: bytes, sensor: tuple[int, int] | None = None) -> EventFormatError:
    with pytest.raises(EventFormatError) as caught:
        FORMAT.decode(content, sensor, "a.npz")
    return caught.value


def test_a_structured_npy_is_read():
    np.testing.assert_array_equal(FORMAT.decode(npy(EVENTS), None, "x").events, EVENTS)


def test_fields_in_another_order_and_of_other_widths_are_read():
    other = np.dtype([("x", ">i2"), ("y", "<i4"), ("t", "<u8"), ("p", "?"), ("extra", "<f4")])
    array = np.zeros(2, other)
    for name in "txyp":
        array[name] = EVENTS[name]
    np.testing.assert_array_equal(FORMAT.decode(npy(array), None, "x").events, EVENTS)


def test_separate_arrays_are_read():
    np.testing.assert_array_equal(FORMAT.decode(npz(**COLUMNS), None, "x").events, EVENTS)


def test_compressed_arrays_are_read():
    file = io.BytesIO()
    np.savez_compressed(file, **COLUMNS)
    np.testing.assert_array_equal(FORMAT.decode(file.getvalue(), None, "x").events, EVENTS)


def test_a_structured_array_in_an_npz_is_read():
    np.testing.assert_array_equal(FORMAT.decode(npz(recording=EVENTS), None, "x").events, EVENTS)


def test_the_sensor_in_the_file_is_taken():
    assert FORMAT.decode(npz(sensor=np.array([34, 40]), **COLUMNS), None, "x").sensor == (34, 40)


def test_a_given_sensor_beats_the_one_in_the_file():
    assert FORMAT.decode(npz(sensor=np.array([34, 40]), **COLUMNS), (50, 50), "x").sensor == (50, 50)


def test_what_is_written_states_its_sensor_and_has_the_same_bytes_each_time():
    content = FORMAT.encode(EventStream(EVENTS, (34, 40)))
    assert FORMAT.decode(content, None, "x").sensor == (34, 40)
    assert FORMAT.encode(EventStream(EVENTS, (34, 40))) == content


def test_an_empty_file_is_refused():
    assert "empty" in refused(b"").reason


def test_another_format_is_refused():
    error = refused(b"\x00\x01\x02\x03\x04")
    assert error.offset == 0
    assert "wanted a .npy or .npz" in error.reason


def test_a_cut_npy_is_refused():
    assert "damaged" in refused(npy(EVENTS)[:-3]).reason


def test_a_cut_npz_is_refused():
    assert "damaged" in refused(npz(**COLUMNS)[:-30]).reason


def test_a_changed_byte_in_an_npz_is_refused():
    content = bytearray(npz(**COLUMNS))
    content[content.index(b"descr") + 80] ^= 1
    assert "damaged" in refused(bytes(content)).reason


def test_bytes_after_the_array_are_refused_where_they_start():
    content = npy(EVENTS)
    error = refused(content + b"abc")
    assert error.offset == len(content)
    assert "3 bytes after" in error.reason


def test_pickled_arrays_are_refused():
    file = io.BytesIO()
    np.save(file, np.array([{"t": 1}], object), allow_pickle=True)
    assert "pickled" in refused(file.getvalue()).reason


def test_a_missing_field_is_refused():
    error = refused(npz(t=EVENTS["t"], x=EVENTS["x"], y=EVENTS["y"]))
    assert "no 'p'; there is t, x, y" in error.reason


def test_a_plain_table_is_refused():
    assert "no 't'" in refused(npy(np.zeros((5, 4), np.int64))).reason


def test_times_in_seconds_are_refused():
    error = refused(npz(**(COLUMNS | {"t": np.array([0.1, 0.2])})))
    assert "'t' is float64" in error.reason
    assert "µs" in str(error)


def test_arrays_of_two_dimensions_are_refused():
    assert "shape (2, 1)" in refused(npz(**(COLUMNS | {"x": np.ones((2, 1), int)}))).reason


def test_arrays_of_different_length_are_refused():
    assert "different length" in refused(npz(**(COLUMNS | {"x": np.ones(3, int)}))).reason


def test_no_event_is_refused():
    assert "no events" in refused(npy(EVENTS[:0])).reason


@pytest.mark.parametrize("sensor", [np.array([34]), np.array([34.0, 34.0]), np.array([0, 34])])
def test_a_sensor_that_is_none_is_refused(sensor: np.ndarray):
    assert "'sensor' is" in refused(npz(sensor=sensor, **COLUMNS)).reason


def test_an_event_outside_the_sensor_is_refused_with_its_byte():
    content = npy(EVENTS)
    error = refused(content, (34, 3))
    assert error.offset == len(content) - EVENT.itemsize
    assert "x outside 0..2" in error.reason


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("x", [-1, 1], "x outside"),
        ("y", [1, -5], "y outside"),
        ("p", [-1, 1], "polarity"),
        ("p", [0, 2], "polarity"),
        ("t", [5, 4], "backwards"),
        ("x", [70000, 1], "x outside 0..65535"),
    ],
)
def test_values_out_of_range_are_refused(name: str, values: list[int], reason: str):
    assert reason in refused(npz(**(COLUMNS | {name: np.array(values)}))).reason
