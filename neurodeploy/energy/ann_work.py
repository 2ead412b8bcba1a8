"""The work of the ordinary network with the same layers, made once an inference, and what a profile charges for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Energy
from neurodeploy.energy.node_counts import NodeCounts
from neurodeploy.errors import DataError
from neurodeploy.profile import Profile

PRODUCT: Final = "multiply_accumulate"
SYNAPTIC: Final = ("accumulate", PRODUCT)
EACH_STEP: Final = ("bias_add", "pool_scale", "neuron_update")
"""Work that the spiking network does at every timestep and the ordinary one once; an activation (scale, round, clip) is
charged as one neuron update."""


@final
@dataclass(frozen=True)
class Group:
    """A synapse node and everything from it to the next one: pools, joins, neurons."""

    synapse: NodeCounts
    nodes: tuple[NodeCounts, ...]

    def work(self, counts: Counts) -> dict[str, float]:
        """Kind of work -> amount of the ordinary network, once."""
        found: dict[str, float] = {}
        for node in self.nodes:
            for term, amount in _work(counts, node):
                found[term] = found.get(term, 0.0) + amount
        return found


def groups(counts: Counts) -> tuple[Group, ...]:
    """All nodes, each with the synapse before it; those before the first synapse belong to it.

    Raises:
        DataError: no synapse, or one whose products are not known.
    """
    starts = [place for place, node in enumerate(counts.nodes) if is_synapse(node)]
    if not starts:
        raise DataError(
            source="counts", reason="no node has weights, so there is no ordinary network of the same layers"
        )
    ends = [*starts[1:], len(counts.nodes)]
    begins = [0, *starts[1:]]
    found = [Group(counts.nodes[s], counts.nodes[b:e]) for s, b, e in zip(starts, begins, ends, strict=True)]
    for group in found:
        if not group.synapse.dense_uses:
            hint = "Count with `count` or a `Recorder`, which know the network."
            raise DataError(source=group.synapse.name, reason="the products of this layer are not known", hint=hint)
    return tuple(found)


def is_synapse(node: NodeCounts) -> bool:
    """Whether a node has weights."""
    return bool(node.weight_bits) or any(node.uses(term).stored for term in SYNAPTIC)


def _work(counts: Counts, node: NodeCounts) -> Iterator[tuple[str, float]]:
    if is_synapse(node):
        yield PRODUCT, float(node.dense_uses)
    elif node.dense_uses:
        yield "pool_add", float(node.dense_uses)
    for term in EACH_STEP:
        if node.uses(term).stored and not (term == "neuron_update" and node.kind == "Readout"):
            yield term, node.uses(term).stored / (counts.samples * counts.steps)
    if node.uses("join_add").stored:
        yield "join_add", float(node.inputs)


def charge(
    profile: Profile, work: Mapping[str, float], product: tuple[float, float, float] | None
) -> tuple[Energy, dict[str, float]]:
    """(energy of the work that has a price, amounts of the work that has none).

    Args:
        product: (low, mid, high) in pJ of one multiply-accumulate, or None where the profile does not say.
    """
    inside = {term for price in profile.prices.values() for term in price.includes}
    energy, missing = Energy(), dict[str, float]()
    for term, amount in work.items():
        price = profile.prices.get(term)
        each = product if term == PRODUCT else None if price is None else price.range
        if each is not None:
            energy += Energy(*(amount * end for end in each))
        elif term == PRODUCT or term not in inside:
            missing[term] = amount
    return energy, missing


def total_work(counts: Counts, found: Sequence[Group]) -> dict[str, float]:
    """The work of all layers."""
    whole: dict[str, float] = {}
    for group in found:
        for term, amount in group.work(counts).items():
            whole[term] = whole.get(term, 0.0) + amount
    return whole
