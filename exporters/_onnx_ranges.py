"""What can be proved about a neuron's numbers before it runs, so that only needed operations are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.exporters._onnx_build import Kind
from neurodeploy.graph import IntGraph, Node
from neurodeploy.graph.nodes import Cuba, Reset
from neurodeploy.graph.numeric import DECAY_ONE, FRACTION_BITS, STATE

UNIT = 1 << FRACTION_BITS
"""Membrane steps in one weight step."""

SPAN = 1 << STATE.bits
ONE_WRAP = SPAN // UNIT
"""A summed input within +-this, added to a current and raised for the modulo, fits int32; beyond it int64 is taken."""


@final
@dataclass(frozen=True)
class Plan:
    """How the states of one neuron or readout are computed.

    Args:
        kind: INT32, or INT64 where a sum before its wrap may leave 32 bits.
        wraps: the current may exceed 24 bits.
        falls, rises: the voltage may go below, above 24 bits.
    """

    kind: Kind
    wraps: bool
    falls: bool
    rises: bool


def input_range(graph: IntGraph, node: Node) -> tuple[int, int]:
    """Least and greatest summed input, zero included (a delayed edge delivers zero at first)."""
    bounds = [graph.bounds[ref.node] for ref in node.inputs]
    return min(0, sum(low for low, _ in bounds)), max(0, sum(high for _, high in bounds))


def plan(graph: IntGraph, node: Node) -> Plan:
    """The cheapest exact way to keep the states of `node`."""
    low, high = input_range(graph, node)
    if max(-low, high) > ONE_WRAP:
        return Plan(Kind.INT64, wraps=True, falls=True, rises=True)
    if not isinstance(node, Cuba):
        return Plan(Kind.INT32, wraps=True, falls=False, rises=True)  # +2**23 is the one current outside
    current = _settled(UNIT * low, node.current_decay), _settled(UNIT * high, node.current_decay)
    wraps = current[0] is None or current[1] is None or current[0] < -STATE.high or current[1] > STATE.high + 1
    least, most = (-STATE.high, STATE.high + 1) if wraps else (current[0] or 0, current[1] or 0)
    bottom, top = _voltage_range(node, least, most)
    return Plan(Kind.INT32, wraps, bottom is None or bottom < -STATE.high, top is None or top > STATE.high)


def _settled(step: int, decay: int) -> int | None:
    """Where a state ends that is pushed by `step` at every timestep, rounded away from zero; None without decay.

    Rounding towards zero only makes states smaller, so this bounds them.
    """
    if step == 0:
        return 0
    if decay == 0:
        return None
    size = -(-abs(step) * DECAY_ONE // decay)
    return size if step > 0 else -size


def _voltage_range(node: Cuba, least: int, most: int) -> tuple[int | None, int | None]:
    """Least and greatest voltage before the reset for currents within least..most; None where nothing bounds it."""
    if node.bias is not None:
        least, most = least + UNIT * int(node.bias.min()), most + UNIT * int(node.bias.max())
    low, high = _settled(min(least, 0), node.voltage_decay), _settled(max(most, 0), node.voltage_decay)
    if node.reset is Reset.ZERO:  # what is left after a spike is at most the threshold
        high = UNIT * int(node.threshold) + max(most, 0)
    return low, high
