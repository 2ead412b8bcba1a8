"""What an early exit could reach at best, and how well its confidence is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Int

BINS = 10
"""Intervals of equal width into which `calibration_error` sorts confidences."""


@final
@dataclass(frozen=True)
class Oracle:
    """An exit that knows the labels.

    Args:
        steps: mean first timestep at which the answer is right; T where it never is.
        accuracy: share of samples whose answer is right at some timestep: no exit rule has more.
    """

    steps: float
    accuracy: float


def oracle(right: Bool[np.ndarray, "samples time"]) -> Oracle:
    """The best exit there is for answers that are right or wrong after each timestep (the empirical AET)."""
    ever = right.any(1)
    first = np.where(ever, right.argmax(1) + 1, right.shape[1])
    return Oracle(float(first.mean()), float(ever.mean()))


def aet(accuracies: Sequence[float]) -> float:
    """Accuracy-based expected exit time: a_1 + sum over t >= 2 of t (a_t - a_{t-1}) + (1 - a_T) T.

    Args:
        accuracies: a_1, ..., a_T, share of right answers after exactly t timesteps.
    Source:
        SEENN, arXiv:2304.01230 (its code).
    """
    gains = np.diff(np.asarray(accuracies, np.float64), prepend=0.0)
    steps = np.arange(1, len(gains) + 1)
    return float((steps * gains).sum() + (1 - accuracies[-1]) * len(gains))


def histogram(steps: Int[np.ndarray, " samples"], most: int) -> Int[np.ndarray, " most"]:
    """How many samples left after 1, 2, ..., `most` timesteps."""
    return np.bincount(steps - 1, minlength=most)


def calibration_error(
    confidences: Float[np.ndarray, " samples"], right: Bool[np.ndarray, " samples"], bins: int = BINS
) -> float:
    """Expected calibration error: mean |share of right answers - mean confidence| over bins, weighted by their samples.

    Source:
        Guo et al. 2017, "On calibration of modern neural networks", arXiv:1706.04599, equation 5.
    """
    place = np.minimum((confidences * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(place, right, bins) - np.bincount(place, confidences, bins)
    return float(np.abs(gaps).sum() / len(confidences))
