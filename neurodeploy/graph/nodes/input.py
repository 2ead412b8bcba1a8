"""Where frames enter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.graph.node import Node, Shape, State
from neurodeploy.graph.numeric import Arithmetic, Array


@final
@dataclass(frozen=True, eq=False)
class Input(Node):
    """The frames of one timestep.

    Args:
        shape: (channel, height, width) or (neurons,).
        high: largest value an input may have: 1 for spikes, up to 255 for event counts.
    """

    shape: Shape
    high: int = 1

    def __post_init__(self) -> None:
        self.require(not self.inputs, "an Input has no inputs")
        fits = len(self.shape) in (1, 3) and all(type(n) is int and n > 0 for n in self.shape)
        self.require(fits, f"shape is {self.shape}, wanted (neurons,) or (channel, height, width) of positive integers")
        self.require(1 <= self.high <= 255, f"high is {self.high}, allowed 1..255")

    def output_shape(self, shape: Shape) -> Shape:
        return self.shape

    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        return value, state

    def bounds(self, low: int, high: int) -> tuple[Array, Array]:
        return super().bounds(0, self.high)
