"""The order of weights in memory; whatever it is, shapes and checkpoints stay those of torch."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from neurodeploy.train.events.sums import LEAST_DENSE


def laid_out(weight: Float[Tensor, " out *inputs"]) -> Float[Tensor, " out *inputs"]:
    """`weight` in the order that is fastest on a CPU.

    Convolutions have their channels innermost, and their results take that over. Dense synapses that few events may
    meet (`sums`) have all weights of one input side by side.
    """
    if weight.ndim == 4:
        return weight.contiguous(memory_format=torch.channels_last)
    return weight.t().contiguous().t() if weight.ndim == 2 and len(weight) >= LEAST_DENSE else weight
