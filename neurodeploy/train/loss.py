"""What training minimises, from the logits of every timestep."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from neurodeploy.train.config import TrainConfig

TARGET = 1.0
"""What the squared part of the TET loss pulls every logit to: the threshold of its authors' neurons."""


def losses(
    logits: Float[Tensor, "time batch classes"], labels: Int[Tensor, " batch"], config: TrainConfig
) -> Float[Tensor, " batch"]:
    """The loss named in the configuration, of each recording."""
    if config.loss == "tet":
        return tet_losses(logits, labels, config.tet_lambda, config.label_smoothing)
    return mean_losses(logits, labels, config.label_smoothing)


def mean_losses(
    logits: Float[Tensor, "time batch classes"], labels: Int[Tensor, " batch"], smoothing: float = 0.0
) -> Float[Tensor, " batch"]:
    """Cross-entropy of the logits averaged over time, of each recording."""
    return F.cross_entropy(logits.mean(0), labels, label_smoothing=smoothing, reduction="none")


def tet_losses(
    logits: Float[Tensor, "time batch classes"], labels: Int[Tensor, " batch"], share: float, smoothing: float = 0.0
) -> Float[Tensor, " batch"]:
    """(1 - share) times the mean cross-entropy of all timesteps, plus share times the mean of (logits - 1)^2.

    Both means are taken for each recording by itself.

    Source:
        Deng et al. 2022, "Temporal efficient training", openreview _XNtisL32jv, equations 9 to 11.
    """
    return step_losses(logits, labels, share, smoothing).mean(0)


def step_losses(
    logits: Float[Tensor, "time batch classes"], labels: Int[Tensor, " batch"], share: float, smoothing: float = 0.0
) -> Float[Tensor, "time batch"]:
    """`tet_losses` of every timestep by itself; their mean over time is that loss."""
    every_step = labels.repeat(len(logits))
    each = F.cross_entropy(logits.flatten(0, 1), every_step, label_smoothing=smoothing, reduction="none")
    entropy = each.view(logits.shape[:2])
    if share == 0:
        return entropy
    return (1 - share) * entropy + share * torch.mean((logits - TARGET) ** 2, 2)
