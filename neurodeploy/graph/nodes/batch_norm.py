"""Batch normalization with frozen statistics; float graphs only, folded before quantization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.graph.node import Node, Shape, State
from neurodeploy.graph.numeric import Arithmetic, Array


@final
@dataclass(frozen=True, eq=False)
class BatchNorm(Node):
    """y = weight (x - mean) / sqrt(variance + eps) + bias, per channel; torch.nn.BatchNorm in eval mode.

    Args:
        weight, bias, mean, variance: (channel,).
    """

    weight: Array
    bias: Array
    mean: Array
    variance: Array
    eps: float = 1e-5

    def __post_init__(self) -> None:
        for field in ("weight", "bias", "mean", "variance"):
            self.own_array(field, 1)
            self.require(
                len(getattr(self, field)) == len(self.weight), f"{field} does not have {len(self.weight)} values"
            )
        self.require(bool((self.variance >= 0).all()) and self.eps > 0, "variance is negative or eps is not positive")

    @property
    def scale(self) -> Array:
        """Factor per channel."""
        return np.asarray(self.weight / np.sqrt(self.variance + self.eps))

    @property
    def shift(self) -> Array:
        """What is added per channel after the factor."""
        return np.asarray(self.bias - self.mean * self.scale)

    def output_shape(self, shape: Shape) -> Shape:
        if shape[0] != len(self.weight):
            raise self.refuse_shape(shape, f"({len(self.weight)}, ...)")
        return shape

    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        across = (-1, *(1,) * (value.ndim - 2))
        return value * self.scale.reshape(across) + self.shift.reshape(across), state
