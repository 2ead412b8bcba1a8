"""An all-in number holds at the rate at which it was measured; anywhere near, not anywhere."""

from __future__ import annotations

from neurodeploy.errors import ProfileError
from neurodeploy.profile import Profile, Quantity

HINT = "Take a profile with static power and marginal prices, or give the time of one inference that has this rate."


def check_rate(profile: Profile, key: str, quantity: Quantity, amount: int | float, duration_s: float | None) -> None:
    """Refuse a number away from its operating point; a number without one holds everywhere.

    Args:
        key: where the number stands in the profile.
        amount: units of work of one inference.
        duration_s: time of one inference, or None where unknown.
    Raises:
        ProfileError: the rate, amount / duration_s, differs by more than the tolerance, or is unknown.
    """
    point = quantity.at
    if point is None:
        return
    holds = f"this all-in number was measured at {point.rate:.4g} per second and holds within {point.tolerance:.0%}"
    if duration_s is None:
        reason = f"{holds}, and the rate here is unknown without the time of one inference"
        raise ProfileError(path=profile.name, key=key, reason=reason, hint=HINT)
    rate = amount / duration_s
    if abs(rate - point.rate) > point.tolerance * point.rate:
        reason = f"{holds}; here it is {rate:.4g} per second ({amount:.4g} in {duration_s:.4g} s)"
        raise ProfileError(path=profile.name, key=key, reason=reason, hint=HINT)
