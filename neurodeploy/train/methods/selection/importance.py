"""Importance sampling without replacement: probabilities, a sample that has exactly these, and unbiased weights.

N items with gradients g_i are to be represented by M of them. Where item i is in the sample with probability p_i,
(1/N) sum over the sample of g_i / p_i has the mean of all g_i as its expectation for any 0 < p_i <= 1. Of all p with
sum M, its variance under independent draws, (1/N^2) sum (1/p_i - 1) |g_i|^2, is least for p_i = min(1, c |g_i|); a
score that only bounds |g_i| leaves the estimate unbiased and loses a little variance.
Derivation: Lagrange multipliers; the estimator is that of Horvitz and Thompson 1952, doi:10.2307/2280784.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, Real

TINY = 1e-12
"""Scores below this share of the mean count as that much, so that scores of 0 have an order of magnitude too."""


def inclusion_probabilities(scores: Real[np.ndarray, " items"], size: int, floor: float) -> Float[np.ndarray, " items"]:
    """p_i = c * score_i, held between `floor` times the mean probability and 1, with c such that they add up to `size`.

    Args:
        scores: >= 0 and finite.
        size: M, 1 <= M <= items.
        floor: 0 <= floor <= 1.
    """
    count = len(scores)
    if size == count:
        return np.ones(count)
    least = floor * size / count
    mean = float(scores.mean(dtype=np.float64)) or 1.0
    wanted = np.maximum(scores / mean, TINY).astype(np.float64)
    found = np.full(count, np.nan)
    free = np.arange(count)
    while len(free):
        left = size - np.nansum(found)
        proposed = wanted[free] * (left / wanted[free].sum())
        high, low = proposed >= 1, proposed < least
        # Only the side that is violated more is fixed: the other may lie within the limits once c has moved.
        # Bitran and Hax 1981, doi:10.1287/mnsc.27.4.431.
        too_much, too_little = (proposed[high] - 1).sum(), (least - proposed[low]).sum()
        fixed, value = (high, 1.0) if too_much >= too_little and high.any() else (low, least)
        if not fixed.any():
            found[free] = proposed
            break
        found[free[fixed]] = value
        free = free[~fixed]
    return found


def systematic_sample(
    probabilities: Float[np.ndarray, " items"], size: int, rng: np.random.Generator
) -> Int[np.ndarray, " size"]:
    """Indices, ascending, of `size` different items; item i is among them with probability exactly p_i.

    The items are laid end to end in random order, each as long as its probability, and the one under each of the points
    u, u + 1, u + 2, ... is taken: no item is longer than 1, so none is taken twice.

    Args:
        probabilities: each in 0..1, their sum is `size`.
    """
    order = rng.permutation(len(probabilities))
    ends = np.cumsum(probabilities[order])
    places = np.searchsorted(ends, rng.random() + np.arange(size), side="right")
    # The last end is `size` but for rounding.
    chosen: Int[np.ndarray, " size"] = np.sort(order[np.minimum(places, len(order) - 1)])
    return chosen


def importance_weights(probabilities: Float[np.ndarray, " sample"], share: float) -> Float[np.ndarray, " sample"]:
    """M / (N p_i): with these, the mean over the sample of weight times gradient is unbiased.

    Args:
        probabilities: of the items in the sample.
        share: M / N.
    """
    return share / probabilities
