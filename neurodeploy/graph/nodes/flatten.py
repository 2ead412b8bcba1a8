"""A map as a vector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from neurodeploy.graph.node import Node, Shape, State
from neurodeploy.graph.numeric import Arithmetic, Array


@final
@dataclass(frozen=True, eq=False)
class Flatten(Node):
    """(channel, height, width) as (neurons,), in that order (torch.nn.Flatten)."""

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)

    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        return value.reshape(len(value), -1), state
