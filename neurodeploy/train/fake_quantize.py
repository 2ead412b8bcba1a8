"""Weights and biases as the integers that `quantize` will make of them; gradients go straight through the rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neurodeploy.graph.nodes.cuba import THRESHOLD_HIGH
from neurodeploy.quantize.grid import Grid, weight_grid
from neurodeploy.quantize.quantize import BIAS_HIGH, readout_share


def layer_scale(
    weight: Float[Tensor, "out inputs *kernel"],
    bias: Float[Tensor, " channel"] | None,
    threshold: float,
    bits: int,
    factor: float | None = None,
) -> tuple[float, Grid]:
    """Weight steps per unit of one layer and the grid of its weights, as `quantize` chooses them.

    Args:
        weight, bias: float64, batch norm folded in.
        threshold: of the neurons that the weights feed; 0 when there are none.
        bits: stored bits per weight.
        factor: learned; None: the largest at which no weight is clipped.
    """
    extremes = np.array([bound.item() for bound in torch.aminmax(weight.detach())])
    grid = weight_grid(extremes, bits)
    limits = [grid.largest_factor(extremes) if factor is None else factor]
    if bias is not None:
        largest = float(bias.detach().abs().max())
        limits.append(BIAS_HIGH / largest if largest else np.inf)
    if threshold:
        limits.append(THRESHOLD_HIGH / threshold)
    return float(min(limits)), grid


def readout_scale(
    weight: Float[Tensor, "classes inputs"], timesteps: int, bits: int, factor: float | None = None
) -> tuple[float, Grid]:
    """`layer_scale` of weights that feed a Readout, low enough for its sum over `timesteps`, as `quantize` chooses it.

    Args:
        weight: float64; its inputs are spikes.
    """
    scale, grid = layer_scale(weight, None, 0.0, bits, factor)
    steps = on_grid(weight.detach(), scale, grid).double()
    low, high = steps.clamp(max=0).sum(1).min(), steps.clamp(min=0).sum(1).max()
    return scale * readout_share(int(low), int(high), timesteps), grid


def on_grid(weight: Float[Tensor, "*shape"], scale: float, grid: Grid) -> Float[Tensor, "*shape"]:
    """`scale` * weight rounded to the grid, as float32 that holds integers."""
    result: Tensor = _OnGrid.apply(weight, scale, grid)  # type: ignore[no-untyped-call]  # torch's apply
    return result


class _OnGrid(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, scale: float, grid: Grid) -> Tensor:
        ctx.scale = scale
        steps = (weight * scale / grid.step).round_().mul_(grid.step)
        return steps.clamp_(grid.low, grid.high).float()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        return grads[0].double() * ctx.scale, None, None


def bias_steps(bias: Float[Tensor, " channel"], scale: float) -> Float[Tensor, " channel"]:
    """`scale` * bias rounded to integers, as float32."""
    return on_grid(bias, scale, Grid(-BIAS_HIGH, BIAS_HIGH, 1))
