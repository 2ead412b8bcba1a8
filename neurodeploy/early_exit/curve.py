"""Every threshold that makes a difference, what it costs and what it saves, and the one to deploy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Shaped

from neurodeploy.errors import ConfigError, DataError

ROUNDING = 1e-9
"""Two shares closer than this are the same."""


@final
@dataclass(frozen=True, eq=False)
class Curve:
    """Accuracy against average timesteps on some samples.

    Args:
        thresholds: ascending; the first lets every sample leave at once, the last none before T.
        steps: mean t_exit of each threshold; strictly ascending.
        accuracy: share of right answers of each threshold.
        lost: share of samples whose answer is wrong when they leave and right after T; what was won is not set off.
        samples: how many there were.
    """

    thresholds: Shaped[np.ndarray, " thresholds"]
    steps: Float[np.ndarray, " thresholds"]
    accuracy: Float[np.ndarray, " thresholds"]
    lost: Float[np.ndarray, " thresholds"]
    samples: int

    @property
    def full(self) -> float:
        """Accuracy after all T timesteps."""
        return float(self.accuracy[-1])

    @property
    def pareto(self) -> Bool[np.ndarray, " thresholds"]:
        """Which thresholds no other beats: none with fewer timesteps is as accurate."""
        best = np.maximum.accumulate(self.accuracy)
        before = np.concatenate([[-1.0], best[:-1]])
        return np.asarray(self.accuracy > before + ROUNDING)


def exit_curve(
    scores: Shaped[np.ndarray, "samples time"], right: Bool[np.ndarray, "samples time"], min_steps: int = 1
) -> Curve:
    """The curve over all thresholds at which any sample changes the timestep at which it leaves.

    A sample stays while the threshold is at least the highest score it has had, so it leaves where its score is a
    record. Sorting all records once gives every threshold's sums.

    Args:
        scores: after 1, 2, ..., T timesteps; a sample leaves where its score is strictly above the threshold.
        right: whether the answer is right after each.
        min_steps: 1..T, least timesteps before a sample may leave.
    Raises:
        DataError: there are no samples.
        ConfigError: `min_steps` is out of range.
    """
    samples, steps = scores.shape
    if not samples:
        raise DataError(source="calibration", reason="there are no samples")
    if not 1 <= min_steps <= steps:
        raise ConfigError(key="min_steps", found=min_steps, allowed=f"1..{steps}")
    lost = right[:, -1:] & ~right
    taken = np.broadcast_to(np.arange(1, steps + 1), scores.shape)
    facts = np.stack([taken, right, lost]).astype(np.int64)[:, :, min_steps - 1 :]
    thresholds, changes = _changes(scores[:, min_steps - 1 :], facts)
    sums = facts[:, :, 0].sum(1)[:, None] + np.pad(changes.cumsum(1), ((0, 0), (1, 0)))
    means = sums / samples
    return Curve(np.concatenate([[scores.min() - 1], thresholds]), means[0], means[1], means[2], samples)


def _changes(
    scores: Shaped[np.ndarray, "samples time"], facts: Shaped[np.ndarray, "facts samples time"]
) -> tuple[Shaped[np.ndarray, " thresholds"], Shaped[np.ndarray, "facts thresholds"]]:
    """Ascending thresholds at which samples stay longer, and by how much that changes the sum of each fact."""
    records = np.maximum.accumulate(scores, axis=1)
    is_record = np.diff(records, axis=1, prepend=records[:, :1]) > 0
    is_record[:, 0] = True
    after = np.full(len(scores), scores.shape[1] - 1)
    values, found = [records[:0, 0]], [np.zeros((len(facts), 0), np.int64)]
    for time in range(scores.shape[1] - 2, -1, -1):
        who = np.flatnonzero(is_record[:, time])
        values.append(records[who, time])
        found.append(facts[:, who, after[who]] - facts[:, who, time])
        after[who] = time
    thresholds, place = np.unique(np.concatenate(values), return_inverse=True)
    changes = np.zeros((len(thresholds), len(facts)), np.int64)
    np.add.at(changes, place, np.concatenate(found, axis=1).T)
    return thresholds, changes.T


def check_loss(max_loss: int | float) -> None:
    """Refuse what is no share.

    Raises:
        ConfigError: `max_loss` is outside 0..1.
    """
    if not 0 <= max_loss <= 1:
        raise ConfigError(key="--max-loss", found=max_loss, allowed="0..1, a share: 0.005 is half a point")


def choose(curve: Curve, max_loss: int | float = 0.005, *, set_off_gains: bool = False) -> int:
    """Number of the threshold with the fewest timesteps that loses at most `max_loss`.

    Its accuracy is at least the full one less `max_loss`. What an exit makes right is not set off against what it makes
    wrong, or a few hundred samples let a threshold look harmless by chance (measured by
    tests/benchmarks/bench_early_exit.py --resample).

    Args:
        max_loss: share of samples, 0..1.
        set_off_gains: allow what keeps the accuracy, whichever samples are right.
    Raises:
        ConfigError: `max_loss` is out of range.
    """
    check_loss(max_loss)
    loss = curve.full - curve.accuracy if set_off_gains else curve.lost
    return int(np.flatnonzero(loss <= max_loss + ROUNDING)[0])


def choose_within(curve: Curve, budget: int | float) -> int:
    """Number of the most accurate threshold whose average timesteps are within `budget`; of equals the fastest.

    Raises:
        ConfigError: even leaving at once takes more.
    """
    affordable = curve.steps <= budget + ROUNDING
    if not affordable.any():
        raise ConfigError(key="--steps", found=budget, allowed=f">= {curve.steps[0]:g}, where every sample leaves")
    return int(np.flatnonzero(affordable & (curve.accuracy >= curve.accuracy[affordable].max() - ROUNDING))[0])
