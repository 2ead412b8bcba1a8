"""What a profile holds, and what a report could not cover with it."""

from __future__ import annotations

from neurodeploy.profile.profile import Profile
from neurodeploy.profile.quantity import WORK, Quantity

PARTS = {
    "price": "prices",
    "power": "powers",
    "timing": "timings",
    "memory": "memory",
    "movement": "movement",
    "ann": "ann",
    "limits": "limits",
    "per_core": "limits",
    "facts": "facts",
}
"""Table of the file -> what a person calls it."""


def holdings(profile: Profile) -> dict[str, list[str]]:
    """Kind of table -> names in it, each once; tables without a name are empty lists."""
    found: dict[str, list[str]] = {part: [] for part in PARTS.values()}
    for key in profile.quantities():
        table, _, name = key.partition(".")
        name = name.partition("[")[0]
        if table in PARTS and name not in found[PARTS[table]]:
            found[PARTS[table]].append(name)
    return found


def gaps(profile: Profile) -> dict[str, str]:
    """Kind of work, power or time -> why a report cannot cover it; for work that a network may do."""
    return _unpriced_work(profile) | _missing_parts(profile)


def _unpriced_work(profile: Profile) -> dict[str, str]:
    inside = {name: key for key, quantity in _charged(profile).items() for name in quantity.includes}
    found = {}
    for term in WORK:
        if term == "cycle" or term in profile.prices:
            continue
        if inside.get(term) == "price.cycle":
            found[term] = "only within cycles, whose number must be given"
        elif term not in inside:
            found[term] = profile.unpriced.get(term, "no price")
    return found


def _charged(profile: Profile) -> dict[str, Quantity]:
    tables = ("price.", "power.")
    return {key: quantity for key, quantity in profile.quantities().items() if key.startswith(tables)}


def _missing_parts(profile: Profile) -> dict[str, str]:
    stands_alone = any(quantity.scope == "all_in" for quantity in profile.prices.values())
    wanted = (
        ("static", stands_alone or profile.static is not None, "no static power, so no total"),
        ("overhead", profile.overhead is not None, "no power of the board, so no board-level total"),
        ("time per step", profile.time_per_step is not None, "must be given, or is that of the data"),
        ("ann", bool(profile.ann), "no energy of a multiply-accumulate of an ordinary network"),
        ("placement", profile.rules is not None, "nobody says how a network is put on it"),
    )
    found = {name: why for name, there, why in wanted if not there}
    return found | {f"other ({number})": text for number, text in enumerate(profile.omits, 1)}
