"""The limits of a profile under one reading of its sources; what is asked for and not known is remembered by name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import final

from neurodeploy.profile import Profile


class Reading(Enum):
    """Which end of an interval counts where sources disagree."""

    STRICT = "strict"
    GENEROUS = "generous"


@final
class Limits:
    """Limits by name.

    Args:
        given: limits that the user gives, instead of the profile's.
    """

    def __init__(self, profile: Profile, reading: Reading, given: Mapping[str, int] | None = None) -> None:
        self.profile, self.reading = profile, reading
        self.given = dict(given or {})
        self.unknown: dict[str, str] = dict(profile.unknown)
        """Names without a number, and why."""

    def get(self, name: str) -> int | None:
        """The limit, or None where no source gives one."""
        if name in self.given:
            self.unknown.pop(name, None)
            return self.given[name]
        quantity = self.profile.limits.get(name)
        if quantity is None:
            self.unknown.setdefault(name, "the profile does not give it")
            return None
        low, _, high = quantity.range
        return int(low if self.reading is Reading.STRICT else high)

    def encoding(self, name: str, default: int) -> int:
        """A number of the encoding; the more expensive end where sources leave it open."""
        quantity = self.profile.encoding.get(name)
        if quantity is None:
            return default
        low, _, high = quantity.range
        return int(high if self.reading is Reading.STRICT else low)

    def per_core(self, name: str) -> tuple[int, ...]:
        """The limit of each core; empty where no source gives it."""
        if name not in self.profile.per_core:
            self.unknown.setdefault(name, "the profile does not give it")
        return tuple(int(quantity.value) for quantity in self.profile.per_core.get(name, ()))
