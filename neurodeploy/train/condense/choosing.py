"""Recordings chosen to stand for their class: random, herding, k-center, medoids, forgetting; centroids to begin from.

Standard definitions; features are rows of real numbers, one for each recording of one class.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int, Num

Indices = Int[np.ndarray, " chosen"]

ROUNDS = 10
"""Of k-means; on a few dozen recordings it hardly moves after that."""


def herding(features: Float[np.ndarray, "recordings features"], count: int) -> Indices:
    """The recordings whose running mean stays nearest to the mean of all, one after the other.

    Source:
        Welling 2009, "Herding dynamical weights to learn", ICML; used for exemplars by Rebuffi et al. 2017, iCaRL.
    """
    centre, total = features.mean(0), np.zeros_like(features[0])
    free, chosen = np.ones(len(features), bool), []
    for number in range(1, count + 1):
        distance = np.linalg.norm(centre - (total + features) / number, axis=1)
        best = int(np.where(free, distance, np.inf).argmin())
        free[best] = False
        total += features[best]
        chosen.append(best)
    return np.array(chosen)


def k_center(features: Float[np.ndarray, "recordings features"], count: int) -> Indices:
    """The recording nearest to the mean, then always the one farthest from those chosen.

    Source:
        Sener, Savarese 2018, "Active learning for convolutional neural networks: a core-set approach", greedy form.
    """
    chosen = [int(np.linalg.norm(features - features.mean(0), axis=1).argmin())]
    nearest = np.linalg.norm(features - features[chosen[0]], axis=1)
    while len(chosen) < count:
        nearest[chosen] = -1.0
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(features - features[chosen[-1]], axis=1))
    return np.array(chosen)


class Forgetting:
    """How often each recording was answered rightly and, when it came next, wrongly.

    Source:
        Toneva et al. 2019, "An empirical study of example forgetting", openreview BJlxm30cKm.
    """

    def __init__(self, labels: Int[np.ndarray, " recordings"]) -> None:
        self.labels = labels
        self.was_right, self.learned = np.zeros(len(labels), bool), np.zeros(len(labels), bool)
        self.times = np.zeros(len(labels), np.int64)

    def watch(self, chosen: Int[np.ndarray, " batch"], answers: Int[np.ndarray, " batch"]) -> None:
        """Note the answers to the recordings of one step."""
        right: Bool[np.ndarray, " batch"] = answers == self.labels[chosen]
        self.times[chosen] += self.was_right[chosen] & ~right
        self.was_right[chosen] = right
        self.learned[chosen] |= right

    def most(self, members: Int[np.ndarray, " members"], count: int, rng: np.random.Generator) -> Indices:
        """The most often forgotten of `members`; never learned counts as infinitely often, ties are drawn."""
        times = np.where(self.learned[members], self.times[members].astype(np.float64), np.inf)
        return members[np.lexsort((rng.random(len(members)), -times))[:count]]


def centroids(
    values: Num[np.ndarray, "recordings cells"], count: int, rng: np.random.Generator
) -> Float[np.ndarray, "count cells"]:
    """Means of `count` groups found by k-means; of all recordings where `count` is 1.

    A group that loses its last recording begins again at the recording that lies farthest from its own mean.
    """
    values = values.astype(np.float32)
    means = values[rng.choice(len(values), count, replace=False)]
    if count == 1:
        return np.asarray(values.mean(0, keepdims=True))
    for _ in range(ROUNDS):
        distance = ((values**2).sum(1)[:, None] - 2 * values @ means.T) + (means**2).sum(1)
        group = distance.argmin(1)
        lonely = [number for number in range(count) if not (group == number).any()]
        for number, place in zip(lonely, np.argsort(-distance.min(1)), strict=False):
            group[place] = number
        means = np.stack(
            [values[group == number].mean(0) if (group == number).any() else means[number] for number in range(count)]
        )
    return means


def medoids(values: Num[np.ndarray, "recordings features"], count: int, rng: np.random.Generator) -> Indices:
    """The recording nearest to the mean of each of `count` groups found by k-means; none is taken twice."""
    values = values.astype(np.float32)
    means = centroids(values, count, rng)
    distance = ((values**2).sum(1)[:, None] - 2 * values @ means.T) + (means**2).sum(1)
    chosen = np.zeros(count, np.int64)
    for number in range(count):
        chosen[number] = distance[:, number].argmin()
        distance[chosen[number]] = np.inf
    return chosen
