"""What recordings are worth to static subsets: nothing in particular, their error, how often they were forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np
import torch
from jaxtyping import Real
from torch import Tensor

from neurodeploy.train.config import TrainConfig
from neurodeploy.train.methods.method import Batch
from neurodeploy.train.methods.selection.scores import el2n_scores
from neurodeploy.train.methods.selection.static_subset import Ranking
from neurodeploy.train.model import Output


@final
class Alike(Ranking):
    """Every one of `recordings` is worth the same, so that the lot decides."""

    def __init__(self, recordings: int) -> None:
        self.recordings = recordings

    @property
    def tables(self) -> Mapping[str, Tensor]:
        """Nothing is remembered."""
        return {}

    def observe(self, batch: Batch, output: Output) -> None:
        """Nothing is looked at."""

    def worth(self) -> Real[np.ndarray, " recordings"]:
        """Zero each."""
        return np.zeros(self.recordings)


@final
class El2n(Ranking):
    """Norm of the error of the answer, its mean over the epochs of the warm-up: the hard recordings are kept.

    The source averages over several networks after their first epochs; here it is the early epochs of one network.

    Source:
        Paul, Ganguli, Dziugaite 2021, arXiv 2107.07075.
    """

    def __init__(self, recordings: int, config: TrainConfig, device: torch.device) -> None:
        self.config = config
        self.sums = torch.zeros(recordings, device=device)

    @property
    def tables(self) -> Mapping[str, Tensor]:
        """Sums of the errors."""
        return {"sums": self.sums}

    def observe(self, batch: Batch, output: Output) -> None:
        """Add the errors."""
        self.sums[_places(batch, self.sums)] += el2n_scores(output.logits, batch.labels, self.config)

    def worth(self) -> Real[np.ndarray, " recordings"]:
        """The sum, as every recording is met equally often."""
        return self.sums.cpu().numpy()


@final
class Forgetting(Ranking):
    """How often a recording was answered right and, when met next, wrong; infinite if it was never answered right.

    The source counts over a whole training; here over the epochs of the warm-up.

    Source:
        Toneva et al. 2019, openreview BJlxm30cKm.
    """

    def __init__(self, recordings: int, device: torch.device) -> None:
        self.was_right, self.ever_right, self.forgotten = (
            torch.zeros(recordings, dtype=torch.int32, device=device) for _ in range(3)
        )

    @property
    def tables(self) -> Mapping[str, Tensor]:
        """Whether the last answer, and whether any, was right; and the count."""
        return {"was_right": self.was_right, "ever_right": self.ever_right, "forgotten": self.forgotten}

    def observe(self, batch: Batch, output: Output) -> None:
        """Count the recordings that were right and are wrong."""
        places = _places(batch, self.forgotten)
        is_right = (output.logits.mean(0).argmax(-1) == batch.labels).int()
        self.forgotten[places] += self.was_right[places] * (1 - is_right)
        self.was_right[places] = is_right
        self.ever_right[places] |= is_right

    def worth(self) -> Real[np.ndarray, " recordings"]:
        """The count."""
        return torch.where(self.ever_right > 0, self.forgotten.double(), torch.inf).cpu().numpy()


def _places(batch: Batch, table: Tensor) -> Tensor:
    return torch.from_numpy(batch.indices).to(table.device)
