"""What one node did in a run, as whole numbers over all samples and steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np

from neurodeploy.errors import DataError
from neurodeploy.graph.numeric import Array
from neurodeploy.profile.quantity import WORK


@final
@dataclass(frozen=True, slots=True)
class Uses:
    """An amount of work counted twice: on all stored weights, and on those that are not zero.

    Equal where no weights take part.
    """

    stored: int = 0
    nonzero: int = 0

    def __add__(self, other: Uses) -> Uses:
        return Uses(self.stored + other.stored, self.nonzero + other.nonzero)

    def __mul__(self, factor: int) -> Uses:
        return Uses(self.stored * factor, self.nonzero * factor)


@final
@dataclass(frozen=True, eq=False)
class NodeCounts:
    """Totals of one node; divide by the number of samples for the mean per inference.

    Args:
        name, kind: the node and its class.
        neurons: outputs per step.
        inputs: input values per step, of all edges together.
        macs: products of one step if nothing were sparse, padding included (n_l of the bit budget); 0 without weights.
        weight_bits: bits of a stored weight; 0 without weights.
        input_bits: bits of the widest value that can arrive.
        work: kind of work -> amount; the kinds are the keys of `profile.quantity.WORK`, absent kinds were not done.
        values_in, values_out: events received, and events sent by inputs and neurons (spikes). Sums are no events.
        active_updates: neuron updates that changed a state or fired.
        wraps, saturations: currents that wrapped and voltages that were clipped at 24 bits.
        spikes: of each neuron; None for nodes without neurons that fire.
        dense_uses: products (sums, of a pool) of one step if every value were non-zero; padding excluded.
        weights, biases: that are stored.
        kernel, strided_kernel, kernel_channels: the fields of `kernel.Kernel`; all 0 without weights or where unknown.
        leaks: multiplications of one neuron update.
    """

    name: str
    kind: str
    neurons: int
    inputs: int = 0
    macs: int = 0
    weight_bits: int = 0
    input_bits: int = 0
    work: Mapping[str, Uses] = field(default_factory=dict)
    values_in: int = 0
    values_out: int = 0
    active_updates: int = 0
    wraps: int = 0
    saturations: int = 0
    spikes: Array | None = None
    dense_uses: int = 0
    weights: int = 0
    biases: int = 0
    kernel: int = 0
    strided_kernel: int = 0
    kernel_channels: int = 0
    leaks: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "work", {key: uses for key, uses in self.work.items() if uses.stored})
        unknown = [key for key in self.work if key not in WORK]
        if unknown:
            raise DataError(source=self.name, reason=f"unknown kind of work '{unknown[0]}'")

    def uses(self, work: str) -> Uses:
        """The amount of one kind of work; zero where none was done."""
        return self.work.get(work, Uses())

    @property
    def silent(self) -> float | None:
        """Share of neurons that never fired on this data, or None for nodes without spikes."""
        return None if self.spikes is None else float(np.mean(self.spikes == 0))

    def saturated(self, updates: int | float) -> float | None:
        """Share of neurons that fired at every one of `updates` timesteps, or None for nodes without spikes."""
        return None if self.spikes is None else float(np.mean(self.spikes >= updates))
