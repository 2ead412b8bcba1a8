"""Numbers of a data set, against recordings whose numbers are known."""

import json

import numpy as np
import pytest

from neurodeploy.data.datasets.dataset import Opened, Recording
from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.stats import stats


def recording(label: int, *events: tuple[int, int, int, int]) -> Recording:
    stream = EventStream(np.array(list(events), EVENT), (4, 4))
    return Recording(f"r{label}", label, lambda: stream)


def opened(train: tuple[Recording, ...], test: tuple[Recording, ...] = ()) -> Opened:
    return Opened(train, test, ("a", "b"), (4, 4), "key", "by hand")


TWO = recording(0, (100, 0, 0, 1), (1100, 1, 1, 0))
FOUR = recording(1, (0, 0, 0, 1), (1, 0, 0, 1), (2, 0, 0, 1), (2000, 0, 0, 0))


def test_each_split_is_counted_by_class():
    found = stats(opened((TWO, FOUR, FOUR), (TWO,)))
    assert found["train"]["recordings"] == 3
    assert found["train"]["per_class"] == {"a": 1, "b": 2}
    assert found["test"]["per_class"] == {"a": 1, "b": 0}


def test_events_durations_polarity_and_rate_are_those_of_the_recordings():
    found = stats(opened((TWO, FOUR, FOUR)))["train"]
    assert found["events"] == {"min": 2, "median": 4.0, "max": 4, "total": 10}
    assert found["duration_us"] == {"min": 1000, "median": 2000.0, "max": 2000}
    assert found["on_share"] == pytest.approx(7 / 10)
    assert found["rate_per_s"] == 2000.0


def test_an_empty_split_has_no_invented_numbers():
    assert stats(opened((TWO,)))["test"] == {"recordings": 0, "per_class": {"a": 0, "b": 0}}


def test_a_recording_without_duration_has_no_rate():
    assert "rate_per_s" not in stats(opened((recording(0, (5, 0, 0, 1)),)))["train"]


def test_the_whole_is_ready_for_json():
    found = json.loads(json.dumps(stats(opened((TWO,), (FOUR,)))))
    assert found["sensor"] == [4, 4]
    assert found["split"] == "by hand"
