import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.frames import VERSION, bin_by_count, bin_by_duration, to_frames
from neurodeploy.errors import ConfigError

SENSOR = (5, 7)


def stream(*events: tuple[int, int, int, int]) -> EventStream:
    """Events given as (t, x, y, p)."""
    return EventStream(np.array(list(events), EVENT), SENSOR)


@st.composite
def streams(draw: st.DrawFn) -> EventStream:
    places = st.tuples(st.integers(0, 10**7), st.integers(0, 6), st.integers(0, 4), st.integers(0, 1))
    return stream(*sorted(draw(st.lists(places, max_size=40))))


def test_an_event_lands_at_its_window_polarity_row_and_column() -> None:
    frames = bin_by_duration(stream((0, 1, 2, 0), (99, 6, 4, 1)), 2, 100)
    expected = np.zeros((2, 2, 5, 7), np.uint8)
    expected[0, 0, 2, 1] = expected[1, 1, 4, 6] = 1
    np.testing.assert_array_equal(frames, expected)


def test_an_event_on_the_border_belongs_to_the_later_window() -> None:
    frames = bin_by_duration(stream((0, 0, 0, 0), (49, 0, 0, 0), (50, 0, 0, 0), (99, 0, 0, 0)), 2, 100)
    np.testing.assert_array_equal(frames[:, 0, 0, 0], [2, 2])


def test_windows_start_at_the_first_event() -> None:
    frames = bin_by_duration(stream((1_000_000, 0, 0, 0), (1_000_099, 0, 0, 0)), 2, 100)
    np.testing.assert_array_equal(frames[:, 0, 0, 0], [1, 1])


def test_own_span_includes_the_last_event() -> None:
    frames = bin_by_duration(stream((0, 0, 0, 0), (5, 0, 0, 0), (10, 0, 0, 0)), 2)
    np.testing.assert_array_equal(frames[:, 0, 0, 0], [2, 1])


def test_events_after_a_given_duration_are_left_out() -> None:
    frames = bin_by_duration(stream((0, 0, 0, 0), (100, 0, 0, 0), (500, 0, 0, 0)), 4, 100)
    assert frames.sum() == 1


@given(streams(), st.integers(1, 9))
def test_no_event_is_lost_in_the_own_span(events: EventStream, timesteps: int) -> None:
    assert bin_by_duration(events, timesteps).sum() == len(events)
    assert bin_by_count(events, timesteps).sum() == len(events)


@given(streams(), st.integers(1, 9), st.integers(1, 10**6))
def test_each_window_holds_the_events_of_its_time(events: EventStream, timesteps: int, duration: int) -> None:
    frames = bin_by_duration(events, timesteps, duration)
    expected = np.zeros_like(frames)
    for t, x, y, p in events.events.tolist():
        window = (t - int(events.events["t"][0])) * timesteps // duration
        if window < timesteps:
            expected[window, p, y, x] += 1
    np.testing.assert_array_equal(frames, expected)


@given(streams(), st.integers(1, 9))
def test_windows_by_count_differ_by_at_most_one_event(events: EventStream, timesteps: int) -> None:
    sizes = bin_by_count(events, timesteps).sum(axis=(1, 2, 3))
    assert sizes.max() - sizes.min() <= 1


def test_windows_by_count_are_in_time_order() -> None:
    frames = bin_by_count(stream((0, 0, 0, 0), (1, 1, 0, 0), (900, 2, 0, 0), (901, 3, 0, 0)), 2)
    np.testing.assert_array_equal(frames[:, 0, 0, :4], [[1, 1, 0, 0], [0, 0, 1, 1]])


@pytest.mark.parametrize("bins", [bin_by_duration, bin_by_count])
def test_a_recording_without_events_gives_zeros(bins: Callable[[EventStream, int], np.ndarray]) -> None:
    frames = bins(stream(), 3)
    np.testing.assert_array_equal(frames, np.zeros((3, 2, *SENSOR), np.uint8))


@pytest.mark.parametrize("bins", [bin_by_duration, bin_by_count])
def test_one_timestep_holds_everything(bins: Callable[[EventStream, int], np.ndarray]) -> None:
    frames = bins(stream((0, 3, 1, 1), (7, 3, 1, 1), (9, 0, 0, 0)), 1)
    assert (frames[0, 1, 1, 3], frames[0, 0, 0, 0], frames.sum()) == (2, 1, 3)


def test_a_single_event_lands_in_the_first_window() -> None:
    assert bin_by_duration(stream((42, 3, 1, 1)), 5)[0, 1, 1, 3] == 1


@pytest.mark.parametrize(("events", "count"), [(255, 255), (256, 255), (700, 255)])
def test_counts_stop_at_255(events: int, count: int) -> None:
    frames = bin_by_duration(stream(*[(t, 0, 0, 0) for t in range(events)]), 1)
    assert frames[0, 0, 0, 0] == count


@given(streams(), st.integers(1, 9), st.integers(1, 255))
def test_counts_are_cut_to_the_highest_and_binary_frames_to_one(events: EventStream, timesteps: int, high: int) -> None:
    counts = bin_by_duration(events, timesteps)
    binary, cut = to_frames(events, timesteps), to_frames(events, timesteps, high=high)
    np.testing.assert_array_equal(binary, np.where(counts > 0, 1, 0))
    np.testing.assert_array_equal(cut, np.where(counts > high, high, counts))
    assert binary.dtype == cut.dtype == np.uint8


@pytest.mark.parametrize(("timesteps", "duration"), [(0, None), (-1, 10), (4, 0), (4, -5)])
def test_windows_without_length_or_number_are_refused(timesteps: int, duration: int | None) -> None:
    with pytest.raises(ConfigError, match=r"1 or more"):
        bin_by_duration(stream((0, 0, 0, 0)), timesteps, duration)


def test_zero_windows_by_count_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"data\.timesteps.*found 0"):
        bin_by_count(stream((0, 0, 0, 0)), 0)


def test_frames_of_this_version_are_these() -> None:
    """When this fails, cached frames of users are stale: raise VERSION, then write down the new digest."""
    rng = np.random.default_rng(1)
    events = np.zeros(500, EVENT)
    events["t"], events["p"] = np.sort(rng.integers(0, 90_001, 500)), rng.integers(0, 2, 500)
    events["x"], events["y"] = rng.integers(0, 7, 500), rng.integers(0, 5, 500)
    made = EventStream(events, SENSOR)
    all_frames = np.stack([bin_by_duration(made, 6), bin_by_duration(made, 6, 50_000), bin_by_count(made, 6)])
    assert (VERSION, hashlib.sha256(all_frames.tobytes()).hexdigest()[:16]) == (1, "aaaa2fe6de08449f")
