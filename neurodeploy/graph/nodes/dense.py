"""Fully connected synapses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.graph.node import FanOut, Shape, State, Synapse
from neurodeploy.graph.numeric import Arithmetic, Array


@final
@dataclass(frozen=True, eq=False)
class Dense(Synapse):
    """y = weight x + bias.

    Args:
        weight: (out, in), as torch.nn.Linear.
        bias: (out,) or None.
    """

    def __post_init__(self) -> None:
        self.own_array("weight", 2)
        self.own_array("bias", 1)
        fits = self.bias is None or len(self.bias) == len(self.weight)
        self.require(fits, f"bias does not have one value for each of the {len(self.weight)} outputs")

    def output_shape(self, shape: Shape) -> Shape:
        if shape != (self.weight.shape[1],):
            raise self.refuse_shape(shape, (self.weight.shape[1],))
        return (len(self.weight),)

    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        # float64 products of integers below 2**53 are exact and use BLAS; the range proof bounds them by 2**31
        total = (value.astype(np.float64) @ self.weight.T.astype(np.float64)).astype(arithmetic.dtype)
        return total if self.bias is None else total + self.bias, state

    def fan_out(self, shape: Shape) -> FanOut:
        stored = np.full(shape, len(self.weight))
        return FanOut(stored=stored, nonzero=np.count_nonzero(self.weight, axis=0))
