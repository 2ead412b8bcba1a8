"""Predictions against published measurements: one pricing, the ordinary one; and what may be said of the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, final

from neurodeploy.energy.estimate import Energy, Estimate
from neurodeploy.energy.price import price
from neurodeploy.energy.validation.case import Case, Point
from neurodeploy.profile import Profile, check_profile, load_profile

NAIVE: Final = "naive"
"""Name of the profile that is priced beside every prediction and never judged."""


@final
@dataclass(frozen=True)
class Found:
    """One point with its prediction; energies in the unit of the case.

    Args:
        profile: that was used.
        predicted: None where the profile has no price for it; `missing` says why.
        naive: the middle of the naive prediction.
        missing: work that was done and has no price in the profile: why.
    """

    point: Point
    profile: Profile
    predicted: Energy | None
    naive: float | None
    missing: Mapping[str, str]

    @property
    def ratio(self) -> float | None:
        """Predicted over measured."""
        return None if self.predicted is None else self.predicted.mid / self.point.measured

    @property
    def naive_ratio(self) -> float | None:
        """The naive prediction over the measured value."""
        return None if self.naive is None else self.naive / self.point.measured

    @property
    def contains(self) -> bool | None:
        """Whether the measured value lies between the ends of the prediction."""
        if self.predicted is None:
            return None
        return self.predicted.low <= self.point.measured <= self.predicted.high

    def within(self, band: tuple[float, float]) -> bool:
        """Whether the whole work has a price and the ratio lies within `band`."""
        return self.ratio is not None and not self.missing and band[0] <= self.ratio <= band[1]


@final
@dataclass(frozen=True)
class Judged:
    """A case with its verdict.

    Args:
        verdict: "pass" or "fail" for a case of kind `band`, "recorded" for all others.
        statement: the result in a sentence.
    """

    case: Case
    found: tuple[Found, ...]
    verdict: str
    statement: str


def judge(case: Case, profiles: Mapping[str, Profile] | None = None) -> Judged:
    """Price the work of a case and compare.

    Args:
        profiles: profiles to use in place of those that the case names, by that name.
    Raises:
        ProfileError: a profile of the case does not exist or breaks a rule.
    """
    given = profiles or {}
    found = tuple(_predict(case, point, given.get(point.profile)) for point in case.points)
    passed = case.band is not None and all(each.within(case.band) for each in found if each.point.judged)
    verdict = "recorded" if case.band is None else "pass" if passed else "fail"
    return Judged(case, found, verdict, _STATEMENTS[case.kind](case, found))


@cache
def naive_profile() -> Profile:
    """0.9 pJ for an accumulate and 4.6 pJ for a multiply-accumulate: for comparison only."""
    with resources.as_file(resources.files("neurodeploy.energy.validation").joinpath(f"{NAIVE}.toml")) as path:
        return check_profile(path)


def _predict(case: Case, point: Point, profile: Profile | None) -> Found:
    used = profile or load_profile(point.profile)
    estimate = price(point.counts, used, point.duration_s, clock_hz=point.clock_hz)
    naive = price(point.counts, naive_profile(), estimate.duration_s).dynamic
    factor = case.factor / ((estimate.duration_s or 1.0) if case.quantity == "power" else 1.0)
    whole = _quantity(case, estimate)
    return Found(
        point=point,
        profile=used,
        predicted=None if whole is None else Energy(whole.low * factor, whole.mid * factor, whole.high * factor),
        naive=None if naive is None else naive.mid * factor,
        missing={item.term: item.reason for item in estimate.not_covered if item.amount},
    )


def _quantity(case: Case, estimate: Estimate) -> Energy | None:
    return estimate.dynamic if case.quantity == "dynamic" else estimate.total


def _no_price(found: Sequence[Found]) -> str | None:
    """What keeps some of the work from being predicted, or None."""
    for each in found:
        if each.predicted is None:
            return f"no prediction: profile {each.profile.name} lacks a price or a power that this case needs"
    return None


def _band(case: Case, found: Sequence[Found]) -> str:
    unpriced = {term: reason for each in found for term, reason in each.missing.items()}
    if unpriced:
        return "work without a price: " + "; ".join(f"{term} ({reason})" for term, reason in unpriced.items())
    low, high = case.band or (0.0, 0.0)
    ratios = [f"{each.ratio:.3f}" for each in found if each.point.judged and each.ratio is not None]
    return _no_price(found) or f"predicted / measured {', '.join(ratios)}; the band is {low:g} to {high:g}"


def _interval(case: Case, found: Sequence[Found]) -> str:
    texts = []
    for each in found:
        if each.predicted is not None:
            does = "contains" if each.contains else "does not contain"
            span = f"{each.predicted.low:.3g} to {each.predicted.high:.3g}"
            measured = f"{each.point.measured:g} {case.unit}"
            texts.append(f"predicted / measured {each.ratio:.3f}; the interval {span} {does} the measured {measured}")
    return _no_price(found) or "; ".join(texts)


def _bound(case: Case, found: Sequence[Found]) -> str:
    texts = []
    for each in found:
        if each.predicted is not None:
            share, most = (end / each.point.measured for end in (each.predicted.mid, each.predicted.high))
            texts.append(f"{share:.1%} of the measured value {each.point.name} ({most:.1%} by the highest prices)")
    return _no_price(found) or f"the most work that there can be is {', and '.join(texts)}"


def _rate(case: Case, found: Sequence[Found]) -> str:
    silent, full = found[0].predicted, found[1].predicted
    if silent is None or full is None:
        return str(_no_price(found))
    rates = implied_rates(silent, full, found[0].point.measured)
    if rates is None:
        return "spikes have no price, so the measured value implies no rate"
    impossible = "" if rates[0] >= 0 and rates[2] <= 1 else ", of which some no network can have"
    need = f"the measured {found[0].point.measured:.3g} {case.unit} need a mean rate of {rates[1]:.2%}"
    return f"{need} ({rates[0]:.2%} to {rates[2]:.2%}){impossible}"


def implied_rates(silent: Energy, full: Energy, measured: float) -> tuple[float, float, float] | None:
    """(least, middle, greatest) rate at which the price lies at `measured`; None where spikes cost nothing.

    Args:
        silent, full: energies without a spike and with every spike.
    """
    low, mid, high = (full.low - silent.low, full.mid - silent.mid, full.high - silent.high)
    if min(low, mid, high) <= 0:
        return None
    rates = [(measured - start) / slope for start, slope in ((silent.low, low), (silent.high, high))]
    middle = (measured - silent.mid) / mid
    return min(*rates, middle), middle, max(*rates, middle)


_STATEMENTS: Final = {"band": _band, "interval": _interval, "bound": _bound, "rate": _rate}
