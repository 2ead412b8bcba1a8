"""How the weights of one trained layer become integers: their width, and a step size where one is learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neurodeploy.quantize.grid import Grid, weight_grid
from neurodeploy.quantize.weight_format import WeightFormat
from neurodeploy.train.fake_quantize import on_grid
from neurodeploy.train.step_size import StepSize, on_learned_grid


@final
@dataclass(frozen=True, eq=False)
class Precision:
    """Width and step size of one layer's weights; every weight here is float64 with batch norm folded in.

    Args:
        bits: stored bits per weight, 2..8.
        step_size: learned with the weights; None: the largest weight decides.
    """

    bits: int = 8
    step_size: StepSize | None = None

    def grid(self, weight: Float[Tensor, "out inputs *kernel"]) -> Grid:
        """The grid that `quantize` chooses for `weight`."""
        extremes = np.array([bound.item() for bound in torch.aminmax(weight.detach())])
        return weight_grid(extremes, self.bits)

    def begin(self, weight: Float[Tensor, "out inputs *kernel"]) -> None:
        """Give a step size that is to be learned its first value, unless it has one."""
        if self.step_size is not None:
            self.step_size.begin(weight, self.grid(weight))

    def factor(self, weight: Float[Tensor, "out inputs *kernel"]) -> float | None:
        """Weight steps per unit as learned; None where nothing was learned."""
        return None if self.step_size is None else self.step_size.factor(self.grid(weight))

    def format(self, weight: Float[Tensor, "out inputs *kernel"]) -> WeightFormat:
        """What `quantize` has to be told, so that it finds the same integers."""
        return WeightFormat(self.bits, self.factor(weight))

    def integers(
        self, weight: Float[Tensor, "out inputs *kernel"], scale: float, grid: Grid
    ) -> Float[Tensor, "out inputs *kernel"]:
        """`weight` in weight steps, with the gradients that belong to the way in which they are found."""
        if self.step_size is None or self.step_size.factor(grid) is None:
            return on_grid(weight, scale, grid)
        return on_learned_grid(weight, self.step_size.log_alpha.exp(), scale, grid)
