"""What the neurons of a layer have in common, and what they remember from one timestep to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor

from neurodeploy.graph.nodes import Reset
from neurodeploy.graph.numeric import DECAY_ONE, FRACTION_BITS
from neurodeploy.train.neurons.surrogate import Surrogate

STEP = 1 << FRACTION_BITS
"""Membrane steps of one weight step in an integer network."""


@final
@dataclass(frozen=True)
class Cell:
    """What the neurons of one layer have in common; see `graph.nodes.cuba.Cuba` for the equations.

    Args:
        current_decay, voltage_decay: 0..4096, share lost per timestep in 1/4096.
        threshold: fires when v > threshold; in units of the drive.
        reset: after a spike.
        surrogate: its width is in units of the drive.
        start: share of the threshold that the voltage has before the first timestep; only in float computation, as no
            target's format has a place for it.
    """

    current_decay: int
    voltage_decay: int
    threshold: int | float
    reset: Reset
    surrogate: Surrogate
    start: float = 0.0

    @property
    def keep_current(self) -> float:
        """Share of the current that survives a timestep."""
        return (DECAY_ONE - self.current_decay) / DECAY_ONE

    @property
    def keep_voltage(self) -> float:
        """Share of the voltage that survives a timestep."""
        return (DECAY_ONE - self.voltage_decay) / DECAY_ONE


@final
@dataclass(frozen=True)
class Rule:
    """One recursion with all its numbers, in the units of its voltages.

    Args:
        keep_current, keep_voltage: shares that survive a timestep.
        start: voltage before the first timestep.
        gain: change of voltage per change of drive.
    """

    keep_current: float
    keep_voltage: float
    threshold: int | float
    start: float
    reset: Reset
    surrogate: Surrogate
    gain: float = 1.0


@final
@dataclass(frozen=True)
class State:
    """What a layer remembers after a timestep, in membrane steps where it computes integers.

    Args:
        current: None where currents have no memory.
        remains: voltage after the reset.
    """

    current: Float[Tensor, " batch *shape"] | None
    remains: Float[Tensor, " batch *shape"]

    def detached(self) -> State:
        """The same numbers without their history."""
        return State(None if self.current is None else self.current.detach(), self.remains.detach())


@final
@dataclass(frozen=True)
class Gradients:
    """What the backward pass of a recursion found.

    Args:
        bias: or None where there is none.
        keep: with respect to the share of the voltage that survives; None where it is not learned.
        state: with respect to the state before the first timestep, current and voltage; None unless it was given.
    """

    drive: Tensor
    bias: Tensor | None
    keep: Tensor | None
    state: State | None
