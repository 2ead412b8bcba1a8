"""The work of a network on recorded data: counted from the trace with exact fan-out, no second convolution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import final

from neurodeploy.energy.node_counts import NodeCounts, Uses
from neurodeploy.energy.record import Record
from neurodeploy.energy.rules import node_counts
from neurodeploy.errors import DataError
from neurodeploy.graph import Graph, IntGraph, Trace


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

    def rate(self, name: str) -> float:
        """Share of the values arriving at a node that were not zero."""
        node = self[name]
        return node.values_in / (node.inputs * self.steps * self.samples) if node.inputs else 0.0


def count(
    graph: Graph | IntGraph, trace: Trace, *, weight_bits: int | None = None, is_simulated: bool = False
) -> Counts:
    """The work of every node in a recorded run.

    Synapses: every non-zero value that arrives within the recorded steps (delays and the pipelined schedule shift it)
    meets the weights of its own position: borders, stride, dilation and groups are exact. A value of magnitude 1 costs
    an accumulate, any other a multiply-accumulate, decided value by value. Several edges into one synapse are separate
    events; dense synapses side by side, which differ in their delays, count as the one connection that hardware stores.
    Neurons: every neuron at every step. Wraps and saturations: the neuron's steps are replayed.

    Args:
        trace: every output and state of the graph, as `simulate` records them.
        is_simulated: the trace comes from a simulator of this very graph: neurons are replayed only where proved ranges
            leave room for a wrap or a saturation.
        weight_bits: bits per stored weight; by default the narrowest width of each node, 32 in a float graph.
    Raises:
        GraphError: a node kind has no rule (lower the graph first).
        DataError: the trace is empty, incomplete, NaN, or of another network.
    """
    proof = graph if isinstance(graph, IntGraph) else None
    plain = graph.graph if isinstance(graph, IntGraph) else graph
    record = Record(plain, proof, trace, is_simulated)
    nodes = tuple(node_counts(record, node, weight_bits) for node in plain.nodes)
    return Counts(nodes, record.samples, record.steps, float(plain.timestep_us))


def combine(parts: Iterable[Counts]) -> Counts:
    """The counts of several batches of one network as one.

    Raises:
        DataError: nothing to combine, or the parts are of different networks or durations.
    """
    every = iter(parts)
    first = next(every, None)
    if first is None:
        raise DataError(source="counts", reason="no batches were counted")
    return reduce(_plus, every, first)


def combine_uneven(parts: Iterable[Counts]) -> Counts:
    """The same for parts of different durations; `steps` becomes the mean over all samples.

    Raises:
        DataError: nothing to combine, or the parts are of different networks.
    """
    every = list(parts)
    samples = sum(part.samples for part in every)
    total = sum(part.steps * part.samples for part in every)
    found = combine(replace(part, steps=1) for part in every)
    return replace(found, steps=total // samples if total % samples == 0 else total / samples)


def _plus(one: Counts, two: Counts) -> Counts:
    if (one.steps, one.timestep_us, len(one.nodes)) != (two.steps, two.timestep_us, len(two.nodes)):
        raise DataError(source="counts", reason="batches of different networks or durations cannot be combined")
    nodes = tuple(a.plus(b) for a, b in zip(one.nodes, two.nodes, strict=True))
    return Counts(nodes, one.samples + two.samples, one.steps, one.timestep_us)
