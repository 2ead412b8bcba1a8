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
        values_in, values_out: non-zero values received and given out; a neuron's values_out are its spikes.
        active_updates: neuron updates that changed a state or fired.
        wraps, saturations: currents that wrapped and voltages that were clipped at 24 bits.
        fired: neuron by neuron, whether it ever gave a spike; None for nodes without neurons.
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
    fired: Array | None = None

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
        return None if self.fired is None else float(1 - np.mean(self.fired))

    def plus(self, other: NodeCounts) -> NodeCounts:
        """The counts of two runs of one node together.

        Raises:
            DataError: they are of different nodes.
        """
        if self._description() != other._description():
            raise DataError(source=self.name, reason=f"cannot be added to counts of another node ('{other.name}')")
        fired = None if self.fired is None or other.fired is None else self.fired | other.fired
        return NodeCounts(
            *self._description(),
            input_bits=max(self.input_bits, other.input_bits),
            work={key: self.uses(key) + other.uses(key) for key in WORK},
            values_in=self.values_in + other.values_in,
            values_out=self.values_out + other.values_out,
            active_updates=self.active_updates + other.active_updates,
            wraps=self.wraps + other.wraps,
            saturations=self.saturations + other.saturations,
            fired=fired,
        )

    def _description(self) -> tuple[str, str, int, int, int, int]:
        return self.name, self.kind, self.neurons, self.inputs, self.macs, self.weight_bits
