"""What a network did, timestep by timestep and sample by sample: recorded once, priced by any number of profiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import final

import numpy as np

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.node_counts import NodeCounts, Uses
from neurodeploy.errors import DataError
from neurodeploy.graph.numeric import Array


@final
@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """An amount of work, (time, sample): on all stored weights, and on those that are not zero."""

    stored: Array
    nonzero: Array

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.stored + other.stored, self.nonzero + other.nonzero)

    def __mul__(self, factor: int) -> Amounts:
        return Amounts(self.stored * factor, self.nonzero * factor)


@final
@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What a node is; see `NodeCounts` for the fields."""

    name: str
    kind: str
    neurons: int
    inputs: int = 0
    macs: int = 0
    weight_bits: int = 0
    input_bits: int = 0
    dense_uses: int = 0
    weights: int = 0
    biases: int = 0
    kernel: int = 0
    strided_kernel: int = 0
    kernel_channels: int = 0
    leaks: int = 0


@final
@dataclass(frozen=True, eq=False)
class NodeActivity:
    """What one node did. Arrays are (time, sample), or (time, 1) once samples are added up.

    Args:
        facts: what the node is.
        work: kind of work -> amount; the kinds are the keys of `profile.quantity.WORK`.
        values_in, values_out: events received, and events sent by inputs and neurons. Sums are no events.
        active_updates, wraps, saturations: as in `NodeCounts`.
        spikes: of each neuron, over all samples and timesteps; None for nodes without neurons that fire.
    """

    facts: NodeFacts
    work: Mapping[str, Amounts]
    values_in: Array
    values_out: Array
    active_updates: Array
    wraps: Array
    saturations: Array
    spikes: Array | None = None

    def arrays(self) -> dict[str, Array]:
        """Everything that has a time axis, by the name it has in a file."""
        found = {name: getattr(self, name) for name in PLAIN}
        for kind, amounts in self.work.items():
            found |= {f"work.{kind}.stored": amounts.stored, f"work.{kind}.nonzero": amounts.nonzero}
        return found

    def with_arrays(self, arrays: Mapping[str, Array], spikes: Array | None) -> NodeActivity:
        """The same node with other amounts."""
        work = {
            kind: Amounts(arrays[f"work.{kind}.stored"], arrays[f"work.{kind}.nonzero"])
            for kind in dict.fromkeys(name.split(".")[1] for name in arrays if name.startswith("work."))
        }
        return NodeActivity(self.facts, work, **{name: arrays[name] for name in PLAIN}, spikes=spikes)

    def counts(self) -> NodeCounts:
        """Totals."""
        work = {kind: Uses(int(each.stored.sum()), int(each.nonzero.sum())) for kind, each in self.work.items()}
        return NodeCounts(
            **asdict(self.facts),
            work=work,
            values_in=int(self.values_in.sum()),
            values_out=int(self.values_out.sum()),
            active_updates=int(self.active_updates.sum()),
            wraps=int(self.wraps.sum()),
            saturations=int(self.saturations.sum()),
            spikes=self.spikes,
        )


PLAIN = ("values_in", "values_out", "active_updates", "wraps", "saturations")


@final
@dataclass(frozen=True, eq=False)
class Activity:
    """What a network did on some samples.

    Args:
        nodes: in the order of computation.
        until: (samples,) timesteps that each sample took; fewer than `steps` where it left early.
        steps: timesteps recorded, the length of every time axis.
        timestep_us: duration of one timestep in the data, in µs, or None where unknown.
    Raises:
        DataError: no samples, no steps or no nodes.
    """

    nodes: tuple[NodeActivity, ...]
    until: Array
    steps: int
    timestep_us: float | None = None
    by_name: Mapping[str, NodeActivity] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.until) < 1 or self.steps < 1 or not self.nodes:
            raise DataError(
                source="activity", reason="no samples, no timesteps or no nodes, so there is nothing to count"
            )
        object.__setattr__(self, "by_name", {node.facts.name: node for node in self.nodes})

    @property
    def samples(self) -> int:
        """Inferences recorded."""
        return len(self.until)

    @property
    def is_per_sample(self) -> bool:
        """Whether amounts of each sample are known, or sums over them alone."""
        return bool(self.nodes[0].values_out.shape[1] == self.samples)

    def __getitem__(self, name: str) -> NodeActivity:
        return self.by_name[name]

    def counts(self) -> Counts:
        """Totals over time and samples; `steps` is the mean where samples took different numbers of timesteps."""
        total = int(self.until.sum())
        steps = total // self.samples if total % self.samples == 0 else total / self.samples
        return Counts(tuple(node.counts() for node in self.nodes), self.samples, steps, self.timestep_us)

    def summed(self) -> Activity:
        """Samples added up: memory that does not grow with their number."""
        return self._changed(lambda array: array.sum(1, keepdims=True))

    def cut(self) -> Activity:
        """Without what lies beyond each sample's own last timestep; spikes by neuron are expected to be so already."""
        inside = np.arange(self.steps)[:, None] < self.until
        return self._changed(lambda array: np.where(inside, array, 0))

    def _changed(self, change: Callable[[Array], Array]) -> Activity:
        nodes = (
            node.with_arrays({name: change(array) for name, array in node.arrays().items()}, node.spikes)
            for node in self.nodes
        )
        return replace(self, nodes=tuple(nodes))


def join(parts: Sequence[Activity]) -> Activity:
    """The activity of several batches of one network as one; sums where a part is a sum, side by side otherwise.

    Raises:
        DataError: nothing to join, or the parts are of different networks or durations.
    """
    if not parts:
        raise DataError(source="activity", reason="no batches were recorded")
    kinds = [(p.steps, p.timestep_us, [replace(node.facts, input_bits=0) for node in p.nodes]) for p in parts]
    if any(kind != kinds[0] for kind in kinds):
        raise DataError(source="activity", reason="batches of different networks or durations cannot be joined")
    is_sum = not all(part.is_per_sample for part in parts)
    nodes = tuple(_joined(of_node, is_sum) for of_node in zip(*(part.nodes for part in parts), strict=True))
    return replace(parts[0], nodes=nodes, until=np.concatenate([part.until for part in parts]))


def _joined(parts: Sequence[NodeActivity], is_sum: bool) -> NodeActivity:
    every = [part.arrays() for part in parts]
    put = _added if is_sum else _beside
    arrays = {name: put([arrays[name] for arrays in every]) for name in every[0]}
    spikes = [part.spikes for part in parts if part.spikes is not None]
    facts = replace(parts[0].facts, input_bits=max(part.facts.input_bits for part in parts))
    return replace(parts[0].with_arrays(arrays, _added(spikes) if spikes else None), facts=facts)


def _added(arrays: Sequence[Array]) -> Array:
    return np.asarray(sum(arrays[1:], arrays[0]))


def _beside(arrays: Sequence[Array]) -> Array:
    return np.concatenate(arrays, 1)
