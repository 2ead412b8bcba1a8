"""What a run recorded, and the answer read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.graph.graph import Graph
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import Array


@final
@dataclass(frozen=True, eq=False)
class Trace:
    """Values by name, each with axes (time, batch, *shape).

    A node's output has the node's name; states are `name.current` and `name.voltage` (after the reset).
    """

    values: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.values[name]

    def __contains__(self, name: object) -> bool:
        return name in self.values


def scores(graph: Graph, trace: Trace) -> Array:
    """(batch, classes): spikes of the output neurons counted over time, or the Readout at the last timestep."""
    output = trace[graph.output.name]
    return np.asarray(output.sum(0) if isinstance(graph.output, Cuba) else output[-1])


def predictions(graph: Graph, trace: Trace) -> Array:
    """(batch,): class of the highest score; the lowest number wins a tie."""
    return np.asarray(scores(graph, trace).reshape(trace[graph.output.name].shape[1], -1).argmax(1))
