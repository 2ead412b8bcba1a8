"""What can be proved about a sink's numbers, so that the code holds the operations that can matter and no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.exporters._state_range import UNIT, input_range, settled, voltage_range
from neurodeploy.graph import IntGraph
from neurodeploy.graph.nodes import Cuba, Reset
from neurodeploy.graph.numeric import DECAY_ONE, STATE

INT32 = (1 << 31) - 1


@final
@dataclass(frozen=True)
class Plan:
    """How the states of one neuron are computed.

    Args:
        keeps_current: the current is an array of its own; otherwise sums go straight into the voltage.
        wraps: the current may leave 24 bits.
        falls, rises: the voltage may go below, above 24 bits where that would be seen.
        current_reach, voltage_reach: largest size of a current, and of a voltage that is left to decay.
    """

    keeps_current: bool
    wraps: bool
    falls: bool
    rises: bool
    current_reach: int
    voltage_reach: int


def plan(integer: IntGraph, node: Cuba) -> Plan:
    """The cheapest exact way to keep the states of `node`."""
    low, high = (UNIT * bound for bound in input_range(integer, node))
    least, most = settled(low, node.current_decay), settled(high, node.current_decay)
    wraps = least is None or most is None or least < -STATE.high or most > STATE.high + 1
    if wraps:
        least, most = -STATE.high, STATE.high + 1
    bottom, top = voltage_range(node, least or 0, most or 0)
    falls = bottom is None or bottom < -STATE.high
    rises = node.reset is Reset.SUBTRACT and (top is None or top > STATE.high)
    low_reach = STATE.high if bottom is None else min(STATE.high, -bottom)
    high_reach = STATE.high if top is None else min(STATE.high, top)
    if node.reset is Reset.ZERO:  # above the threshold nothing is left to decay
        high_reach = min(high_reach, UNIT * int(node.threshold))
    keeps = node.current_decay < DECAY_ONE or wraps
    reach = max(-(least or 0), most or 0)
    return Plan(keeps, wraps, falls, rises, min(reach, STATE.high + 1), max(low_reach, high_reach))


def decayed(value: str, decay: int, reach: int) -> str:
    """C expression of the int32_t `value` after a decay, for |value| <= reach; rounded towards zero."""
    keep = DECAY_ONE - decay
    if keep in (0, DECAY_ONE):
        return value if keep else "0"
    shift = 12
    while keep % 2 == 0:
        keep, shift = keep // 2, shift - 1
    if reach * keep <= INT32:
        return f"@NAME@_share({value}{f' * {keep}' if keep > 1 else ''}, {shift})"
    return f"@NAME@_decay({value}, {DECAY_ONE - decay})"
