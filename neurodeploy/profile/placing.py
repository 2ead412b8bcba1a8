"""The checks of what a profile file says in words about placement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from neurodeploy.profile.checks import Checks
from neurodeploy.profile.quantity import TAGS
from neurodeploy.profile.rules import CONVOLUTIONS, CUTS, MODELS, Rules


def read_rules(checks: Checks, tree: Mapping[str, Any]) -> Rules | None:
    """The [placement] table, or None where there is none."""
    if "placement" not in tree:
        return None
    table = checks.table(tree, "placement")
    checks.names("placement.", table, tuple(field.name for field in fields(Rules)))
    cut = checks.texts(table, "cut", "placement")
    for axis in cut:
        checks.choice("placement.cut", axis, CUTS)
    convolution = checks.text(table, "convolution", "placement") if "convolution" in table else ""
    return Rules(
        model=checks.choice("placement.model", checks.text(table, "model", "placement"), MODELS),
        source=checks.text(table, "source", "placement"),
        tag=checks.choice("placement.tag", checks.text(table, "tag", "placement"), TAGS),
        convolution=checks.choice("placement.convolution", convolution, CONVOLUTIONS),
        cut=cut or CUTS,
        powers_of_two=bool(checks.flag(table, "powers_of_two", "placement")),
    )


def read_unknown(checks: Checks, tree: Mapping[str, Any]) -> dict[str, str]:
    """The [unknown] table: limits without a number, and why."""
    table = checks.table(tree, "unknown")
    limits = checks.table(tree, "limits")
    for name in table:
        if name in limits:
            checks.refuse(f"unknown.{name}", "the same limit has a number")
    return {name: checks.text(table, name, "unknown") for name in table}
