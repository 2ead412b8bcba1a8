"""Learned step sizes of weights: the distance between two neighbouring weights of a layer is trained with them.

Source:
    Esser et al. 2020, "Learned step size quantization", openreview rkgO66VKDS; one step size for each layer, with the
    gradient scale and the first value that bollossom/QSD-Transformer uses.
"""

from __future__ import annotations

import math
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurodeploy.quantize.grid import Grid


@final
class StepSize(nn.Module):
    """The step size alpha of one layer's weights, in units of the float weights.

    Its logarithm is the parameter: alpha stays above 0, and a step of the optimizer changes it by a share of itself,
    whatever the size of the weights. One for each layer: a chip has one exponent for each connection, and all that a
    neuron receives shares one factor.
    """

    is_learned: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.log_alpha = nn.Parameter(torch.zeros(()))
        self.register_buffer("is_learned", torch.zeros((), dtype=torch.bool))

    def begin(self, weight: Float[Tensor, "out inputs *kernel"], grid: Grid) -> None:
        """Set alpha to 2 mean|w| / sqrt(Qp) unless that was done before; Qp is the number of levels above zero.

        Where no weight is positive, Qp is the number of levels below zero. A layer of zeros has no step size.
        """
        if bool(self.is_learned):
            return
        mean = float(weight.detach().abs().mean())
        if mean > 0 and math.isfinite(mean):
            levels = max(grid.high, -grid.low if grid.high == 0 else 0, grid.step) // grid.step
            self.log_alpha.data.fill_(math.log(2 * mean / math.sqrt(levels)))
            self.is_learned.fill_(True)

    def factor(self, grid: Grid) -> float | None:
        """Weight steps per unit of the float weights; None before `begin`."""
        logarithm = float(self.log_alpha.detach())
        if not bool(self.is_learned) or not -80 < logarithm < 80:
            return None
        return grid.step / math.exp(logarithm)


def on_learned_grid(
    weight: Float[Tensor, "*shape"], alpha: Float[Tensor, ""], scale: float, grid: Grid
) -> Float[Tensor, "*shape"]:
    """`scale` * weight rounded to the grid, as float32 that holds integers; alpha gets the gradient of LSQ.

    With x = scale w / grid.step (that is w / alpha unless another limit lowered `scale`), levels Qn and Qp of the grid
    and G the gradient with respect to the weights as they are stored, in units of the float ones:

    dL/dw     = G where Qn <= x <= Qp, else 0
    dL/dalpha = g sum G h;   h = Qn where x < Qn, Qp where x > Qp, else round(x) - x;   g = 1 / sqrt(numel(w) Qp)

    Where biases, thresholds or sums allow no smaller step, alpha follows only gradients that enlarge it.

    Args:
        weight: float64, batch norm folded in.
        scale: weight steps per unit; grid.step / alpha, or less.
    """
    result: Tensor = _OnLearnedGrid.apply(weight, alpha, scale, grid)  # type: ignore[no-untyped-call]  # torch's apply
    return result


class _OnLearnedGrid(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, alpha: Tensor, scale: float, grid: Grid) -> Tensor:
        levels = weight * scale / grid.step
        ctx.save_for_backward(levels, alpha)
        ctx.scale, ctx.grid = scale, grid
        return (levels.round() * grid.step).clamp_(grid.low, grid.high).float()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        levels, alpha = ctx.saved_tensors
        grid: Grid = ctx.grid
        low, high = grid.low / grid.step, grid.high / grid.step
        stored = grads[0].double() * ctx.scale
        inside = (levels >= low) & (levels <= high)
        share = torch.where(inside, levels.round() - levels, levels.clamp(low, high))
        gain = (levels.numel() * max(high, -low if high == 0 else 0.0, 1.0)) ** -0.5
        slope = (stored * share).sum() * gain
        # A limit of biases, thresholds or sums holds the step in use above alpha.
        is_held = ctx.scale < (1 - 1e-6) * grid.step / float(alpha.detach())
        slope = slope.clamp(max=0.0) if is_held else slope
        return stored * inside, slope.to(alpha.dtype), None, None
