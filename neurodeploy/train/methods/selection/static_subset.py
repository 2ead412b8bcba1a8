"""One subset for all epochs that leave recordings out, chosen before the first of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int, Real
from torch import Tensor

from neurodeploy.train.methods.method import Batch, Choice
from neurodeploy.train.methods.selection.rule import Rule
from neurodeploy.train.model import Output


class Ranking(ABC):
    """Says which recordings are worth keeping."""

    @property
    @abstractmethod
    def tables(self) -> Mapping[str, Tensor]:
        """Everything it remembers, one entry for each recording of the training split."""

    @abstractmethod
    def observe(self, batch: Batch, output: Output) -> None:
        """Take note of a batch that was learned before the subset is chosen."""

    @abstractmethod
    def worth(self) -> Real[np.ndarray, " recordings"]:
        """Of each recording of the training split; the larger, the rather it is kept."""


@final
class StaticSubset(Rule):
    """The recordings of most worth, each with weight 1; equal ones are drawn by lot.

    Args:
        ranking: says what they are worth.
        recordings: in the training split.
    """

    def __init__(self, ranking: Ranking, recordings: int) -> None:
        self.ranking = ranking
        self.kept = torch.zeros(recordings, dtype=torch.bool)
        """The subset; empty until it is chosen."""

    @property
    def tables(self) -> Mapping[str, Tensor]:
        """The subset and what it is chosen by."""
        return {"kept": self.kept, **self.ranking.tables}

    def observe(self, batch: Batch, output: Output, losses: Float[Tensor, " batch"]) -> None:
        """Let the ranking look, as long as it matters."""
        if not self.kept.any():
            self.ranking.observe(batch, output)

    def choose(self, learned: Int[np.ndarray, " learned"], size: int, rng: np.random.Generator) -> Choice:
        """The subset."""
        if not self.kept.any():
            worth = self.ranking.worth()[learned]
            best = np.lexsort((rng.random(len(learned)), -worth))[:size]
            self.kept[torch.from_numpy(learned[best])] = True
        chosen = np.flatnonzero(self.kept.numpy())
        return Choice(chosen, np.ones(len(chosen)))
