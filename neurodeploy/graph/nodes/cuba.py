"""The neuron: current-based leaky integrate-and-fire."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, final

import numpy as np

from neurodeploy.graph.node import Node, Shape, State
from neurodeploy.graph.numeric import DECAY_ONE, Arithmetic, Array

THRESHOLD_HIGH = (1 << 17) - 1
"""Loihi's threshold mantissa has 17 bits."""


class Reset(Enum):
    """What happens to the voltage of a neuron that fires."""

    ZERO = "zero"
    SUBTRACT = "subtract"


@final
@dataclass(frozen=True, eq=False)
class Cuba(Node):
    """Current-based leaky integrate-and-fire neuron; LIF, IF and CUBA are the same node with other decays.

    i[t] = decay(i[t-1], current_decay) + 64 x[t]                   wraps at 24 bits
    v[t] = decay(v[t-1], voltage_decay) + i[t] + 64 bias            saturates at 24 bits
    z[t] = v[t] > 64 threshold                                      strictly greater
    v[t] = 0, or v[t] - 64 threshold with Reset.SUBTRACT, where z[t] = 1

    decay(s, d) is s (4096 - d) / 4096, rounded towards zero. In a float graph the factor 64, rounding and
    overflow are absent. LIF: current_decay 4096. IF: current_decay 4096 and voltage_decay 0.

    Args:
        current_decay, voltage_decay: 0..4096, share lost per timestep in 1/4096.
        threshold: in weight steps; 0..131071 in an integer graph.
        bias: per channel or neuron, in weight steps, or None; added to the voltage at every step.
        reset: after a spike.
    Source:
        lava-nc/lava `src/lava/proc/lif/models.py`, PyLifModelBitAcc (Reset.SUBTRACT is not in Lava).
    """

    current_decay: int
    voltage_decay: int
    threshold: int | float
    bias: Array | None = None
    reset: Reset = Reset.ZERO

    states: ClassVar[tuple[str, ...]] = ("current", "voltage")

    def __post_init__(self) -> None:
        self.own_array("bias", 1)
        for field in ("current_decay", "voltage_decay"):
            value = getattr(self, field)
            fits = type(value) is int and 0 <= value <= DECAY_ONE
            self.require(fits, f"{field} is {value!r}, allowed: an integer 0..{DECAY_ONE}")
        finite = bool(np.isfinite(self.threshold)) and self.threshold >= 0
        self.require(finite, f"threshold is {self.threshold}, allowed: >= 0")

    def output_shape(self, shape: Shape) -> Shape:
        if self.bias is not None and len(self.bias) != shape[0]:
            raise self.refuse_shape(shape, f"({len(self.bias)}, ...), one channel for each bias")
        return shape

    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        current = arithmetic.wrap(arithmetic.decay(state["current"], self.current_decay) + arithmetic.inject(value))
        voltage = arithmetic.decay(state["voltage"], self.voltage_decay) + current
        if self.bias is not None:
            voltage = voltage + arithmetic.inject(self.bias).reshape(-1, *(1,) * (value.ndim - 2))
        voltage = arithmetic.saturate(voltage)
        threshold = arithmetic.inject(np.asarray(self.threshold))
        spikes = voltage > threshold
        after = voltage - threshold if self.reset is Reset.SUBTRACT else np.zeros_like(voltage)
        voltage = np.where(spikes, after, voltage)
        return spikes.astype(arithmetic.dtype), {"current": current, "voltage": voltage}

    def bounds(self, low: int, high: int) -> tuple[Array, Array]:
        return super().bounds(0, 1)
