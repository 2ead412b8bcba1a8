"""The integer network in plain numbers: what a format without rounding rules can say of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from neurodeploy.graph.graph import Graph
from neurodeploy.graph.int_graph import IntGraph
from neurodeploy.graph.node import Node
from neurodeploy.graph.nodes import Cuba, Reset
from neurodeploy.graph.numeric import DECAY_ONE

HALF_WHOLE: Final = 0.5
"""Of a weight step, the smallest difference between voltages that no decay makes fractions of."""

HALF_FRACTION: Final = 65 / 8192
"""About half of 1/64, the smallest difference between all other voltages. Exactly half would be a multiple of 1/4096,
as are float voltages one step after a whole number: they would meet the threshold, and rounding would decide."""


def unrounded(integer: IntGraph) -> Graph:
    """The float graph with the weights, biases and decays of `integer`; it neither rounds, wraps nor saturates.

    Integer voltages come in steps, so a neuron is the same for every threshold from its own up to the next step. Here
    it lies in between: then a voltage that is exactly at the threshold stays silent in floats too, however they round.
    (Not with reset by subtraction, which takes the threshold itself away.)

    Spikes, currents and voltages are those of the integer network as long as no decay had to be rounded, no current
    wrapped and no voltage saturated.
    """
    graph = integer.graph
    return replace(graph, nodes=tuple(_between(node) for node in graph.nodes))


def _between(node: Node) -> Node:
    if not isinstance(node, Cuba) or node.reset is Reset.SUBTRACT:
        return node
    return replace(node, threshold=node.threshold + half_step(node))


def half_step(node: Cuba) -> float:
    """What is added to a threshold, in weight steps."""
    is_whole = {node.current_decay, node.voltage_decay} <= {0, DECAY_ONE}
    return HALF_WHOLE if is_whole else HALF_FRACTION
