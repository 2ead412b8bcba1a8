"""What can be proved about a neuron's numbers before it runs, so that only needed operations are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.exporters._onnx_build import Kind
from neurodeploy.exporters._state_range import UNIT, input_range, settled, voltage_range
from neurodeploy.graph import IntGraph, Node
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import STATE

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


def plan(graph: IntGraph, node: Node) -> Plan:
    """The cheapest exact way to keep the states of `node`."""
    low, high = input_range(graph, node)
    if max(-low, high) > ONE_WRAP:
        return Plan(Kind.INT64, wraps=True, falls=True, rises=True)
    if not isinstance(node, Cuba):
        return Plan(Kind.INT32, wraps=True, falls=False, rises=True)  # +2**23 is the one current outside
    current = settled(UNIT * low, node.current_decay), settled(UNIT * high, node.current_decay)
    wraps = current[0] is None or current[1] is None or current[0] < -STATE.high or current[1] > STATE.high + 1
    least, most = (-STATE.high, STATE.high + 1) if wraps else (current[0] or 0, current[1] or 0)
    bottom, top = voltage_range(node, least, most)
    return Plan(Kind.INT32, wraps, bottom is None or bottom < -STATE.high, top is None or top > STATE.high)
