"""Choosing recordings by class, so that every class keeps its share."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int


def split_validation(
    labels: Int[np.ndarray, " recordings"], share: float, rng: np.random.Generator
) -> tuple[Int[np.ndarray, " training"], Int[np.ndarray, " validation"]]:
    """Indices of the recordings for training and for validation, both ascending.

    Each class gives `share` of its recordings to validation, rounded, but at least one where it has two or more and
    `share` is not 0; a class with one recording keeps it for training.

    Args:
        labels: class of each recording.
        share: 0 <= share < 1.
        rng: decides which recordings.
    """
    chosen = [np.zeros(0, np.int64)]
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        count = min(max(round(share * len(members)), 1), len(members) - 1) if share > 0 else 0
        chosen.append(members[:count])
    validation = np.sort(np.concatenate(chosen))
    return np.setdiff1d(np.arange(len(labels)), validation), validation


def take_balanced(labels: Int[np.ndarray, " recordings"], limit: int) -> Int[np.ndarray, " taken"]:
    """Indices, ascending, of `limit` recordings: the first of each class, then the second of each, and so on.

    Args:
        labels: class of each recording.
        limit: how many; 0, or more than there are, takes all.
    """
    if limit == 0 or limit >= len(labels):
        return np.arange(len(labels))
    rank = rank_in_class(labels)
    return np.sort(np.lexsort((labels, rank))[:limit])


def rank_in_class(labels: Int[np.ndarray, " recordings"]) -> Int[np.ndarray, " recordings"]:
    """How many recordings of the same class come before each recording."""
    rank = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        rank[members] = np.arange(len(members))
    return rank
