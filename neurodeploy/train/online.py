"""SLTT and SLTT-K: gradients through space alone, timestep by timestep, with memory that does not grow with time.

Every derivative through the state before a timestep, by leak and by reset, counts as zero; forward passes are the usual
ones. So no graph reaches over timesteps: each is differentiated as soon as it is computed, and its graph is freed. What
stays for all timesteps are the frames, packed (one bit a value where they are binary), and the logits. With batches of
32 recordings, training at T = 100 takes 1.05, 1.07 and 1.14 times the memory that it takes at T = 10 (cases `dense`,
`conv` and `default` of `tests/benchmarks/bench_sltt_memory.py`; in the last, packed frames are 0.8 of the 1.3 MB more).

The loss has to be a mean over timesteps. Batch norm takes its statistics from each timestep alone, as in the published
code. SLTT-K differentiates K timesteps drawn anew for each batch; their losses are still divided by the number of all
timesteps, unless they are rescaled by T / K, which makes the gradient that of SLTT in expectation.

Source:
    Meng et al. 2023, "Towards Memory- and Time-Efficient Backpropagation for Training Spiking Neural Networks",
    arXiv:2302.14311, and its repository qymeng94/SLTT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neurodeploy.errors import ConfigError
from neurodeploy.graph.numeric import Array
from neurodeploy.train.config import TrainConfig
from neurodeploy.train.loss import losses
from neurodeploy.train.methods import Method
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.packed import Packed


@final
@dataclass(frozen=True, eq=False)
class Learned:
    """What a batch gave.

    Args:
        losses: of each recording, before weighting.
        value: the loss whose gradients were added up, with all timesteps.
    """

    losses: Float[Tensor, " batch"]
    value: Float[Tensor, ""]
    logits: Float[Tensor, "time batch classes"]


def learn_online(
    net: SpikingNet,
    frames: Float[Tensor, "time batch *shape"] | Packed,
    labels: Int[Tensor, " batch"],
    settings: TrainConfig,
    rng: np.random.Generator,
    *,
    weights: Float[Tensor, " batch"] | None = None,
    share: float = 1.0,
) -> Learned:
    """Add the gradients of one batch to those of the parameters.

    Args:
        rng: draws the timesteps of SLTT-K.
        weights: of each recording's loss; None: all are 1.
        share: of the recordings of this step that are in the batch; gradients are multiplied by it.
    Raises:
        ConfigError: the network has delays.
    """
    timesteps = len(frames)
    chosen, factor = _chosen(timesteps, settings, rng)
    walk = net.walk(timesteps, cut=True)
    total, value = torch.zeros(len(labels), device=labels.device), torch.zeros((), device=labels.device)
    logits = torch.empty(0, device=labels.device)
    for time in range(timesteps):
        frame = frames[time]
        with torch.set_grad_enabled(bool(chosen[time])):
            with torch.autocast("cuda", torch.bfloat16, enabled=settings.amp and frame.is_cuda):
                answer, _ = walk.step(frame)
            each = losses(answer, labels, settings)
            now = (each if weights is None else each * weights).mean() / timesteps
        if chosen[time]:
            (now * (factor * share)).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        walk.forget_history()
        total += each.detach() / timesteps
        value += now.detach()
        if not time:  # a small tensor of each timestep would leave holes in memory that grow with time
            logits = answer.new_empty((timesteps, *answer.shape[1:]))
        logits[time] = answer[0].detach()
    walk.leaves.go_on()
    return Learned(total, value, logits)


def refuse_losses(settings: TrainConfig, methods: Sequence[Method]) -> None:
    """Refuse what adds a loss of the whole recording to one that is differentiated timestep by timestep.

    Raises:
        ConfigError: a method does.
    """
    adding = [method.name for method in methods if type(method).loss is not Method.loss]
    if settings.is_online and adding:
        allowed = f"bptt together with {', '.join(adding)}, whose loss needs all timesteps at once"
        raise ConfigError(key="train.gradient", found=settings.gradient, allowed=allowed)


def _chosen(timesteps: int, settings: TrainConfig, rng: np.random.Generator) -> tuple[Array, float]:
    """Which timesteps are differentiated, and what their gradients are multiplied by."""
    if settings.gradient != "sltt_k":
        return np.ones(timesteps, bool), 1.0
    count = min(settings.sltt_steps, timesteps)
    chosen = np.zeros(timesteps, bool)
    chosen[rng.permutation(timesteps)[:count]] = True
    return chosen, timesteps / count if settings.sltt_rescale else 1.0
