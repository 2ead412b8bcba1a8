"""Pieces that models share: an amount of work times a number, and the arithmetic part of a profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NoReturn

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Energy, Estimate, Line, NotCovered
from neurodeploy.energy.node_counts import NodeCounts
from neurodeploy.energy.price import price
from neurodeploy.errors import ProfileError
from neurodeploy.profile import Profile, Quantity

OPERATIONS: Final = (
    "accumulate",
    "multiply_accumulate",
    "bias_add",
    "pool_add",
    "pool_scale",
    "join_add",
    "neuron_update",
    "spike",
)
"""Kinds of work that an arithmetic unit does; all others move or keep bits."""


def line(node: str, term: str, amount: int | float, key: str, quantity: Quantity) -> Line:
    """`amount` units at the price `quantity`."""
    low, mid, high = quantity.range
    return Line(node, term, float(amount), key, quantity, Energy(amount * low, amount * mid, amount * high))


def made(
    counts: Counts,
    profile: Profile,
    lines: Iterable[Line],
    *,
    not_covered: Iterable[NotCovered] = (),
    assumptions: Iterable[str] = (),
    duration_s: float | None = None,
) -> Estimate:
    """An estimate of dynamic energy alone; lines without work are dropped."""
    return Estimate(
        profile=profile,
        lines=tuple(each for each in lines if each.amount),
        power_lines=(),
        not_covered=tuple(not_covered),
        included={},
        assumptions=tuple(assumptions),
        duration_s=duration_s,
        samples=counts.samples,
        steps=counts.steps,
    )


def arithmetic_part(counts: Counts, profile: Profile, model: str) -> Estimate:
    """Operations at the profile's prices of arithmetic units, and all work that has none.

    Raises:
        ProfileError: the profile has no such price.
    """
    prices = {term: each for term, each in profile.prices.items() if each.scope == "arith" and term in OPERATIONS}
    if not prices:
        refuse(profile, model, "price", "no price of scope 'arith'", "cmos45, cmos22 or cmos7")
    others = {
        term: f"its price has scope '{each.scope}'" for term, each in profile.prices.items() if term not in prices
    }
    unpriced = {**others, **profile.unpriced}
    bare = replace(profile, prices=prices, unpriced=unpriced, static=None, clock_power=None, overhead=None)
    found = price(replace(counts, timestep_us=None), replace(bare, time_per_step=None))
    return replace(found, profile=profile)


def without(missing: Iterable[NotCovered], terms: Iterable[str]) -> tuple[NotCovered, ...]:
    """What is still not covered once `terms` are."""
    covered = set(terms)
    return tuple(item for item in missing if item.term not in covered)


def is_first(node: NodeCounts) -> bool:
    """Whether events that arrive are counted here, and not at another part of the same connection."""
    return bool(node.kernel_channels) or not node.kernel


def arrived(counts: Counts, node: NodeCounts) -> float:
    """Events that a synapse received, per inference."""
    return node.values_in / counts.samples if is_first(node) else 0.0


def refuse(profile: Profile, model: str, key: str, reason: str, instead: str) -> NoReturn:
    """Say that a profile lacks what a model needs."""
    hint = f"Model {model} needs it: take {instead}, or another model."
    raise ProfileError(path=profile.name, key=key, reason=reason, hint=hint)
