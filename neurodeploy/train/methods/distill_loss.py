"""How far a student's answers lie from its teacher's."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def skd_losses(
    logits: Float[Tensor, "time batch classes"], teacher: Float[Tensor, "batch classes"], temperature: float
) -> Float[Tensor, " batch"]:
    """temperature^2 times the mean over time of KL(teacher || student at t), softened both, of each recording.

    Source:
        "Towards low-latency event-based visual recognition with hybrid step-wise distillation spiking neural networks",
        2024, arXiv:2409.12507; with the sum over classes that a divergence has, where its code takes the mean.
    """
    known = F.log_softmax(teacher.float() / temperature, -1)
    learned = F.log_softmax(logits.float() / temperature, -1)
    steps = F.kl_div(learned, known.expand_as(learned), reduction="none", log_target=True).sum(-1)
    return temperature**2 * steps.mean(0)


def kd_losses(
    logits: Float[Tensor, "time batch classes"], teacher: Float[Tensor, "batch classes"], temperature: float
) -> Float[Tensor, " batch"]:
    """`skd_losses` of the logits averaged over time.

    Source:
        Hinton et al. 2015, "Distilling the knowledge in a neural network", arXiv:1503.02531, section 2.
    """
    return skd_losses(logits.mean(0, keepdim=True), teacher, temperature)
