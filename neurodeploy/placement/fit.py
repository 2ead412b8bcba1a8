"""Does a network fit a chip? Three answers, the smallest change that would fit, and what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import final

from neurodeploy.errors import ProfileError
from neurodeploy.placement.akida import Akida
from neurodeploy.placement.changes import Change, Judged, smallest_changes
from neurodeploy.placement.cores import CoreChip
from neurodeploy.placement.limits import Limits, Reading
from neurodeploy.placement.memory import Footprint, MicroController
from neurodeploy.placement.network import Network, Problem
from neurodeploy.placement.plan import Plan, Violation
from neurodeploy.placement.speck import Speck
from neurodeploy.placement.xylo import Xylo
from neurodeploy.profile import Profile


class Answer(Enum):
    """Whether it fits: capacity alone, not whether the chip computes the same."""

    FITS = "fits"
    """Every limit that a source gives is kept, under the strictest reading of the sources."""
    DOES_NOT_FIT = "does not fit"
    """A limit is exceeded under every reading."""
    UNKNOWN = "unknown"
    """It depends on a reading, or on something that no source says."""


@final
@dataclass(frozen=True)
class Fit:
    """The answer for one chip.

    Args:
        plan: the placement that is shown: the strictest one that fits, or else the most generous one.
        violations: limits that are exceeded; where the answer is unknown, under the strictest reading only.
        reasons: why the answer is unknown.
        changes: the smallest single changes after which the network fits, smallest first.
        remedies: for each violation the smallest single change that removes it, or None where there is none.
    """

    profile: Profile
    network: Network
    answer: Answer
    plan: Plan
    violations: tuple[Violation, ...]
    reasons: tuple[str, ...]
    changes: tuple[Change, ...]
    remedies: tuple[Change | None, ...]


def fit(
    network: Network,
    profile: Profile,
    *,
    given: Mapping[str, int] | None = None,
    footprint: Footprint | Problem | None = None,
    search: bool = True,
) -> Fit:
    """Whether `network` fits the chip of `profile`, and if not, what would.

    Args:
        given: limits instead of the profile's, for chips whose memory the user chooses.
        footprint: bytes of generated C, for microcontrollers, or why there is none.
        search: look for the smallest changes.
    Raises:
        ProfileError: the profile does not say how a network is put on the chip.
    """
    strict, generous = (
        plan(network, profile, reading, given, footprint) for reading in (Reading.STRICT, Reading.GENEROUS)
    )
    answer = _answer(strict, generous)
    wrong = answer is not Answer.FITS and bool(strict.violations)

    def judge(changed: Network) -> Judged:
        found = plan(changed, profile, Reading.STRICT, given, footprint)
        return Judged(frozenset((v.layer, v.limit) for v in found.violations))

    violations = generous.violations if answer is Answer.DOES_NOT_FIT else strict.violations
    changes, remedies = smallest_changes(network, violations, judge) if wrong and search else ((), ())
    return Fit(
        profile=profile,
        network=network,
        answer=answer,
        plan=strict if not strict.violations else generous,
        violations=violations,
        reasons=_reasons(strict, generous) if answer is Answer.UNKNOWN else (),
        changes=changes,
        remedies=remedies or (None,) * len(violations),
    )


def plan(
    network: Network,
    profile: Profile,
    reading: Reading = Reading.STRICT,
    given: Mapping[str, int] | None = None,
    footprint: Footprint | Problem | None = None,
) -> Plan:
    """The placement of a network under one reading of the profile's limits.

    Raises:
        ProfileError: the profile does not say how a network is put on the chip.
    """
    rules = profile.rules
    if rules is None:
        reason = "missing, so nobody knows how a network is put on this chip"
        hint = "Choose a profile with limits: 'neurodeploy profiles list' shows them."
        raise ProfileError(path=profile.name, key="placement", reason=reason, hint=hint)
    limits = Limits(profile, reading, given)
    if not network.layers and rules.model != "memory":
        problems = tuple(Violation(problem.node, "kind", 1, 0, problem.reason) for problem in network.problems)
        return Plan((), limits.get("cores_per_chip"), (), problems, dict(limits.unknown))
    if rules.model == "cores":
        return CoreChip(network, limits, rules).plan()
    if rules.model == "speck":
        return Speck(network, limits).plan()
    if rules.model == "xylo":
        return Xylo(network, limits).plan()
    if rules.model == "akida":
        return Akida(network, limits).plan()
    return MicroController(network, limits, footprint).plan()


def _answer(strict: Plan, generous: Plan) -> Answer:
    if generous.violations:
        return Answer.DOES_NOT_FIT
    return Answer.UNKNOWN if strict.violations or strict.open else Answer.FITS


def _reasons(strict: Plan, generous: Plan) -> tuple[str, ...]:
    """Why nobody can say."""
    disputed = [f"{v.layer}: {v.limit} {v.value:,}, and sources give {v.allowed:,} or more" for v in strict.violations]
    return (*disputed, *generous.open)
