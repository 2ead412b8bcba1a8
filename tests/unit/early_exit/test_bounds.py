"""Bounds on a table of three samples, worked out by hand."""

import numpy as np
import pytest

from neurodeploy.early_exit import aet, calibration_error, oracle

RIGHT = np.array([[0, 1, 1, 1], [1, 0, 0, 1], [0, 0, 0, 0]], bool)


def test_the_oracle_leaves_at_the_first_right_answer() -> None:
    found = oracle(RIGHT)
    assert found.steps == pytest.approx((2 + 1 + 4) / 3)
    assert found.accuracy == pytest.approx(2 / 3)


def test_the_accuracy_based_time_is_the_published_sum() -> None:
    accuracies = RIGHT.mean(0).tolist()
    assert accuracies == pytest.approx([1 / 3, 1 / 3, 1 / 3, 2 / 3])
    assert aet(accuracies) == pytest.approx(1 / 3 + 2 * 0 + 3 * 0 + 4 * (1 / 3) + (1 - 2 / 3) * 4)


def test_both_agree_where_no_answer_becomes_wrong_again() -> None:
    steady = np.maximum.accumulate(RIGHT, axis=1)
    assert aet(steady.mean(0).tolist()) == pytest.approx(oracle(steady).steps)


def test_the_calibration_error_weighs_each_bin_by_its_samples() -> None:
    confidences = np.array([0.95, 0.91, 0.92, 1.0, 0.55])
    right = np.array([1, 1, 0, 1, 1], bool)
    high, low = abs(3 / 4 - (0.95 + 0.91 + 0.92 + 1.0) / 4), abs(1 - 0.55)
    assert calibration_error(confidences, right) == pytest.approx((4 * high + low) / 5)


def test_confidence_that_is_meant_has_no_error() -> None:
    confidences = np.full(10, 0.7)
    assert calibration_error(confidences, np.arange(10) < 7) == pytest.approx(0)
