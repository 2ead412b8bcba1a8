"""Max pooling; float graphs only, lowered before quantization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.graph.node import Node, Shape, State
from neurodeploy.graph.nodes.pool import Pair, check_pool, pool_shape, windows
from neurodeploy.graph.numeric import Arithmetic, Array


@final
@dataclass(frozen=True, eq=False)
class MaxPool2d(Node):
    """y = largest value of each window; on spikes a logical OR, which `lower` turns into neurons."""

    kernel: Pair
    stride: Pair

    def __post_init__(self) -> None:
        check_pool(self, self.kernel, self.stride)

    def output_shape(self, shape: Shape) -> Shape:
        return pool_shape(self, shape, self.kernel, self.stride)

    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        return windows(value, self.kernel, self.stride).max((-2, -1)), state
