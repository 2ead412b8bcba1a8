"""What a teacher is to the method that asks it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from neurodeploy.errors import ConfigError
from neurodeploy.train.methods.method import Batch


@final
@dataclass(frozen=True, eq=False)
class Answer:
    """What a teacher says about a batch.

    Args:
        logits: (batch, classes), averaged over the teacher's timesteps.
        features: (batch, *shape), likewise; None where nobody asked for a layer.
    """

    logits: Tensor
    features: Tensor | None = None


class Teacher(ABC):
    """Frozen: it learns nothing, keeps no state between batches, and uses its running statistics."""

    @abstractmethod
    def answer(self, batch: Batch) -> Answer:
        """What it says about the recordings of `batch`, on the device of `batch.frames`."""


def averaged(
    value: Float[Tensor, "*shape"], batch: int, axes: int, name: str, source: str
) -> Float[Tensor, " batch *rest"]:
    """`value` as (batch, *rest): as it is, or averaged over a first axis of time.

    Args:
        batch: recordings.
        axes: that `value` has without time.
        name: "logits", or of the features.
        source: of the teacher, for the message.
    Raises:
        ConfigError: it has another shape.
    """
    if value.ndim == axes + 1:
        value = value.mean(0)
    if value.ndim != axes or len(value) != batch:
        allowed = f"{name} of shape ({batch}, ...) or (time, {batch}, ...), with {axes} axes but for the time"
        raise ConfigError(key="distill.teacher", found=f"{source}: {tuple(value.shape)}", allowed=allowed)
    return torch.as_tensor(value)
