"""Bit budget: weight bits x spike bits x timesteps, a currency that is independent of hardware.

What it is: the number of single-bit operations of a network's synapses, so that networks with other widths and other
numbers of timesteps can be compared. What it is not: energy. It has no neurons, memory, routing or static power, and no
factor to joules is defined. Bits of states (b_v) are no part of it: currents and voltages have 24 bits in every target
whatever the budget, and the three factors are those of the paper. Biases and lines that delay spikes are left out. Its
fan-out is the dense one: at borders it counts padding, so for convolutions rate x macs x T is close, but not equal, to
the exact synaptic operations beside it.

Source: Shen et al., CVPR 2024, arXiv:2311.10802, read through two independent notes. Which layers count is not known;
here all synapses do, the first included. Weights that are floating point count as 32 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.node_counts import NodeCounts

COUNTED: Final = "timesteps x weight bits x bits of the input values of a synapse"
NOT_COUNTED: Final = "states (24 bits each), biases, delay lines, memory"
"""What a bit budget is of, for those who read one."""


@final
@dataclass(frozen=True, slots=True)
class LayerBudget:
    """The budget of one synapse node.

    Args:
        macs: dense products of one timestep.
        weight_bits, spike_bits, steps: the three factors of the budget.
        rate: share of the arriving values that were not zero, 0..1.
        synaptic_operations: exact weight uses per inference, for comparison.
    """

    name: str
    macs: int
    weight_bits: int
    spike_bits: int
    steps: int | float
    rate: float
    synaptic_operations: float

    @property
    def budget(self) -> int | float:
        """Bit budget of one synapse: steps x weight bits x spike bits."""
        return self.steps * self.weight_bits * self.spike_bits

    @property
    def dense(self) -> int | float:
        """Bit operations per inference on hardware that skips nothing (S-ACE)."""
        return self.macs * self.budget

    @property
    def spiking(self) -> float:
        """Bit operations per inference where only spikes cost (NS-ACE)."""
        return self.rate * self.dense


def bit_budget(counts: Counts) -> tuple[LayerBudget, ...]:
    """The budget of every synapse node, in the order of computation; add `dense` or `spiking` up for the network."""
    return tuple(_layer(counts, node) for node in counts.nodes if node.macs)


def mean_budget(layers: Sequence[LayerBudget]) -> float:
    """Bit budget of a synapse on average, each weighted by the dense products of a timestep: S-ACE / sum of n_l.

    Binary spikes and one width for all layers make it steps x weight bits.
    """
    return sum(layer.dense for layer in layers) / sum(layer.macs for layer in layers)


def _layer(counts: Counts, node: NodeCounts) -> LayerBudget:
    uses = node.uses("accumulate") + node.uses("multiply_accumulate")
    return LayerBudget(
        name=node.name,
        macs=node.macs,
        weight_bits=node.weight_bits,
        spike_bits=node.input_bits,
        steps=counts.steps,
        rate=counts.rate(node.name),
        synaptic_operations=uses.stored / counts.samples,
    )
