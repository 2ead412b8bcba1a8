"""A graph of integers whose ranges are proved: having an IntGraph means that nothing overflows unnoticed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from neurodeploy.errors import GraphError, RangeError
from neurodeploy.graph.graph import Graph
from neurodeploy.graph.node import Node, Synapse
from neurodeploy.graph.nodes import INTEGER_KINDS, Cuba
from neurodeploy.graph.nodes.cuba import THRESHOLD_HIGH
from neurodeploy.graph.numeric import FRACTION_BITS, STATE, Array, Fixed

WEIGHT = Fixed(16)
BIAS = Fixed(16)
ACCUMULATOR = Fixed(32)
SUM_HIGH = (ACCUMULATOR.high - (STATE.high + 1)) >> FRACTION_BITS
"""Largest |sum| whose 64-fold, added to a 24-bit state, still fits an int32 accumulator."""


@final
class IntGraph:
    """A Graph of integers in which the following was proved on construction.

    Every array is integer and fits its width (weights and biases int16, thresholds 17 bits). For every node that sums,
    the worst case over all inputs fits an int32 accumulator together with a full state, so that sums never depend on
    their order. What may exceed its width by design is defined instead: currents wrap and voltages saturate at 24 bits.

    Args:
        graph: holds only integer node kinds.
    Raises:
        GraphError: a node kind that has no integer meaning.
        RangeError: tensor, index, value and limits of the first value that does not fit.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.bounds: dict[str, tuple[int, int]] = {}
        """Least and greatest value of every node's output, proved."""
        for node in graph.nodes:
            self._prove_values(node)
        self._prove_sums()

    def _prove_values(self, node: Node) -> None:
        if type(node) not in INTEGER_KINDS:
            hint = "Lower the graph first: batch norm and pooling are folded into synapses."
            raise GraphError(node=node.name, reason=f"{type(node).__name__} has no integer form", hint=hint)
        if isinstance(node, Synapse):
            prove_range(f"{node.name}.weight", node.weight, WEIGHT.low, WEIGHT.high)
            prove_range(f"{node.name}.bias", node.bias, BIAS.low, BIAS.high)
        if isinstance(node, Cuba):
            prove_range(f"{node.name}.bias", node.bias, BIAS.low, BIAS.high)
            prove_range(f"{node.name}.threshold", np.asarray(node.threshold), 0, THRESHOLD_HIGH)

    def _prove_sums(self) -> None:
        """Intervals in order; a recurrent input comes from a neuron, whose output is 0 or 1 whatever it receives."""
        known: dict[str, tuple[int, int]] = {n.name: (0, 1) for n in self.graph.nodes if isinstance(n, Cuba)}
        for node in self.graph.nodes:
            unknown = [ref.node for ref in node.inputs if ref.node not in known]
            if unknown:
                raise GraphError(node=node.name, reason=f"recurrent input '{unknown[0]}' is not a neuron's spikes")
            low, high = _arriving(self.graph, node, known)
            if node.states:
                prove_range(f"{node.name}.input", np.array([low, high]), -SUM_HIGH, SUM_HIGH)
            lows, highs = node.bounds(low, high)
            if not node.states:
                counts = self.graph.input.high > 1
                hint = f"Use {'binary frames (data.binary=true), ' if counts else ''}smaller weights or fewer inputs."
                prove_range(f"{node.name}.sum", np.stack([lows, highs]), -SUM_HIGH, SUM_HIGH, hint)
            known[node.name] = (int(lows.min()), int(highs.max()))
        self.bounds = known

    def input_bounds(self, node: Node) -> tuple[int, int]:
        """Least and greatest sum of what reaches `node`, proved."""
        return _arriving(self.graph, node, self.bounds)


def _arriving(graph: Graph, node: Node, bounds: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    low = high = 0
    for ref in node.inputs:
        least, most = bounds[ref.node]
        # What is delayed is zero at first, whatever its source gives later.
        late = graph.delay(node, ref) > 0
        low += min(least, 0) if late else least
        high += max(most, 0) if late else most
    return low, high


def prove_range(tensor: str, values: Array | None, low: int, high: int, hint: str = "") -> None:
    """Check that every value is an integer in low..high.

    Raises:
        RangeError: naming the first that is not, and how many more there are.
    """
    if values is None:
        return
    array: Array = np.asarray(values)
    bad = (array < low) | (array > high)
    if array.dtype.kind not in "iu":
        bad = bad | (array != np.rint(array)) | (array.dtype.kind == "f")
    if not bad.any():
        return
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    found = array[index].item()
    advice = hint or ("Quantize the graph first." if array.dtype.kind == "f" else "Use a lower scale when quantizing.")
    raise RangeError(tensor=tensor, index=index, found=found, low=low, high=high, more=int(bad.sum()) - 1, hint=advice)
