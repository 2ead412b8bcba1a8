"""What can be proved about a neuron's states before it runs."""

from __future__ import annotations

from neurodeploy.graph import IntGraph, Node
from neurodeploy.graph.nodes import Cuba, Reset
from neurodeploy.graph.numeric import DECAY_ONE, FRACTION_BITS

UNIT = 1 << FRACTION_BITS
"""Membrane steps in one weight step."""


def input_range(integer: IntGraph, node: Node) -> tuple[int, int]:
    """Least and greatest summed input, zero included: states begin there."""
    low, high = integer.input_bounds(node)
    return min(0, low), max(0, high)


def settled(step: int, decay: int) -> int | None:
    """Where a state ends that is pushed by `step` at every timestep, rounded away from zero; None without decay.

    Rounding towards zero only makes states smaller, so this bounds them.
    """
    if step == 0:
        return 0
    if decay == 0:
        return None
    size = -(-abs(step) * DECAY_ONE // decay)
    return size if step > 0 else -size


def voltage_range(node: Cuba, least: int, most: int) -> tuple[int | None, int | None]:
    """Least and greatest voltage before the reset for currents within least..most; None where nothing bounds it."""
    if node.bias is not None:
        least, most = least + UNIT * int(node.bias.min()), most + UNIT * int(node.bias.max())
    low, high = settled(min(least, 0), node.voltage_decay), settled(max(most, 0), node.voltage_decay)
    if node.reset is Reset.ZERO:  # what is left after a spike is at most the threshold
        high = UNIT * int(node.threshold) + max(most, 0)
    return low, high
