"""Thresholds: the curve of all of them equals trying each, and choices are what they say."""

import numpy as np
import pytest

from neurodeploy.early_exit import (
    choose,
    choose_within,
    confidence,
    exit_curve,
    exit_steps,
    histogram,
    is_right,
    margins,
)
from neurodeploy.errors import ConfigError, DataError

CLASSES, STEPS = 5, 6


@pytest.fixture
def prefix(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(-20, 60, (200, STEPS, CLASSES)).cumsum(1)


def brute(scores: np.ndarray, right: np.ndarray, threshold: float, min_steps: int) -> tuple[float, float, float]:
    """Mean timesteps, accuracy and lost share of one threshold, sample by sample and step by step."""
    steps, correct, lost = [], [], []
    for score, is_good in zip(scores, right, strict=True):
        time = min_steps - 1
        while time < len(score) - 1 and not score[time] > threshold:
            time += 1
        steps.append(time + 1)
        correct.append(is_good[time])
        lost.append(is_good[-1] and not is_good[time])
    return float(np.mean(steps)), float(np.mean(correct)), float(np.mean(lost))


@pytest.mark.parametrize("min_steps", [1, 2, STEPS])
@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_every_point_is_what_a_loop_finds(rng: np.random.Generator, min_steps: int, kind: type) -> None:
    for _ in range(20):
        scores = rng.integers(0, 7, (9, STEPS)).astype(kind)
        right = rng.random(scores.shape) < 0.6
        curve = exit_curve(scores, right, min_steps)
        for place, threshold in enumerate(curve.thresholds):
            expected = brute(scores, right, threshold, min_steps)
            found = curve.steps[place], curve.accuracy[place], curve.lost[place]
            assert found == pytest.approx(expected, abs=1e-12)


def test_no_threshold_gives_anything_that_is_not_on_the_curve(rng: np.random.Generator) -> None:
    scores, right = rng.random((30, STEPS)), rng.random((30, STEPS)) < 0.6
    curve = exit_curve(scores, right)
    for threshold in rng.random(100):
        assert np.isclose(curve.steps, exit_steps(scores, threshold).mean()).any()


def test_a_confidence_above_one_is_never_reached_and_one_below_its_least_always(prefix: np.ndarray) -> None:
    scores = confidence(prefix, 0.05)
    assert (exit_steps(scores, 1.0) == STEPS).all()
    assert (exit_steps(scores, 1 / CLASSES - 1e-9) == 1).all()


def test_higher_thresholds_take_more_timesteps(prefix: np.ndarray) -> None:
    scores = margins(prefix)
    found = [exit_steps(scores, threshold).mean() for threshold in range(-1, 200)]
    assert (np.diff(found) >= 0).all()
    curve = exit_curve(scores, np.ones(scores.shape, bool))
    assert (np.diff(curve.steps) > 0).all()
    assert (curve.steps[0], curve.steps[-1]) == (1, STEPS)


def test_every_sample_is_in_the_histogram_once(prefix: np.ndarray) -> None:
    steps = exit_steps(margins(prefix), 30)
    found = histogram(steps, STEPS)
    assert found.shape == (STEPS,)
    assert found.sum() == len(steps)
    assert found[2] == (steps == 3).sum()


def test_no_other_threshold_beats_one_of_the_front(prefix: np.ndarray, rng: np.random.Generator) -> None:
    labels = rng.integers(0, CLASSES, len(prefix))
    curve = exit_curve(margins(prefix), is_right(prefix, labels))
    assert 1 < curve.pareto.sum() < len(curve.steps)
    for place in np.flatnonzero(curve.pareto):
        faster = curve.steps < curve.steps[place]
        assert not (curve.accuracy[faster] >= curve.accuracy[place]).any()
    for place in np.flatnonzero(~curve.pareto):
        assert (curve.accuracy[:place] >= curve.accuracy[place]).any()


TABLE = np.array([[5, 5, 9], [1, 6, 9], [1, 2, 9], [7, 1, 9]])
RIGHT = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0]], bool)
"""A confident mistake, and three samples that need one, two and three timesteps."""


def test_the_fewest_timesteps_within_the_loss_are_chosen() -> None:
    curve = exit_curve(TABLE, RIGHT)
    none, one = choose(curve, 0.0), choose(curve, 0.25)
    assert curve.thresholds[none] == 2
    assert curve.steps[none] == (1 + 2 + 3 + 1) / 4
    assert curve.thresholds[one] == 1
    assert curve.lost[one] == 0.25


def test_a_gain_does_not_make_up_for_a_loss_unless_asked() -> None:
    scores, right = np.array([[5, 9], [5, 9]]), np.array([[1, 0], [0, 1]], bool)
    curve = exit_curve(scores, right)
    assert curve.steps[choose(curve, 0.0)] == 2
    assert curve.steps[choose(curve, 0.0, set_off_gains=True)] == 1
    assert curve.accuracy[choose(curve, 0.0)] >= curve.full


def test_the_most_accurate_within_a_budget_is_chosen_and_of_equals_the_fastest() -> None:
    curve = exit_curve(TABLE, RIGHT)
    place = choose_within(curve, 1.5)
    assert curve.steps[place] <= 1.5
    assert curve.accuracy[place] == max(curve.accuracy[curve.steps <= 1.5])
    assert curve.steps[choose_within(curve, 3)] == 1.75


def test_a_budget_below_the_first_exit_is_refused() -> None:
    with pytest.raises(ConfigError, match="allowed: >= 2"):
        choose_within(exit_curve(TABLE, RIGHT, min_steps=2), 1.5)


@pytest.mark.parametrize("loss", [-0.1, 1.1])
def test_a_loss_that_is_no_share_is_refused(loss: float) -> None:
    with pytest.raises(ConfigError, match="max-loss"):
        choose(exit_curve(TABLE, RIGHT), loss)


def test_nothing_is_calibrated_on_no_samples() -> None:
    with pytest.raises(DataError, match="no samples"):
        exit_curve(np.zeros((0, 3)), np.zeros((0, 3), bool))


@pytest.mark.parametrize("min_steps", [0, 4])
def test_first_timesteps_out_of_range_are_refused(min_steps: int) -> None:
    with pytest.raises(ConfigError, match=r"1\.\.3"):
        exit_curve(TABLE, RIGHT, min_steps)
    with pytest.raises(ConfigError, match=r"1\.\.3"):
        exit_steps(TABLE, 0, min_steps)


def test_one_timestep_leaves_one_choice() -> None:
    curve = exit_curve(TABLE[:, :1], RIGHT[:, :1])
    assert curve.steps.tolist() == [1]
    assert curve.accuracy.tolist() == [0.25]
