"""The randomness that changed a batch, kept so that other frames of the same recordings can be changed alike."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from jaxtyping import Int, UInt8

from neurodeploy.data.augment import AugmentConfig, augment

FramesOf = Callable[[Int[np.ndarray, " batch"]], UInt8[np.ndarray, "batch time *shape"]]
"""Frames of the recordings at some indices of the training split."""


@final
@dataclass(frozen=True, eq=False)
class Draws:
    """What `augment` was given.

    Args:
        rng: as it was before.
        changes: of the run.
        members: indices of all recordings of the step, those that other processes learn among them.
        part: those of them that are in the batch.
    """

    rng: np.random.Generator
    changes: AugmentConfig
    members: Int[np.ndarray, " step"]
    part: slice

    def changed(self, frames_of: FramesOf) -> UInt8[np.ndarray, "batch time *shape"]:
        """Other frames of the batch's recordings: moved as the batch was, with the same share of events lost.

        Which events are lost, and which recordings swap their polarities, is drawn anew.
        """
        return augment(frames_of(self.members), self.changes, deepcopy(self.rng), self.part)

    def moved(self, frames_of: FramesOf) -> UInt8[np.ndarray, "batch time *shape"]:
        """Other frames of the batch's recordings, moved as the batch was; nothing is lost and nothing swapped."""
        changes = replace(self.changes, drop=0.0, flip_polarity=0.0)
        return augment(frames_of(self.members), changes, deepcopy(self.rng), self.part)
