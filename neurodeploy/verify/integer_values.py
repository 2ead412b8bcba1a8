"""Whether a float run shows the very numbers of the integer network."""

from __future__ import annotations

import numpy as np

from neurodeploy.graph import Graph, Trace
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import FRACTION_BITS


def are_integer_values(graph: Graph, integer: Trace, found: Trace) -> bool:
    """Whether every value of a float run, in weight steps, equals that of the integer run, in membrane steps."""
    for name, values in found.values.items():
        node, _, state = name.partition(".")
        is_spike = isinstance(graph[node], Cuba) and not state
        if not np.array_equal(values if is_spike else values * (1 << FRACTION_BITS), integer[name]):
            return False
    return True
