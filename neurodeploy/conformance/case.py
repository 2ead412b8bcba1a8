"""A case: a small integer network, spikes, and what must come out, worked out by hand; it never names an exporter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from neurodeploy.graph import Graph, IntGraph
from neurodeploy.graph.numeric import Array


@final
@dataclass(frozen=True, eq=False)
class Case:
    """One fact about the meaning of networks.

    Args:
        name: the fact, unique among all cases.
        graph: integers only.
        spikes: (time, *input shape) of one sample, as nested lists (hence Any).
        expect: value name -> (time, neurons), flat over channel, height and width; never computed by the simulator.
    """

    name: str
    graph: Graph
    spikes: list[Any]
    expect: Mapping[str, list[list[int]]]

    @property
    def integer(self) -> IntGraph:
        """The network, its ranges proved."""
        return IntGraph(self.graph)

    @property
    def frames(self) -> Array:
        """The sample twice (and an empty one between), so that a state leaking from sample to sample shows."""
        one = np.array(self.spikes, np.uint8).reshape(len(self.spikes), 1, *self.graph.input.shape)
        return np.concatenate([one, np.zeros_like(one), one], axis=1)
