"""The published scores and the scale of their softmax."""

import math

import numpy as np
import pytest

from neurodeploy.early_exit import certainty, confidence, fit_scale, margins


def test_confidence_is_the_largest_softmax() -> None:
    found = confidence(np.array([[[0, 2, 1]]]), 0.5)
    total = 1 + math.exp(1) + math.exp(0.5)
    assert found[0, 0] == pytest.approx(math.exp(1) / total)


def test_certainty_is_one_less_the_normalised_entropy() -> None:
    shares = np.array([0.5, 0.25, 0.25])
    found = certainty(np.log(shares)[None, None])
    entropy = -sum(share * math.log(share) for share in shares) / math.log(3)
    assert found[0, 0] == pytest.approx(1 - entropy)


def test_scores_of_equal_outputs_are_least_and_of_a_clear_one_highest() -> None:
    prefix = np.array([[[7, 7, 7, 7], [0, 0, 9000, 0]]])
    assert confidence(prefix).tolist() == [pytest.approx([0.25, 1.0])]
    assert certainty(prefix)[0] == pytest.approx([0.0, 1.0])


def test_large_sums_do_not_overflow() -> None:
    prefix = np.array([[[-(2**23), 2**23]]])
    assert np.isfinite(confidence(prefix)).all()
    assert np.isfinite(certainty(prefix)).all()


def test_of_two_classes_confidence_orders_as_the_lead_does(rng: np.random.Generator) -> None:
    prefix = rng.integers(-50, 50, (40, 3, 2))
    lead, sure = margins(prefix).ravel(), confidence(prefix, 0.01).ravel()
    np.testing.assert_array_equal(np.argsort(lead, kind="stable"), np.lexsort((np.arange(lead.size), sure.round(12))))


def test_the_fitted_scale_is_the_one_that_labels_were_drawn_with(rng: np.random.Generator) -> None:
    prefix = rng.normal(0, 100, (20_000, 1, 4))
    shares = np.exp(0.02 * prefix[:, 0])
    shares /= shares.sum(1, keepdims=True)
    labels = (shares.cumsum(1) > rng.random((len(shares), 1))).argmax(1)
    # the standard error of the estimate is 1 % here
    assert fit_scale(prefix, labels) == pytest.approx(0.02, rel=0.04)


def test_outputs_that_tell_classes_apart_without_fault_have_a_finite_scale() -> None:
    prefix = np.array([[[5, 0, 0]], [[0, 5, 0]]])
    assert 0 < fit_scale(prefix, np.array([0, 1])) < 1000
    assert np.isfinite(fit_scale(np.zeros((2, 1, 3), int), np.array([0, 1])))
