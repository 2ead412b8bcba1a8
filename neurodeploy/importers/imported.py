"""What every importer gives back: the network as a float graph, and how it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from neurodeploy.graph import Graph


@final
@dataclass(frozen=True, eq=False)
class Imported:
    """A network of another tool.

    Args:
        graph: what the source computes, in floats; it holds the duration of a timestep.
        source: format or framework with its version: "nir", "snntorch 1.0.0".
        paths: graph node -> module path or file node that it was made of; nodes that the import added have none.
        notes: what was read from the source and how (reset, decay form, input scaling, batch norm), and what changed.
    """

    graph: Graph
    source: str
    paths: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def timestep_us(self) -> float:
        """Duration of a timestep in µs."""
        return float(self.graph.timestep_us)
