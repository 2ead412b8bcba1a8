"""Each rounding and overflow rule once: Lava's fixed-point LIF, and plain floats with the same interface.

Source of the integer rules: lava-nc/lava `src/lava/proc/lif/models.py` (PyLifModelBitAcc), replayed against Lava by the
tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""A numpy array of any dtype: int64 in an integer run, float64 in a float run."""

DECAY_ONE = 4096
"""A decay is a whole number of 1/4096 lost per timestep: 4096 forgets everything, 0 forgets nothing."""

FRACTION_BITS = 6
"""States carry 6 more bits than weights, thresholds and biases: one weight step is 64 membrane steps."""


@final
@dataclass(frozen=True, slots=True)
class Fixed:
    """A two's complement (or unsigned) integer width."""

    bits: int
    signed: bool = True

    @property
    def low(self) -> int:
        """Smallest value."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Largest value."""
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1


STATE = Fixed(24)


def shift_to_zero(value: Array, bits: int) -> Array:
    """`value` / 2**bits, rounded towards zero (a bare >> would round down: -1 >> 1 is -1)."""
    return np.asarray(np.sign(value) * (np.abs(value) >> bits))


def wrap(value: Array) -> Array:
    """`value` modulo 2**24 within -2**23 + 1..2**23: two's complement, except that +2**23 stays, as in Lava.

    Lava takes off 2**24 at most once, which is the same for summed inputs up to 2**18 (the Loihi target refuses larger
    ones); beyond, its currents leave 24 bits, which no chip can follow.
    """
    return np.asarray((value + STATE.high) % (1 << STATE.bits) - STATE.high)


def saturate(value: Array) -> Array:
    """`value` clipped to +-(2**23 - 1)."""
    return np.clip(value, -STATE.high, STATE.high)


class Arithmetic(ABC):
    """How a neuron's numbers are computed; a node's equation is written once over this interface."""

    dtype: np.dtype[Any]

    @abstractmethod
    def decay(self, state: Array, amount: int) -> Array:
        """What is left of `state` after losing `amount` / 4096 of it."""

    @abstractmethod
    def inject(self, value: Array) -> Array:
        """`value`, in weight steps, as a change of state."""

    @abstractmethod
    def wrap(self, state: Array) -> Array:
        """`state` after the overflow rule of currents."""

    @abstractmethod
    def saturate(self, state: Array) -> Array:
        """`state` after the overflow rule of voltages."""


@final
class FixedArithmetic(Arithmetic):
    """24-bit states, 12-bit decays rounded towards zero: what the targets compute."""

    dtype = np.dtype(np.int64)

    def decay(self, state: Array, amount: int) -> Array:
        return shift_to_zero(state * (DECAY_ONE - amount), 12)

    def inject(self, value: Array) -> Array:
        return np.asarray(value << FRACTION_BITS)

    def wrap(self, state: Array) -> Array:
        return wrap(state)

    def saturate(self, state: Array) -> Array:
        return saturate(state)


@final
class FloatArithmetic(Arithmetic):
    """float64 without overflow: what a float graph means."""

    dtype = np.dtype(np.float64)

    def decay(self, state: Array, amount: int) -> Array:
        return state * ((DECAY_ONE - amount) / DECAY_ONE)

    def inject(self, value: Array) -> Array:
        return value

    def wrap(self, state: Array) -> Array:
        return state

    def saturate(self, state: Array) -> Array:
        return state


FIXED = FixedArithmetic()
FLOAT = FloatArithmetic()
