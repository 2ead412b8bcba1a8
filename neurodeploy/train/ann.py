"""Activations of artificial networks: what a layer computes in place of spikes, each timestep by itself.

Such a network is trained by the same loop and is never deployed: it is a teacher, or becomes a spiking network
(`train.convert`).
"""

from __future__ import annotations

from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurodeploy.train.config import NeuronConfig

LEAST_CEILING = 1e-3
"""Smallest lambda in use, whatever is learned: h divides by it."""

SHARE = 0.999
"""Share of the activations of a ReLU layer that its ceiling leaves below it; Lin et al. 2022 do not publish theirs."""

_MOST_VALUES, _MOMENTUM = 1 << 14, 0.1


@final
class Qcfs(nn.Module):
    """h(z) = lambda * clip(floor(z * L / lambda + 1/2) / L, 0, 1), with a learned lambda for the layer.

    Args:
        levels: L, >= 1.
        ceiling: first value of lambda, > 0.

    Source:
        Bu et al. 2022, "Optimal ANN-SNN conversion", arXiv:2303.04347; the derivative by lambda that it prints is
        wrong, `_Quantized` has that of its definition.
    """

    def __init__(self, levels: int, ceiling: float) -> None:
        super().__init__()
        self.levels = levels
        self.learned = nn.Parameter(torch.tensor(float(ceiling)))

    @property
    def ceiling(self) -> Tensor:
        """lambda, kept away from 0: the activation that a neuron which fires at every timestep stands for."""
        return self.learned.clamp(min=LEAST_CEILING)

    def forward(self, level: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """h of `level`."""
        result: Tensor = _Quantized.apply(level.float(), self.ceiling, self.levels)  # type: ignore[no-untyped-call]
        return result


class _Quantized(torch.autograd.Function):
    """With q = clip(floor(z L / lambda + 1/2) / L, 0, 1), inside = -lambda / 2L < z < lambda - lambda / 2L:

    dh/dz      = 1 inside, else 0
    dh/dlambda = q - z / lambda inside; 1 above; 0 below
    """

    @staticmethod
    def forward(ctx: Any, level: Tensor, ceiling: Tensor, levels: int) -> Tensor:
        share = level / ceiling
        quantized = (share * levels + 0.5).floor_().div_(levels).clamp_(0, 1)
        ctx.save_for_backward(share, quantized)
        ctx.half = 0.5 / levels
        return quantized * ceiling

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        share, quantized = ctx.saved_tensors
        above = share >= 1 - ctx.half
        inside = (share > -ctx.half) & ~above
        slope = torch.where(inside, quantized - share, above.to(share.dtype))
        return grads[0] * inside, (grads[0] * slope).sum(), None


@final
class Relu(nn.Module):
    """max(z, 0), which watches while it is trained how large its activations become.

    `ceiling` is the running mean over batches of their 99.9 % quantile, on a sample of each batch.
    """

    ceiling: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("ceiling", torch.zeros(()))

    def forward(self, level: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The positive part of `level`."""
        result = level.float().relu()
        if self.training:
            self._watch(result.detach())
        return result

    def _watch(self, activations: Tensor) -> None:
        """Move the ceiling; the first batch sets it."""
        values = activations.flatten()
        values = values[:: max(1, len(values) // _MOST_VALUES)]
        high = values.kthvalue(max(1, round(SHARE * len(values)))).values
        self.ceiling.copy_(torch.where(self.ceiling == 0, high, self.ceiling.lerp(high, _MOMENTUM)))


Activation = Qcfs | Relu


def make_activation(neuron: NeuronConfig) -> Activation | None:
    """A new activation for one layer; None for neurons that spike."""
    if neuron.kind == "qcfs":
        return Qcfs(neuron.qcfs_levels, neuron.qcfs_lambda)
    return Relu() if neuron.kind == "relu" else None
