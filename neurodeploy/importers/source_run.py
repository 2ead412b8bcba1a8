"""What a source computed on frames, and how far a graph lies from that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.graph import Graph, IntGraph, Trace, predictions, simulate
from neurodeploy.graph.numeric import FRACTION_BITS, Array
from neurodeploy.graph.recordings import Recordings
from neurodeploy.importers.drift import Drift, drift

BATCH = 16
"""Samples run at a time; every value of every node is held."""


@final
@dataclass(frozen=True, eq=False)
class SourceRun:
    """What the source computed.

    Args:
        values: graph node -> outputs (time, samples, *shape), and "<node>.voltage" after the reset where it is shown.
        scores: (samples, classes): the answer's spikes or sums over all timesteps.
    """

    values: Mapping[str, Array]
    scores: Array

    @property
    def answers(self) -> Array:
        """(samples,): class of the highest score; the lowest number wins a tie."""
        return np.asarray(self.scores.argmax(1))


@final
@dataclass(frozen=True, eq=False)
class Compared:
    """A graph beside its source on the same frames.

    Args:
        drifts: layer by layer.
        answers: (samples,), of the graph.
    """

    drifts: tuple[Drift, ...]
    answers: Array


@final
@dataclass(frozen=True, eq=False)
class Candidate:
    """A graph that should do what the source does.

    Args:
        scales: node -> weight steps per unit, if it holds the integers of a float network; else None.
    """

    graph: Graph | IntGraph
    scales: Mapping[str, float] | None = None


def compare(
    run: Callable[[Array], SourceRun], candidates: Sequence[Candidate], frames: Recordings
) -> tuple[Array, list[Compared]]:
    """Answers of the source, and how far every candidate lies from it; some samples at a time.

    Args:
        run: the source.
        frames: (time, samples, *shape).
    """
    given: list[Array] = []
    parts: list[list[Compared]] = [[] for _ in candidates]
    for start in range(0, frames.shape[1], BATCH):
        batch = frames[:, start : start + BATCH]
        found = run(batch)
        given.append(found.answers)
        for candidate, compared in zip(candidates, parts, strict=True):
            compared.append(_beside(found, candidate, batch))
    return np.concatenate(given), [_whole(compared) for compared in parts]


def answers(graph: Graph | IntGraph, frames: Recordings) -> Array:
    """(samples,): class that `graph` answers."""
    starts = range(0, frames.shape[1], BATCH)
    return np.concatenate([_answers(graph, simulate(graph, frames[:, start : start + BATCH])) for start in starts])


def _beside(found: SourceRun, candidate: Candidate, frames: Array) -> Compared:
    names = [name for name in found.values if not name.endswith(".voltage")]
    trace = simulate(candidate.graph, frames)
    values: dict[str, Array] = {name: trace[name].astype(np.uint8) for name in names}
    for name in names:
        steps = 1.0 if candidate.scales is None else candidate.scales[name] * (1 << FRACTION_BITS)
        values[f"{name}.voltage"] = trace[f"{name}.voltage"] / steps
    return Compared(drift(found.values, values), _answers(candidate.graph, trace))


def _whole(parts: Sequence[Compared]) -> Compared:
    """Comparisons of consecutive samples as one."""
    layers = zip(*(part.drifts for part in parts), strict=True)
    return Compared(tuple(_added(layer) for layer in layers), np.concatenate([part.answers for part in parts]))


def _added(parts: Sequence[Drift]) -> Drift:
    firsts = [part.first_timestep for part in parts if part.first_timestep is not None]
    largest = [part.largest_difference for part in parts if part.largest_difference is not None]
    return Drift(
        layer=parts[0].layer,
        source_spikes=sum(part.source_spikes for part in parts),
        graph_spikes=sum(part.graph_spikes for part in parts),
        differing=sum(part.differing for part in parts),
        values=sum(part.values for part in parts),
        first_timestep=min(firsts, default=None),
        largest_difference=max(largest, default=None),
    )


def _answers(graph: Graph | IntGraph, trace: Trace) -> Array:
    plain = graph.graph if isinstance(graph, IntGraph) else graph
    return predictions(plain, trace)
