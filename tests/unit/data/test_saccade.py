import numpy as np
import pytest

from neurodeploy.data.saccade import NMNIST_SACCADES, Saccades
from neurodeploy.errors import ConfigError


def test_the_image_moves_straight_between_points_and_rests_outside() -> None:
    path = Saccades(1000, y=(0, 200), x=(100, -100))
    places = path.at(np.array([-5, 0, 250, 1000, 9999]))
    np.testing.assert_allclose(places, [[0, 1], [0, 1], [0.5, 0.5], [2, -1], [2, -1]], atol=1e-12)


def test_duration_and_reach_follow_from_the_points() -> None:
    path = Saccades(1000, y=(0, 200, 0), x=(100, -350, 0))
    assert (path.duration_us, path.reach) == (2000, 3.5)


@pytest.mark.parametrize(("knot_us", "y", "x"), [(0, (1, 2), (1, 2)), (10, (1,), (1,)), (10, (1, 2), (1, 2, 3))])
def test_a_path_without_length_is_refused(knot_us: int, y: tuple[int, ...], x: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=r"camera\.path"):
        Saccades(knot_us, y, x)


def test_the_nmnist_path_is_three_saccades_of_about_100_ms_that_end_where_they_began() -> None:
    path = NMNIST_SACCADES
    speed = np.linalg.norm(np.diff(path.at(np.arange(0, 310_001, 5_000)), axis=0), axis=1)
    rests = [speed[first:last].max() for first, last in ((17, 20), (43, 46), (60, 62))]
    peaks = [speed[first:last].max() for first, last in ((0, 17), (20, 43), (46, 60))]
    assert max(rests) < 0.25 * min(peaks)
    assert np.linalg.norm(path.at(np.array([0])) - path.at(np.array([310_000]))) < 0.1
