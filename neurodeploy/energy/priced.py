"""One network on many profiles: estimates, and the profiles whose numbers do not hold for this work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Estimate
from neurodeploy.energy.price import price
from neurodeploy.errors import ProfileError
from neurodeploy.profile import Profile


@final
@dataclass(frozen=True)
class Refused:
    """A profile under which this work gets no figure at all.

    Args:
        reason: why, in a sentence.
        model: the model of energy that was asked for.
    """

    profile: Profile
    reason: str
    model: str = "affine"


def price_all(counts: Counts, profiles: Sequence[Profile]) -> tuple[tuple[Estimate, ...], tuple[Refused, ...]]:
    """Estimates in the order of the profiles; one that is refused away from its operating point stops no other."""
    estimates, refused = list[Estimate](), list[Refused]()
    for profile in profiles:
        try:
            estimates.append(price(counts, profile))
        except ProfileError as error:
            refused.append(Refused(profile, f"{error.key}: {error.reason}"))
    return tuple(estimates), tuple(refused)
