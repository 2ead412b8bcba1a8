"""Importance sampling by a score of the forward pass: SADP-style data pruning.

After Ma, Chen, Wu, Tan, Wu 2025, "Efficient training of spiking neural networks by spike-aware data pruning", arXiv
2510.04098, of which only the abstract was at hand, hence "-style". Stated there: an example is selected with a
probability proportional to the norm of its gradient, which lowers the variance of stochastic gradients; the norm is
replaced by a cheap upper bound that accounts for all-or-nothing spikes. Not known, and therefore our own:

- the score (scores.py: the norm of the readout's gradient, or a bound of it), and that only the last layer enters it;
- sampling without replacement, once for each epoch, of a fixed number of recordings, with weights M / (N p_i);
- a recording keeps its score until it is learned again, and a floor holds every probability above a share of the mean;
- the schedule: `warmup` epochs with all recordings, and the last 1 - `delta` of the epochs likewise, as in InfoBatch.

Left out: scores from the backward pass of all layers, and a factor for neurons outside the surrogate's window, as both
need tensors that the forward pass does not give. What other methods add to the loss does not enter the score, and they
weight it themselves if they want to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neurodeploy.train.methods.method import Batch, Choice
from neurodeploy.train.methods.selection.importance import (
    importance_weights,
    inclusion_probabilities,
    systematic_sample,
)
from neurodeploy.train.methods.selection.rule import NEVER, Rule
from neurodeploy.train.model import Output

ScoreOf = Callable[[Batch, Output, Tensor], Tensor]
"""Batch, output, losses -> a score >= 0 of each recording."""


@final
class Sadp(Rule):
    """Recordings by the scores of their last visits.

    Args:
        score_of: gives the scores of a batch.
        recordings: in the training split.
        floor, ema: see `SelectConfig`.
        device: where the scores are kept.
    """

    def __init__(self, score_of: ScoreOf, recordings: int, floor: float, ema: float, device: torch.device) -> None:
        self.score_of, self.floor, self.ema = score_of, floor, ema
        self.scores = torch.full((recordings,), NEVER, device=device)

    @property
    def tables(self) -> Mapping[str, Tensor]:
        """The scores."""
        return {"scores": self.scores}

    def observe(self, batch: Batch, output: Output, losses: Float[Tensor, " batch"]) -> None:
        """Replace the scores of the recordings, or move them by 1 - `ema`."""
        found = self.score_of(batch, output, losses)
        places = torch.from_numpy(batch.indices).to(self.scores.device)
        if self.ema:
            old = self.scores[places]
            found = torch.where(old == NEVER, found, torch.lerp(found, old, self.ema))
        self.scores[places] = found

    def choose(self, learned: Int[np.ndarray, " learned"], size: int, rng: np.random.Generator) -> Choice:
        """A systematic sample with the weights that make the expected gradient that of all recordings."""
        scores = self.scores.cpu().numpy()[learned]
        # Never visited, for instance in a first epoch that was not whole: as important as any.
        scores[scores == NEVER] = scores.max() if scores.max() > 0 else 1.0
        probabilities = inclusion_probabilities(scores, size, self.floor)
        chosen = systematic_sample(probabilities, size, rng)
        return Choice(learned[chosen], importance_weights(probabilities[chosen], size / len(learned)))
