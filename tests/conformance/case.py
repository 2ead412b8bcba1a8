"""A case: a small integer network, spikes, and what must come out, worked out by hand. A case never names an exporter."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurodeploy.graph import Graph, IntGraph


@dataclass(frozen=True, eq=False)
class Case:
    """`expect`: value name -> (time, neurons) for the one sample in `spikes` (time, *input shape)."""

    name: str
    graph: Graph
    spikes: list
    expect: Mapping[str, list]

    @property
    def integer(self) -> IntGraph:
        return IntGraph(self.graph)

    @property
    def frames(self) -> np.ndarray:
        """The sample twice (and an empty one between), so that a state leaking from sample to sample shows."""
        one = np.array(self.spikes, np.uint8).reshape(len(self.spikes), 1, *self.graph.input.shape)
        return np.concatenate([one, np.zeros_like(one), one], axis=1)
