"""The sum of several values, as a node of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.graph.node import Node, Shape, State
from neurodeploy.graph.numeric import Arithmetic, Array


@final
@dataclass(frozen=True, eq=False)
class Add(Node):
    """y = sum of the inputs (every node adds its inputs; Add names a sum that several nodes use: a skip connection)."""

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        return value, state
