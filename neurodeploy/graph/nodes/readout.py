"""The answer of a network that does not spike at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from neurodeploy.graph.node import Node, Shape, State
from neurodeploy.graph.numeric import STATE, Arithmetic, Array


@final
@dataclass(frozen=True, eq=False)
class Readout(Node):
    """Accumulated input; the logits are its output at the last timestep.

    i[t] = i[t-1] + 64 x[t]     wraps at 24 bits
    v[t] = i[t]                 saturates at 24 bits; the node's output

    This is a Cuba that forgets no current (current_decay 0), keeps no voltage (4096) and never fires: what NetX makes
    of a dense layer without a neuron. In a float graph the factor 64 and overflow are absent.

    Source:
        lava-nc/lava-dl `src/lava/lib/dl/netx/hdf5.py`.
    """

    states: ClassVar[tuple[str, ...]] = ("current", "voltage")

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise self.refuse_shape(shape, "(classes,)")
        return shape

    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        current = arithmetic.wrap(state["current"] + arithmetic.inject(value))
        voltage = arithmetic.saturate(current)
        return voltage, {"current": current, "voltage": voltage}

    def bounds(self, low: int, high: int) -> tuple[Array, Array]:
        return np.array([-STATE.high]), np.array([STATE.high])
