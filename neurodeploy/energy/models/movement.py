"""Operations and movement of data, after Yan, Bai and Wong; the other side is a quantised network of as many values.

For a synapse node with n_in arriving events of b bits over T timesteps from N_in inputs, at h hops:

    operations       arithmetic units, as in model `arithmetic`
    sparse dataflow  n_in b h e_sparse
    dense dataflow   T N_in b h e_dense
    weights=dram     weights x bits x e_dram, once an inference

    E = operations + movement; a layer moves dense data where the share of non-zero values is above `switch_rate`

Between the two ends of a `switch_rate` that is a range, the interval covers both dataflows. b is the width of a value
(event_bits=value: 1 for a spike, as the source's number for a bit is Loihi's for a spike) or the width of address and
value. The quantised network (`quantised`) has ceil(log2(T + 1)) bits, moves each of its values once, densely, and makes
each product once. The source's energy of a product was not found: mac=none leaves it without a price; mac=bit_serial
takes 1 to ceil(log2(T + 1)) accumulates, which is this project's bound and not the source's.

Boundary: arithmetic units and links between memories.
Left out: accesses to memories, control (which favours spikes: the authors say so), placement (hops are given), static.
Source: arXiv:2409.08290 (v4), read in a detailed summary; constants from the profile. No silicon check by its authors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Energy, Estimate, Line
from neurodeploy.energy.models.lines import arithmetic_part, arrived, is_first, line, refuse, without
from neurodeploy.energy.models.model import NUMBER, RANGE, Model, interval
from neurodeploy.energy.node_counts import NodeCounts
from neurodeploy.profile import Profile

NAME: Final = "movement"
MOVED: Final = ("event_bit_in", "event_bit_out", "input_event")


def _estimate(counts: Counts, profile: Profile, options: Mapping[str, str]) -> Estimate:
    need_movement(profile, options)
    part = arithmetic_part(counts, profile, NAME)
    moved = [each for node in counts.nodes if node.weight_bits for each in _moved(counts, profile, node, options)]
    said = "Choices of the movement model: " + ", ".join(f"{key} {value}" for key, value in options.items()) + "."
    hops = f"Every event takes {options['hops']} hops: no placement enters."
    return replace(
        part,
        lines=(*part.lines, *(each for each in moved if each.amount)),
        not_covered=without(part.not_covered, MOVED),
        assumptions=(said, hops, *part.assumptions),
    )


def need_movement(profile: Profile, options: Mapping[str, str]) -> None:
    """Refuse a profile without the energies of moving bits."""
    for way in ("sparse", "dense", *(["dram"] if options["weights"] == "dram" else [])):
        if way not in profile.movement:
            refuse(profile, NAME, f"movement.{way}", "no energy of moving a bit", "cmos22")


def _moved(counts: Counts, profile: Profile, node: NodeCounts, options: Mapping[str, str]) -> Iterator[Line]:
    """What moves into one synapse node: its events, and its weights where they lie outside the chip."""
    yield _events(counts, profile, node, options)
    yield from weights_moved(profile, node, options)


def weights_moved(profile: Profile, node: NodeCounts, options: Mapping[str, str]) -> Iterator[Line]:
    """Weights that come from outside the chip, once an inference; nothing where they stay on it."""
    if options["weights"] == "dram":
        bits = node.weights * node.weight_bits
        yield line(node.name, "weight_move", bits, "movement.dram", profile.movement["dram"])


def _events(counts: Counts, profile: Profile, node: NodeCounts, options: Mapping[str, str]) -> Line:
    hops = float(options["hops"])
    bits = arrived(counts, node) * node.input_bits
    if options["event_bits"] == "address":
        bits = node.uses("event_bit_in").stored / counts.samples
    sparse = line(node.name, "event_move", bits * hops, "movement.sparse", profile.movement["sparse"])
    whole = counts.steps * node.inputs * node.input_bits * hops * is_first(node)
    dense = line(node.name, "dense_move", whole, "movement.dense", profile.movement["dense"])
    return {"sparse": sparse, "dense": dense}.get(options["dataflow"]) or _switched(
        sparse, dense, counts.rate(node.name), interval(options["switch_rate"])
    )


def _switched(sparse: Line, dense: Line, rate: float, switch: tuple[float, float]) -> Line:
    low, high = switch
    taken = sparse if rate <= (low + high) / 2 else dense
    if rate <= low or rate > high:
        return taken
    both = (sparse.energy, dense.energy)
    span = Energy(min(each.low for each in both), taken.energy.mid, max(each.high for each in both))
    return replace(taken, energy=span)


def movement_of_quantised(
    profile: Profile, synapses: Sequence[NodeCounts], bits: int, options: Mapping[str, str]
) -> Energy:
    """What a quantised network of the same layers moves: every value once, densely; weights as the spiking one."""
    whole = Energy()
    for node in synapses:
        amount = node.inputs * bits * float(options["hops"]) * is_first(node)
        lines = [line(node.name, "dense_move", amount, "movement.dense", profile.movement["dense"])]
        for each in (*lines, *weights_moved(profile, node, options)):
            whole += each.energy
    return whole


def product_range(profile: Profile, bits: int, options: Mapping[str, str]) -> tuple[float, float, float] | None:
    """(low, mid, high) in pJ of a product of `bits` bits and its addition: 1 to `bits` accumulates, the middle between.

    A product contains its addition, and adding the weight once for each bit of the value makes it. None with mac=none.
    """
    found = profile.prices.get("accumulate")
    if options["mac"] == "none" or found is None:
        return None
    low, mid, high = found.range
    return low, mid * (1 + bits) / 2, high * bits


def matched_bits(steps: int | float) -> int:
    """Bits of a value that tells as many levels apart as `steps` binary timesteps: ceil(log2(steps + 1))."""
    return math.ceil(math.log2(steps + 1))


MOVEMENT: Final = Model(
    name=NAME,
    title="Operations and movement of data, after Yan et al.",
    formula="E = operations x arithmetic prices + events x bits x hops x e_sparse, "
    "or T x inputs x bits x hops x e_dense above the switching rate",
    boundary="arithmetic units and links between memories",
    omits=(
        "accesses to memories",
        "control, which favours spiking networks",
        "hops of a real placement",
        "static power, host",
    ),
    source="Yan et al., arXiv:2409.08290 (v4), read in a detailed summary",
    options={
        "dataflow": ("switch", "sparse", "dense"),
        "switch_rate": ("0.12..0.17", NUMBER, RANGE),
        "event_bits": ("value", "address"),
        "hops": ("1", NUMBER),
        "weights": ("on chip", "dram"),
        "mac": ("bit_serial", "none"),
    },
    estimate=_estimate,
)
