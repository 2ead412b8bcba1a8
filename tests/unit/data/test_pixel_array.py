import numpy as np
import pytest

from neurodeploy.data.camera_config import CameraConfig
from neurodeploy.data.optics import Light
from neurodeploy.data.pixel_array import (
    CELL_BIT,
    CELL_MASK,
    RECORDING_BIT,
    TIME_BIT,
    TIME_MASK,
    Pixels,
    pack,
    run,
)
from neurodeploy.data.saccade import Saccades

THRESHOLD = 0.3


def ramp(slope: float, batch: int = 1) -> Light:
    """Light that rises by `slope` per pixel to the right, on a 4x4 sensor."""
    places = np.arange(10)[None, :] + np.arange(2)[:, None] / 2 - 3
    grid = np.broadcast_to((places * slope)[None, :, None, :, None], (2, 2, 10, 10, batch))
    return Light(np.ascontiguousarray(grid, np.float32), margin=3)


def pixels(phase: float = 0.5, threshold: float = THRESHOLD, batch: int = 1) -> Pixels:
    even = np.full((4, 4, batch), threshold, np.float32)
    return Pixels(even, even, np.full((4, 4, batch), phase, np.float32))


def camera(refractory_us: int = 0, step_us: int = 2_500, x: tuple[int, ...] = (0, -100)) -> CameraConfig:
    """The image moves by `x` (1/100 pixel), 100 ms from point to point; so light of slope 1 rises by 1 in 100 ms."""
    return CameraConfig(refractory_us=refractory_us, step_us=step_us, path=Saccades(100_000, (0,) * len(x), x))


def events_of(packed: np.ndarray, cell: int, recording: int = 0) -> list[tuple[int, int]]:
    """(time in ms, polarity) of the events of one pixel."""
    mine = (packed >> CELL_BIT & CELL_MASK == cell) & (packed >> RECORDING_BIT == recording)
    times = (packed[mine] >> TIME_BIT & TIME_MASK) / 1000
    return sorted(zip(np.round(times).tolist(), (packed[mine] & 1).tolist(), strict=True))


def test_packed_events_hold_all_four_facts() -> None:
    packed = pack(np.array([5]), np.array([307_999]), np.array([1_048_575]), np.array([1]))[0]
    assert packed >> RECORDING_BIT == 5
    assert packed >> TIME_BIT & TIME_MASK == 307_999
    assert packed >> CELL_BIT & CELL_MASK == 1_048_575
    assert packed & 1 == 1


def test_rising_light_sends_on_each_time_it_rose_by_the_threshold() -> None:
    packed = run(ramp(1.0), pixels(), camera())
    assert events_of(packed, cell=5) == [(30.0, 1), (60.0, 1), (90.0, 1)]
    assert len(packed) == 3 * 16


def test_falling_light_sends_off() -> None:
    assert events_of(run(ramp(-1.0), pixels(), camera()), 5) == [(30.0, 0), (60.0, 0), (90.0, 0)]


def test_light_that_turns_sends_both_and_nothing_between_the_thresholds() -> None:
    packed = run(ramp(1.0), pixels(), camera(x=(0, -100, 0)))
    # Up to 1.0 with the last event at 0.9; the next OFF needs 0.6, reached 40 ms after the turn.
    expected = [(30.0, 1), (60.0, 1), (90.0, 1), (140.0, 0), (170.0, 0), (200.0, 0)]
    assert events_of(packed, 0) in (expected, expected[:-1])


def test_light_that_stays_sends_nothing() -> None:
    assert len(run(ramp(1.0), pixels(), camera(x=(0, 0)))) == 0
    assert len(run(ramp(0.0), pixels(), camera())) == 0


def test_a_change_below_the_threshold_sends_nothing() -> None:
    assert len(run(ramp(0.29), pixels(), camera())) == 0
    assert len(run(ramp(0.31), pixels(), camera())) == 16


@pytest.mark.parametrize(("phase", "first"), [(0.5, 30.0), (0.75, 15.0), (1.0, 0.0)])
def test_the_phase_says_how_near_the_first_event_is(phase: float, first: float) -> None:
    assert events_of(run(ramp(1.0), pixels(phase), camera()), 0)[0] == (first, 1)


def test_in_the_refractory_time_the_memory_follows_the_light() -> None:
    """Sent at 0.3 (30 ms), awake at 40 ms with the light at 0.4: the next event is due at 0.7."""
    assert events_of(run(ramp(1.0), pixels(), camera(refractory_us=10_000)), 0) == [(30.0, 1), (70.0, 1)]


def test_a_refractory_time_longer_than_the_recording_leaves_one_event() -> None:
    assert events_of(run(ramp(1.0), pixels(), camera(refractory_us=10**6)), 0) == [(30.0, 1)]


@pytest.mark.parametrize("refractory_us", [0, 400, 10_000])
@pytest.mark.parametrize("step_us", [500, 3_333, 20_000])
def test_on_constant_change_the_time_step_does_not_matter(refractory_us: int, step_us: int) -> None:
    light = ramp(3.0)
    fine = run(light, pixels(), camera(refractory_us, 2_500))
    other = run(light, pixels(), camera(refractory_us, step_us))
    assert len(fine) == len(other) > 0
    times = [np.sort(packed >> TIME_BIT & TIME_MASK) for packed in (fine, other)]
    np.testing.assert_allclose(times[0], times[1], atol=20)  # µs: places are rounded to 1/8192 pixel


def test_each_pixel_has_its_own_thresholds() -> None:
    made = pixels()
    made.on[0, 1] = 0.5
    packed = run(ramp(1.0), made, camera())
    assert len(events_of(packed, 0)) == 3
    assert len(events_of(packed, 1)) <= 2


def test_recordings_of_a_batch_do_not_mix() -> None:
    light = ramp(1.0, batch=2)
    light.grid[..., 1] *= -1
    packed = run(light, pixels(batch=2), camera())
    assert events_of(packed, 5, recording=0) == [(30.0, 1), (60.0, 1), (90.0, 1)]
    assert events_of(packed, 5, recording=1) == [(30.0, 0), (60.0, 0), (90.0, 0)]
