"""How the recordings of an epoch are chosen, when it leaves some out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from neurodeploy.train.methods.method import Batch, Choice
from neurodeploy.train.model import Output

NEVER = -1.0
"""Score or loss of a recording that was never visited; checkpoints hold no infinities."""


class Rule(ABC):
    """What it learns about recordings it keeps in tensors with one entry for each recording of the training split."""

    @property
    @abstractmethod
    def tables(self) -> Mapping[str, Tensor]:
        """Everything it remembers; the tensors themselves, so that a checkpoint can be copied into them."""

    @abstractmethod
    def observe(self, batch: Batch, output: Output, losses: Float[Tensor, " batch"]) -> None:
        """Take note of a batch that was learned; on CUDA nothing is waited for."""

    @abstractmethod
    def choose(self, learned: Int[np.ndarray, " learned"], size: int, rng: np.random.Generator) -> Choice:
        """The recordings of an epoch and their weights.

        Args:
            learned: what there is to choose from.
            size: how many, 1 <= size <= len(learned).
        """
