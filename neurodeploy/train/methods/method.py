"""What a training method may do in the loop: choose recordings, add to the loss, watch, and remember."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor, nn

from neurodeploy.train.methods.draws import Draws
from neurodeploy.train.model import Output, SpikingNet
from neurodeploy.train.packed import Packed


@final
@dataclass(frozen=True, eq=False)
class Choice:
    """The recordings that an epoch learns.

    Args:
        indices: of the training split; each is learned once.
        weights: of their losses; the mean over the batch of weight times loss is minimised.
    """

    indices: Int[np.ndarray, " chosen"]
    weights: Float[np.ndarray, " chosen"]


@final
@dataclass(frozen=True, eq=False)
class Batch:
    """What the network learns from in one step.

    Args:
        indices: of the recordings in the training split, before augmentation.
        frames: what the network saw; packed where it learns timestep by timestep (`online`).
        windows: all windows of the recordings, changed by the same augmentation; `frames` is a slice of them.
        labels: class of each recording.
        weights: of each recording's loss; None: all are 1.
        epoch: number of the epoch, from 1.
        progress: share of the training that is behind us, 0 <= progress < 1.
        draws: the randomness of the augmentation; None: there was none.
    """

    indices: Int[np.ndarray, " batch"]
    frames: Float[Tensor, "time batch *shape"] | Packed
    windows: Float[Tensor, "windows batch *shape"] | Packed
    labels: Int[Tensor, " batch"]
    weights: Float[Tensor, " batch"] | None
    epoch: int
    progress: float
    draws: Draws | None = None


class Method:
    """A method's part in the loop; whatever it does not override it leaves as it is.

    Several methods may be on: their losses are added; at most one of them chooses recordings.
    """

    name: str
    """Names its state in checkpoints and its numbers in the record of an epoch."""

    @property
    def module(self) -> nn.Module | None:
        """What the method trains beside the network; it never becomes part of what is deployed."""
        return None

    def chosen(self, epoch: int, learned: Int[np.ndarray, " learned"], rng: np.random.Generator) -> Choice | None:
        """The recordings that epoch number `epoch` (from 1) learns, out of `learned`; None leaves it at all of them.

        Args:
            rng: a stream of its own for each epoch.
        """
        return None

    def loss(self, net: SpikingNet, batch: Batch, output: Output) -> Tensor | None:
        """A scalar that is added to the loss of the answers, or None."""
        return None

    def observe(self, batch: Batch, output: Output, losses: Float[Tensor, " batch"]) -> None:
        """Called after each step with what the step saw, without gradients.

        Args:
            losses: of each recording's answers, before weighting.
        """

    def facts(self) -> Mapping[str, float]:
        """Numbers for the record of the epoch that just ended."""
        return {}

    def state(self) -> Mapping[str, Tensor]:
        """Everything that the next epoch depends on, for a checkpoint; without the weights of `module`."""
        return {}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over what `state` gave."""
