"""Probabilities, systematic samples and weights, without any network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.train.methods.selection.importance import (
    importance_weights,
    inclusion_probabilities,
    systematic_sample,
)

DRAWS = 5000


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, int, float]:
    scores = draw(st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e9)), min_size=1, max_size=40))
    return np.array(scores), draw(st.integers(1, len(scores))), draw(st.floats(0, 1))


@given(problems())
@settings(deadline=None)
def test_probabilities_add_up_and_lie_between_the_floor_and_one(problem: tuple[np.ndarray, int, float]) -> None:
    scores, size, floor = problem
    found = inclusion_probabilities(scores, size, floor)
    assert abs(found.sum() - size) < 1e-9
    assert found.min() > 0
    assert found.min() >= floor * size / len(scores) * (1 - 1e-12)
    assert found.max() <= 1


@given(problems())
@settings(deadline=None)
def test_a_larger_score_has_no_smaller_probability(problem: tuple[np.ndarray, int, float]) -> None:
    scores, size, floor = problem
    assert np.diff(inclusion_probabilities(scores, size, floor)[np.argsort(scores)]).min(initial=0) >= -1e-12


def test_between_the_limits_probabilities_are_proportional_to_scores() -> None:
    found = inclusion_probabilities(np.array([0.0, 1, 2, 3, 100]), 2, 0.1)
    np.testing.assert_allclose(found, [0.04, 0.16, 0.32, 0.48, 1])


def test_probabilities_minimise_the_variance() -> None:
    """Against every way to move a little probability from one item to another."""
    scores = np.random.default_rng(0).exponential(size=12) ** 2
    best = inclusion_probabilities(scores, 4, 0.0)

    def variance(p: np.ndarray) -> float:
        return float(((1 / p - 1) * scores**2).sum())

    for give in range(12):
        for take in range(12):
            moved = best.copy()
            moved[give] -= 1e-4 * best[give]
            moved[take] += 1e-4 * best[give]
            assert moved[take] > 1 or variance(moved) >= variance(best) * (1 - 1e-12)


def test_everything_is_certain_when_nothing_is_left_out() -> None:
    scores = np.array([0.0, 1e-9, 1, 1e9])
    np.testing.assert_array_equal(inclusion_probabilities(scores, 4, 0.1), np.ones(4))


@pytest.fixture(scope="module")
def probabilities() -> np.ndarray:
    return inclusion_probabilities(np.random.default_rng(1).exponential(size=40) ** 2, 15, 0.1)


def frequencies(draw, count: int) -> np.ndarray:
    rng = np.random.default_rng(2)
    taken = np.zeros(count)
    for _ in range(DRAWS):
        taken[draw(rng)] += 1
    return taken / DRAWS


def worst_deviation(found: np.ndarray, wanted: np.ndarray) -> float:
    """In standard errors; items that are certain must always be there."""
    assert (found[wanted == 1] == 1).all()
    error = np.sqrt(wanted * (1 - wanted) / DRAWS)
    return float(np.abs(found - wanted)[wanted < 1].max() / error[wanted < 1].max())


def test_a_systematic_sample_includes_items_as_often_as_it_should(probabilities: np.ndarray) -> None:
    found = frequencies(lambda rng: systematic_sample(probabilities, 15, rng), 40)
    assert worst_deviation(found, probabilities) < 5


def test_drawing_without_replacement_by_weight_does_not(probabilities: np.ndarray) -> None:
    """The usual mistake, which the test above would notice."""
    found = frequencies(lambda rng: rng.choice(40, 15, replace=False, p=probabilities / 15), 40)
    uncertain = probabilities < 1
    error = np.sqrt(probabilities * (1 - probabilities) / DRAWS)
    assert (np.abs(found - probabilities)[uncertain] / error[uncertain]).max() > 5


@given(problems(), st.integers(0, 2**32))
@settings(deadline=None)
def test_a_sample_has_the_size_it_should_and_no_item_twice(problem: tuple[np.ndarray, int, float], seed: int) -> None:
    scores, size, floor = problem
    found = systematic_sample(inclusion_probabilities(scores, size, floor), size, np.random.default_rng(seed))
    assert len(found) == len(set(found)) == size


def test_pairs_of_neighbours_are_met_too(probabilities: np.ndarray) -> None:
    """Without the shuffle, two unlikely neighbours would never be in one sample."""
    rng, small = np.random.default_rng(3), np.argsort(probabilities)[:2]
    together = sum(np.isin(small, systematic_sample(np.full(40, 0.375), 15, rng)).all() for _ in range(500))
    assert together > 20


def test_weights_have_mean_one_in_expectation(probabilities: np.ndarray) -> None:
    weights = importance_weights(probabilities, 15 / 40)
    assert abs((probabilities * weights).sum() / 15 - 1) < 1e-12
