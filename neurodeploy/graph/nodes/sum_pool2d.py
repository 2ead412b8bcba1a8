"""Sums over windows: average pooling in integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.graph.node import FanOut, Node, Shape, State
from neurodeploy.graph.nodes.pool import Pair, check_pool, coverage, pool_shape, windows
from neurodeploy.graph.numeric import Arithmetic, Array


@final
@dataclass(frozen=True, eq=False)
class SumPool2d(Node):
    """y = sum of each window of `kernel` pixels, every `stride` pixels; partial windows are left out."""

    kernel: Pair
    stride: Pair

    def __post_init__(self) -> None:
        check_pool(self, self.kernel, self.stride)

    def output_shape(self, shape: Shape) -> Shape:
        return pool_shape(self, shape, self.kernel, self.stride)

    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        return windows(value, self.kernel, self.stride).sum((-2, -1)), state

    def bounds(self, low: int, high: int) -> tuple[Array, Array]:
        size = self.kernel[0] * self.kernel[1]
        return super().bounds(low * size, high * size)

    def fan_out(self, shape: Shape) -> FanOut:
        met = coverage(shape, self.output_shape(shape), self.kernel, self.stride)
        return FanOut(stored=met, nonzero=met)
