"""What the numbers of a profile must not do together: charge work twice, or add to what contains everything."""

from __future__ import annotations

from neurodeploy.profile.checks import Checks
from neurodeploy.profile.profile import Profile
from neurodeploy.profile.quantity import ALONE, OPERATION_TIMES, Quantity


def check_consistent(checks: Checks, profile: Profile) -> None:
    """Every rule that takes more than one number.

    Raises:
        ProfileError: the first rule that is broken.
    """
    charged = _charged(profile)
    for key, quantity in charged.items():
        _no_double_charge(checks, profile, key, quantity)
        _alone(checks, profile, key, quantity, [other for other in charged if other != key])
    for key, quantity in (charged | {f"ann.{name}": quantity for name, quantity in profile.ann.items()}).items():
        _operating_point(checks, key, quantity)
    for name in profile.unpriced:
        if name in profile.prices:
            checks.refuse(f"unpriced.{name}", "the same work has a price")
    for name, quantity in profile.times.items():
        if name in OPERATION_TIMES and quantity.scope != "core":
            reason = f"found '{quantity.scope}', allowed: core (one operation on one core)"
            checks.refuse(f"timing.{name}.scope", reason)
    if profile.clock_power is not None and profile.clock is None:
        checks.refuse("timing.clock", "missing, but power.clock is given per frequency")


def _charged(profile: Profile) -> dict[str, Quantity]:
    """What a report adds up within the chip: prices and powers."""
    powers = {"power.static": profile.static, "power.clock": profile.clock_power}
    found = {f"price.{name}": quantity for name, quantity in profile.prices.items()}
    return found | {key: quantity for key, quantity in powers.items() if quantity is not None}


def _no_double_charge(checks: Checks, profile: Profile, key: str, quantity: Quantity) -> None:
    for name in quantity.includes:
        if name in profile.prices:
            checks.refuse(f"{key}.includes", f"'{name}' has a price of its own and would be charged twice")


def _alone(checks: Checks, profile: Profile, key: str, quantity: Quantity, charged: list[str]) -> None:
    """Nothing is added to a price that contains everything, or that may."""
    others = [*charged, *(f"memory.{name}" for name in profile.memory)]
    others += [f"movement.{name}" for name in profile.movement]
    if quantity.scope not in ALONE or not others:
        return
    what = "an all-in constant" if quantity.scope == "all_in" else "a constant whose scope its source does not state"
    contains = "already contains" if quantity.scope == "all_in" else "may already contain"
    hint = "Give a marginal price, or remove the other term."
    checks.refuse(f"{key}.scope", f"{what} {contains} '{others[0]}'; the two cannot be added", hint)


def _operating_point(checks: Checks, key: str, quantity: Quantity) -> None:
    """An all-in number says where it holds; a cycle of a processor takes the same energy at any load."""
    if quantity.scope == "all_in" and quantity.at is None and key != "price.cycle":
        hint = "Add at = {rate = <units of work per second>, tolerance = <share from 0 to 1>}."
        checks.refuse(f"{key}.at", "missing: an all-in constant holds at its operating point only", hint)
