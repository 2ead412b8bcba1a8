"""Another random subset in each epoch, the baseline that every other choice has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from neurodeploy.train.methods.method import Batch, Choice
from neurodeploy.train.methods.selection.rule import Rule
from neurodeploy.train.model import Output


@final
class RandomSubset(Rule):
    """Every recording with the same probability, and weight 1."""

    @property
    def tables(self) -> Mapping[str, Tensor]:
        """Nothing is remembered."""
        return {}

    def observe(self, batch: Batch, output: Output, losses: Float[Tensor, " batch"]) -> None:
        """Nothing is looked at."""

    def choose(self, learned: Int[np.ndarray, " learned"], size: int, rng: np.random.Generator) -> Choice:
        """`size` recordings, without replacement."""
        return Choice(np.sort(rng.permutation(learned)[:size]), np.ones(size))
