"""The published scores, in floats: for analysis and comparison, not for deployment."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, Shaped

HALVINGS = 60
"""Steps in which `fit_scale` narrows its interval; each keeps two thirds of it."""

STEEPEST = 100.0
"""Largest scale that `fit_scale` tries, in units of 1 / (mean lead): softmax is a step there."""


def _softmax(values: Float[np.ndarray, "*rest classes"]) -> Float[np.ndarray, "*rest classes"]:
    shifted = np.exp(values - values.max(-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(-1, keepdims=True))


def confidence(
    prefix: Shaped[np.ndarray, "samples time classes"], scale: int | float = 1.0
) -> Float[np.ndarray, "samples time"]:
    """c_t = max_k softmax(a O_t)_k, within 1/K..1.

    Args:
        scale: a; the score of a sum is sharper the larger t is, so a threshold belongs to one a.
    Source:
        SEENN-I, arXiv:2304.01230 (a = 1); Dynamic Confidence, ICCV 2023 (a = 1 / a constant).
    """
    return np.asarray(_softmax(scale * prefix.astype(np.float64)).max(-1))


def certainty(
    prefix: Shaped[np.ndarray, "samples time classes"], scale: int | float = 1.0
) -> Float[np.ndarray, "samples time"]:
    """c_t = 1 - E_t within 0..1, with E_t = -(1 / log K) sum_k p_k log p_k and p = softmax(a O_t).

    Leaving at E_t < eps is leaving at c_t > 1 - eps.

    Source:
        DT-SNN, arXiv:2305.17346.
    """
    shares = _softmax(scale * prefix.astype(np.float64))
    logs = np.log(np.where(shares > 0, shares, 1.0))
    return np.asarray(1 + (shares * logs).sum(-1) / np.log(prefix.shape[-1]))


def fit_scale(prefix: Shaped[np.ndarray, "samples time classes"], labels: Int[np.ndarray, " samples"]) -> float:
    """The a for which softmax(a O_t) is least surprised by the labels: mean -log p over all samples and timesteps.

    That is convex in a, so a search by thirds finds it.
    """
    values = prefix.astype(np.float64)
    lead = float(np.mean(values.max(-1) - np.median(values, axis=-1))) or 1.0
    low, high = 0.0, STEEPEST / lead
    for _ in range(HALVINGS):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if _surprise(values, labels, left) <= _surprise(values, labels, right):
            high = right
        else:
            low = left
    return (low + high) / 2


def _surprise(
    values: Float[np.ndarray, "samples time classes"], labels: Int[np.ndarray, " samples"], scale: float
) -> float:
    scaled = scale * (values - values.max(-1, keepdims=True))
    own = np.take_along_axis(scaled, labels[:, None, None], axis=-1)[..., 0]
    return float(np.mean(np.log(np.exp(scaled).sum(-1)) - own))
