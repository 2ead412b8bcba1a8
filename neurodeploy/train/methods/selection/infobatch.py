"""InfoBatch: some of the well learned recordings are left out, and the others of them count more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neurodeploy.train.methods.method import Batch, Choice
from neurodeploy.train.methods.selection.rule import NEVER, Rule
from neurodeploy.train.model import Output


@final
class InfoBatch(Rule):
    """Of the recordings whose last loss is below the mean, the share `ratio` is left out at random.

    The rest of those have the weight 1 / (1 - ratio) (exactly: how many there are over how many are kept), all others
    1, so that the expected sum of an epoch's gradients is that of all recordings. How many are left out follows from
    the losses.

    Args:
        recordings: in the training split.
        ratio: 0 <= ratio < 1.
        device: where the losses are kept.
    Source:
        Qin et al. 2024, openreview C61sk5LsK6, and the authors' code NUS-HPC-AI-Lab/InfoBatch.
    """

    def __init__(self, recordings: int, ratio: float, device: torch.device) -> None:
        self.ratio = ratio
        self.losses = torch.full((recordings,), NEVER, device=device)

    @property
    def tables(self) -> Mapping[str, Tensor]:
        """The last losses."""
        return {"losses": self.losses}

    def observe(self, batch: Batch, output: Output, losses: Float[Tensor, " batch"]) -> None:
        """Keep the losses."""
        self.losses[torch.from_numpy(batch.indices).to(self.losses.device)] = losses.float()

    def choose(self, learned: Int[np.ndarray, " learned"], size: int, rng: np.random.Generator) -> Choice:
        """All that are not well learned, and 1 - `ratio` of those that are; `size` has no meaning here."""
        losses = self.losses.cpu().numpy()[learned].astype(np.float64)
        is_known = losses != NEVER
        mean = losses[is_known].mean() if is_known.any() else 0.0
        well = np.flatnonzero(is_known & (losses < mean))
        kept = rng.permutation(well)[: max(round((1 - self.ratio) * len(well)), 1)]
        weights = np.ones(len(learned))
        weights[well] = len(well) / max(len(kept), 1)
        chosen = np.sort(np.concatenate([np.setdiff1d(np.arange(len(learned)), well), kept]))
        return Choice(learned[chosen], weights[chosen])
