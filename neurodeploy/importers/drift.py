"""How far two runs of one network lie apart, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import final

import numpy as np

from neurodeploy.errors import DataError
from neurodeploy.graph.numeric import Array


@final
@dataclass(frozen=True)
class Drift:
    """One layer in the source and in the graph, on the same input.

    Args:
        layer: name of the graph node.
        source_spikes, graph_spikes: over all timesteps, samples and neurons.
        differing, values: of so many outputs (one for each timestep, sample and neuron) how many differ.
        first_timestep: of the first difference; None without one.
        largest_difference: of the voltages, in the unit of the weights, up to each sample's first differing output in
            that neuron (after it they have nothing in common); None where the source shows no voltages.
    """

    layer: str
    source_spikes: int
    graph_spikes: int
    differing: int
    values: int
    first_timestep: int | None
    largest_difference: float | None

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        text = f"{self.layer}: {self.source_spikes} spikes in the source, {self.graph_spikes} in the graph, "
        text += f"{self.differing} of {self.values} outputs differ"
        if self.first_timestep is not None:
            text += f", the first at timestep {self.first_timestep}"
        if self.largest_difference is not None:
            text += f"; voltages differ by at most {self.largest_difference:.3g}"
        return text


def drift(source: Mapping[str, Array], graph: Mapping[str, Array]) -> tuple[Drift, ...]:
    """The difference in every layer, in the order of `source`.

    Args:
        source, graph: graph node -> outputs (time, batch, *shape), and "<node>.voltage" -> voltages after the reset
            where both have them. Layers that only one of them has are left out.
    Raises:
        DataError: a layer has another shape in the one than in the other, or they share none.
    """
    layers = [name for name in source if not name.endswith(".voltage") and name in graph]
    if not layers:
        raise DataError(source="drift", reason=f"no layer in common: {sorted(source)} and {sorted(graph)}")
    return tuple(_layer(name, source, graph) for name in layers)


def _layer(name: str, source: Mapping[str, Array], graph: Mapping[str, Array]) -> Drift:
    given, found = np.asarray(source[name]), np.asarray(graph[name])
    if given.shape != found.shape:
        raise DataError(source=f"drift of '{name}'", reason=f"shape {given.shape} in the source, {found.shape} here")
    differs = given != found
    times = np.flatnonzero(differs.reshape(len(differs), -1).any(1))
    voltage = f"{name}.voltage"
    largest = None
    if voltage in source and voltage in graph:
        before = np.logical_or.accumulate(differs, axis=0)
        gap = np.abs(np.asarray(source[voltage]) - np.asarray(graph[voltage]))
        largest = float(np.where(before, 0.0, gap).max())
    return Drift(
        layer=name,
        source_spikes=int((given != 0).sum()),
        graph_spikes=int((found != 0).sum()),
        differing=int(differs.sum()),
        values=differs.size,
        first_timestep=int(times[0]) if times.size else None,
        largest_difference=largest,
    )
