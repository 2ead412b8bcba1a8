"""One profile file, read with every check."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from neurodeploy.profile.checks import Checks, close_names
from neurodeploy.profile.consistency import check_consistent
from neurodeploy.profile.placing import read_rules, read_unknown
from neurodeploy.profile.profile import Profile
from neurodeploy.profile.quantities import Quantities
from neurodeploy.profile.quantity import (
    COST_SCOPES,
    ENCODINGS,
    LIMITS,
    MOVEMENTS,
    PLACE_SCOPES,
    POWERS,
    PRECISIONS,
    TERM_SCOPES,
    TIMINGS,
    WORK,
)
from neurodeploy.profile.shipped import profile_names, shipped_text

Tree = Mapping[str, Any]

WORDS = ("title", "process", "boundary", "base", "stand_in", "skips_zero_weights", "notes", "omits", "unpriced")
NUMBERS = ("price", "power", "timing", "memory", "movement", "ann", "facts")
PLACING = ("limits", "per_core", "placement", "encoding", "unknown")
"""What a profile takes from its base: all that says what fits."""


def read_profile(path: str, name: str, text: str) -> Profile:
    """The profile in a file's text.

    Args:
        path: for the messages.
    Raises:
        ProfileError: a rule is broken; file, key and reason are named.
    """
    checks = Checks(path)
    tree = _tree(checks, text)
    checks.names("", tree, (*WORDS, *NUMBERS, *PLACING))
    base = checks.text(tree, "base") if "base" in tree else ""
    made = _profile(checks, name, base, tree | _placing(checks, base, tree))
    check_consistent(checks, made)
    return made


def _tree(checks: Checks, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        checks.refuse("file", f"is not TOML ({error})")


def _placing(checks: Checks, base: str, tree: Tree) -> dict[str, Any]:
    """The tables that a profile takes from its base; they cannot be mixed with its own."""
    if not base:
        return {}
    if base not in profile_names():
        checks.refuse("base", f"'{base}' is no shipped profile", close_names(base, profile_names()))
    for key in PLACING:
        if key in tree:
            checks.refuse(key, f"comes from the base '{base}' and cannot be given here too", "Remove one of them.")
    found = _tree(Checks(f"{base}.toml"), shipped_text(base))
    if "base" in found:
        checks.refuse("base", f"'{base}' has none of its own", f"Name its base, '{found['base']}'.")
    return {key: found[key] for key in PLACING if key in found}


def _profile(checks: Checks, name: str, base: str, tree: Tree) -> Profile:
    numbers = Quantities(checks)
    power = numbers.section(tree, "power", POWERS, PLACE_SCOPES)
    timing = numbers.section(tree, "timing", TIMINGS, PLACE_SCOPES)
    unpriced = checks.table(tree, "unpriced")
    checks.names("unpriced.", unpriced, tuple(WORK))
    return Profile(
        name=name,
        base=base,
        title=checks.text(tree, "title"),
        process=checks.text(tree, "process"),
        boundary=checks.choice("boundary", checks.text(tree, "boundary"), PLACE_SCOPES),
        stand_in=bool(checks.flag(tree, "stand_in")),
        skips_zero_weights=checks.flag(tree, "skips_zero_weights"),
        notes=checks.texts(tree, "notes"),
        omits=checks.texts(tree, "omits"),
        unpriced={key: checks.text(unpriced, key, "unpriced") for key in unpriced},
        prices=numbers.section(tree, "price", dict.fromkeys(WORK, "energy"), COST_SCOPES),
        static=power.get("static"),
        clock_power=power.get("clock"),
        overhead=power.get("overhead"),
        clock=timing.pop("clock", None),
        time_per_step=timing.pop("step", None),
        times=timing,
        memory=numbers.memory(tree),
        movement=numbers.section(tree, "movement", dict.fromkeys(MOVEMENTS, "energy"), TERM_SCOPES),
        ann=numbers.section(tree, "ann", dict.fromkeys(PRECISIONS, "energy"), COST_SCOPES),
        limits=numbers.section(tree, "limits", dict.fromkeys(LIMITS, "size"), PLACE_SCOPES),
        per_core=numbers.per_core(tree),
        rules=read_rules(checks, tree),
        encoding=numbers.section(tree, "encoding", dict.fromkeys(ENCODINGS, "size"), PLACE_SCOPES),
        unknown=read_unknown(checks, tree),
        facts=numbers.section(tree, "facts", None, (*COST_SCOPES, *PLACE_SCOPES)),
    )
