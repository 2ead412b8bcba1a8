"""Totals of the work of a network on recorded data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.energy.node_counts import NodeCounts, Uses
from neurodeploy.errors import DataError


@final
@dataclass(frozen=True, eq=False)
class Counts:
    """What a network did on some samples.

    Args:
        nodes: totals of each node, in the order of computation.
        samples: inferences recorded; every mean is per inference.
        steps: timesteps of each inference; the mean where they differ.
        timestep_us: duration of one timestep in the data, in µs, or None where unknown.
    Raises:
        DataError: no samples, no steps or no nodes.
    """

    nodes: tuple[NodeCounts, ...]
    samples: int
    steps: int | float
    timestep_us: int | float | None = None

    def __post_init__(self) -> None:
        if self.samples < 1 or self.steps < 1 or not self.nodes:
            raise DataError(source="counts", reason="no samples, no timesteps or no nodes, so no mean can be given")

    def __getitem__(self, name: str) -> NodeCounts:
        for node in self.nodes:
            if node.name == name:
                return node
        raise DataError(source="counts", reason=f"no node '{name}'; there are {', '.join(n.name for n in self.nodes)}")

    def total(self, work: str) -> Uses:
        """One kind of work over all nodes and samples."""
        return sum((node.uses(work) for node in self.nodes), Uses())

    def mean(self, work: str) -> tuple[float, float]:
        """One kind of work per inference: on all stored weights, and on non-zero ones."""
        total = self.total(work)
        return total.stored / self.samples, total.nonzero / self.samples

    @property
    def synaptic_operations(self) -> float:
        """Uses of a stored weight per inference, whatever the size of the value that it meets."""
        return self.mean("accumulate")[0] + self.mean("multiply_accumulate")[0]

    def rate(self, name: str) -> float:
        """Share of the values arriving at a node that were not zero."""
        node = self[name]
        return node.values_in / (node.inputs * self.steps * self.samples) if node.inputs else 0.0
