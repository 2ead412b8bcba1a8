"""What a model of energy is: a name, a formula, what it encloses and leaves out, and the choices that it states."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Estimate
from neurodeploy.errors import ConfigError
from neurodeploy.profile import Profile

NUMBER: Final = "<number>"
RANGE: Final = "<low..high>"
"""What stands among the allowed values of an option for any number > 0, and for two of them with two dots between."""

NONE: Final = "none"
"""The value of an option that was not given."""


@final
@dataclass(frozen=True)
class Model:
    """One way to make energy, or another currency, of counts.

    Args:
        name, title: what a user writes, and what a reader sees.
        formula: in words and symbols, for the report.
        boundary: what the result encloses.
        omits: terms that are left out, one sentence each.
        source: where the formula comes from, and how it was read.
        options: option -> allowed values, the first is the default; NUMBER and RANGE stand for any such value.
        estimate: counts, profile and one value for each option -> estimate.
        uses_profile: whether the result depends on the profile.
    """

    name: str
    title: str
    formula: str
    boundary: str
    omits: tuple[str, ...]
    source: str
    estimate: Callable[[Counts, Profile, Mapping[str, str]], Estimate]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uses_profile: bool = True

    def as_dict(self) -> dict[str, object]:
        """What a reader needs to judge its results, ready for JSON."""
        words = {key: getattr(self, key) for key in ("title", "formula", "boundary", "source")}
        return {**words, "omits": list(self.omits), "options": {key: list(each) for key, each in self.options.items()}}

    def chosen(self, given: Mapping[str, str]) -> dict[str, str]:
        """One value for each option of this model.

        Raises:
            ConfigError: an unknown option, or a value that it cannot have.
        """
        for key, value in given.items():
            if key not in self.options:
                known = ", ".join(self.options) or "none: this model has no options"
                raise ConfigError(key=f"option {key}", found=value, allowed=f"options of model {self.name}: {known}")
            if not _is_allowed(value, self.options[key]):
                raise ConfigError(key=f"option {key}", found=value, allowed=", ".join(self.options[key]))
        return {key: given.get(key, allowed[0]) for key, allowed in self.options.items()}

    def apply(self, counts: Counts, profile: Profile, given: Mapping[str, str] | None = None) -> Estimate:
        """The estimate under this model, with its name and every choice.

        Raises:
            ConfigError: an unknown option, or a value that it cannot have.
            ProfileError: the profile lacks what the model needs, or its numbers do not hold here.
            DataError: the counts lack what the model needs.
        """
        options = self.chosen(given or {})
        return replace(self.estimate(counts, profile, options), model=self.name, options=options)


def number(options: Mapping[str, str], key: str) -> float | None:
    """The value of a numeric option, or None where it was not given."""
    return None if options[key] == NONE else float(options[key])


def interval(text: str) -> tuple[float, float]:
    """(low, high) of a value that is a number or a range."""
    low, _, high = text.partition("..")
    return float(low), float(high or low)


def _is_allowed(value: str, allowed: tuple[str, ...]) -> bool:
    if value in allowed and value not in (NUMBER, RANGE):
        return True
    ends = value.split("..") if RANGE in allowed else [value] if NUMBER in allowed else []
    if not 1 <= len(ends) <= 2 or not all(_is_positive(end) for end in ends):
        return False
    return float(ends[0]) <= float(ends[-1])


def _is_positive(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and float(text) > 0
    except ValueError:
        return False
