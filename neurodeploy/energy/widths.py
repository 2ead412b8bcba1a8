"""How many bits values, weights and states take."""

from __future__ import annotations

import numpy as np

from neurodeploy.graph.node import Node
from neurodeploy.graph.nodes import Cuba, Input
from neurodeploy.graph.numeric import DECAY_ONE, STATE, Array
from neurodeploy.graph.widths import FLOAT_BITS, range_bits


def value_bits(node: Node, bounds: tuple[int, int] | None, recorded: Array) -> int:
    """Bits of one output value of `node`: 1 for spikes, 2 for ternary spikes, 8 for counts up to 255.

    Args:
        bounds: proved least and greatest output; None in a float graph, where the recorded values decide.
    """
    if isinstance(node, Cuba):
        return 1
    if isinstance(node, Input):
        return range_bits(0, node.high)
    if bounds is not None:
        return range_bits(*bounds)
    if not np.array_equal(recorded, np.rint(recorded)):
        return FLOAT_BITS
    return min(FLOAT_BITS, range_bits(int(recorded.min()), int(recorded.max())))


def event_bits(bits: int, neurons: int) -> int:
    """Bits of one event: the address among `neurons`, and the value unless it is a binary spike."""
    return max(1, (neurons - 1).bit_length()) + (bits if bits > 1 else 0)


def state_bits(node: Node, is_integer: bool) -> int:
    """Bits that one neuron keeps from step to step: states that decay completely are not kept."""
    kept = 1
    if isinstance(node, Cuba):
        kept = (node.current_decay < DECAY_ONE) + (node.voltage_decay < DECAY_ONE)
    return kept * (STATE.bits if is_integer else FLOAT_BITS)
