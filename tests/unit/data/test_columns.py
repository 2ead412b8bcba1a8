"""The one check of decoded columns."""

import numpy as np
import pytest

from neurodeploy.data.columns import make_stream
from neurodeploy.data.events import EVENT
from neurodeploy.errors import EventFormatError

GOOD = {"t": np.array([1, 5]), "x": np.array([0, 9], np.uint8), "y": np.array([4, 0]), "p": np.array([True, False])}


def make(sensor: tuple[int, int] | None = (5, 10), **changed: np.ndarray):
    return make_stream(**(GOOD | changed), sensor=sensor, source="s", offset=lambda index: 100 + index)


def test_columns_of_any_integer_type_become_events():
    stream = make()
    assert stream.events.dtype == EVENT
    assert stream.events.tolist() == [(1, 0, 4, 1), (5, 9, 0, 0)]


def test_the_smallest_sensor_is_height_then_width():
    assert make(sensor=None).sensor == (5, 10)


@pytest.mark.parametrize(
    ("changed", "offset", "reason"),
    [
        ({"x": np.array([10, 0])}, 100, "x outside 0..9"),
        ({"x": np.array([0, -1])}, 101, "x outside 0..9"),
        ({"y": np.array([0, 5])}, 101, "y outside 0..4"),
        ({"y": np.array([-1, 0])}, 100, "y outside 0..4"),
        ({"p": np.array([0, 2])}, 101, "polarity"),
        ({"p": np.array([-1, 1])}, 100, "polarity"),
        ({"t": np.array([5, 4])}, 101, "backwards"),
        ({"t": np.array([5, 4], np.uint32)}, 101, "backwards"),
    ],
)
def test_each_fault_is_refused_with_its_byte(changed: dict[str, np.ndarray], offset: int, reason: str):
    with pytest.raises(EventFormatError) as caught:
        make(**changed)
    assert caught.value.offset == offset
    assert reason in caught.value.reason


def test_a_coordinate_that_16_bits_cannot_hold_is_refused_on_any_sensor():
    with pytest.raises(EventFormatError, match=r"x outside 0\.\.65535"):
        make(sensor=None, x=np.array([0, 65536]))


def test_a_sensor_beyond_16_bits_is_allowed_when_no_event_is():
    assert make(sensor=(70000, 70000)).sensor == (70000, 70000)


def test_no_event_is_refused():
    none = {name: column[:0] for name, column in GOOD.items()}
    with pytest.raises(EventFormatError, match="no events"):
        make(**none)
