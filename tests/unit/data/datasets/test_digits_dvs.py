import numpy as np

from neurodeploy.data.datasets import find
from neurodeploy.data.datasets.digits_dvs import enlarge


def test_the_split_is_stratified_and_complete() -> None:
    data = find("digits-dvs").open()
    assert (len(data.train), len(data.test)) == (1442, 355)
    train = np.bincount([recording.label for recording in data.train])
    test = np.bincount([recording.label for recording in data.test])
    np.testing.assert_array_equal(test, (train + test) // 5)
    assert "1442 and 355" in data.split


def test_it_needs_no_path_and_opens_the_same_each_time() -> None:
    first, second = find("digits-dvs").open(), find("digits_dvs").open()
    assert first.content_key == second.content_key
    np.testing.assert_array_equal(first.test[3].load().events, second.test[3].load().events)


def test_recordings_show_the_digit_on_the_whole_sensor() -> None:
    data = find("digits-dvs").open()
    stream = data.train[0].load()
    assert stream.sensor == data.sensor == (34, 34)
    assert 1000 < len(stream) < 8000
    assert data.classes == tuple("0123456789")


def test_another_sensor_can_be_asked_for() -> None:
    data = find("digits-dvs").open(None, (28, 30))
    assert data.sensor == data.train[0].load().sensor == (28, 30)


def test_enlarging_keeps_even_grey_and_the_middles() -> None:
    even = enlarge(np.full((1, 8, 8), 16, np.uint8), 3)
    assert even.shape == (1, 24, 24)
    assert set(even[0, 1:-1, 1:-1].ravel().tolist()) == {255}
    spot = np.zeros((1, 8, 8), np.uint8)
    spot[0, 2, 5] = 8
    large = enlarge(spot, 3)[0]
    assert np.unravel_index(large.argmax(), large.shape) == (7, 16)
    assert large.max() == 128


def test_enlarging_is_linear_between_middles() -> None:
    step = np.zeros((1, 1, 2), np.uint8)
    step[0, 0, 1] = 15
    row = enlarge(step, 3)[0, 1]
    np.testing.assert_array_equal(row, [0, 0, 80, 159, 239, 159])
