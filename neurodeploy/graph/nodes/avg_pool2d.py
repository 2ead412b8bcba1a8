"""Average pooling; float graphs only, lowered before quantization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.graph.node import FanOut, Node, Shape, State
from neurodeploy.graph.nodes.pool import Pair, check_pool, coverage, pool_shape, windows
from neurodeploy.graph.numeric import Arithmetic, Array


@final
@dataclass(frozen=True, eq=False)
class AvgPool2d(Node):
    """y = mean of each window; torch.nn.AvgPool2d without padding. Fused into the next synapse by `lower`."""

    kernel: Pair
    stride: Pair

    def __post_init__(self) -> None:
        check_pool(self, self.kernel, self.stride)

    def output_shape(self, shape: Shape) -> Shape:
        return pool_shape(self, shape, self.kernel, self.stride)

    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        return windows(value, self.kernel, self.stride).mean((-2, -1)), state

    def fan_out(self, shape: Shape) -> FanOut:
        met = coverage(shape, self.output_shape(shape), self.kernel, self.stride)
        return FanOut(stored=met, nonzero=met)
