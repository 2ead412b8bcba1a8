"""Fits as plain values: for JSON, for tables. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from neurodeploy.placement.changes import Change
from neurodeploy.placement.fit import Fit
from neurodeploy.placement.plan import Core, Use

COLUMNS: Final = ("profile", "answer", "cores", "fullest", "too much", "smallest change that would fit")

Row = dict[str, Any]


def as_dict(found: Fit) -> dict[str, Any]:
    """One fit, ready for JSON; unknown numbers are null and named under `unknown`."""
    plan = found.plan
    return {
        "profile": found.profile.name,
        "title": found.profile.title,
        "answer": found.answer.value,
        "reasons": list(found.reasons),
        "cores_used": plan.used,
        "cores_available": plan.available,
        "layers": [asdict(need) for need in plan.needs],
        "cores": [_core(core) for core in plan.cores],
        "totals": _uses(plan.totals),
        "violations": [
            {**asdict(violation), "smallest_change": _change(remedy)}
            for violation, remedy in zip(found.violations, found.remedies, strict=True)
        ],
        "changes": [_change(change) for change in found.changes],
        "unknown": dict(plan.unknown),
        "notes": list(plan.notes),
    }


def _core(core: Core) -> Row:
    return {"index": core.index, "layer": core.layer, "part": core.part, "uses": _uses(core.uses)}


def _uses(uses: Mapping[str, Use]) -> Row:
    return {name: {"amount": use.amount, "limit": use.limit, "share": use.share} for name, use in uses.items()}


def _change(change: Change | None) -> Row | None:
    if change is None:
        return None
    return {
        "kind": change.kind,
        "layer": change.layer,
        "old": list(change.old),
        "new": list(change.new),
        "then_all_fits": change.fits,
        "text": change.text,
    }


def fit_table(fits: Sequence[Fit]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """(column names, rows of text) for a terminal: one row for each profile."""
    return COLUMNS, [_row(found) for found in fits]


def _row(found: Fit) -> tuple[str, ...]:
    over = [f"{v.layer} {v.limit} {v.value:,} of {v.allowed:,}" for v in found.violations]
    more = f" and {len(over) - 1} more" if len(over) > 1 else ""
    change = found.changes[0].text if found.changes else ""
    if found.violations and not change:
        change = "no single one"
    return (
        found.profile.name,
        found.answer.value,
        cores_text(found),
        fullest(found),
        (over[0] + more) if over else "nothing",
        change,
    )


def cores_text(found: Fit) -> str:
    """Cores used of those there are."""
    plan = found.plan
    if plan.available is None:
        return "–"
    return f"{'?' if plan.used is None else plan.used} of {plan.available}"


def fullest(found: Fit) -> str:
    """The resource that comes nearest to its limit."""
    shares = [
        (use.share, name)
        for uses in (*(core.uses for core in found.plan.cores), found.plan.totals)
        for name, use in uses.items()
        if use.share is not None
    ]
    if not shares:
        return "–"
    share, name = max(shares)
    return f"{name} {share:.0%}"
