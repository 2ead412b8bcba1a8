"""Judged cases as plain values: for JSON and for a table. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from neurodeploy.energy.estimate import Energy
from neurodeploy.energy.validation.judge import Found, Judged, naive_profile


def as_dict(judged: Sequence[Judged]) -> dict[str, Any]:
    """All cases, ready for JSON; energies and powers in the unit of each case."""
    columns, rows = table(judged)
    return {
        "cases": [_case(each) for each in judged],
        "passed": [each.case.name for each in judged if each.verdict == "pass"],
        "failed": [each.case.name for each in judged if each.verdict == "fail"],
        "recorded": [each.case.name for each in judged if each.verdict == "recorded"],
        "naive": naive_profile().title,
        "table": {"columns": list(columns), "rows": [list(row) for row in rows]},
    }


def _case(judged: Judged) -> dict[str, Any]:
    case = judged.case
    return {
        "name": case.name,
        "title": case.title,
        "kind": case.kind,
        "quantity": case.quantity,
        "unit": case.unit,
        "boundary": case.boundary,
        "band": None if case.band is None else list(case.band),
        "verdict": judged.verdict,
        "statement": judged.statement,
        "source": case.source,
        "tag": case.tag,
        "workload_source": case.workload_source,
        "workload_tag": case.workload_tag,
        "caveats": list(case.caveats),
        "points": [_point(found) for found in judged.found],
    }


def _point(found: Found) -> dict[str, Any]:
    point, predicted = found.point, found.predicted
    return {
        "name": point.name,
        "judged": point.judged,
        "profile": found.profile.name,
        "profile_boundary": found.profile.boundary,
        "stand_in": found.profile.stand_in,
        "predicted": None if predicted is None else asdict(predicted),
        "measured": point.measured,
        "ratio": found.ratio,
        "contains_measured": found.contains,
        "naive": found.naive,
        "naive_ratio": found.naive_ratio,
        "not_covered": dict(found.missing),
    }


def table(judged: Sequence[Judged]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """(column names, rows of text): a row for each point; the verdict stands in the first row of its case."""
    columns = (
        "case",
        "point",
        "profile",
        "predicted",
        "interval",
        "measured",
        "ratio",
        "naive 0.9 pJ: ratio",
        "verdict",
    )
    rows = []
    for each in judged:
        unit = each.case.unit.replace("u", "µ")
        for place, found in enumerate(each.found):
            name, verdict = (each.case.name, each.verdict) if place == 0 else ("", "")
            rows.append((name, *_row(found, unit), verdict if found.point.judged else "shown"))
    return columns, rows


def _row(found: Found, unit: str) -> tuple[str, ...]:
    predicted = found.predicted
    profile = found.profile.name + (" (stand-in)" if found.profile.stand_in else "")
    return (
        found.point.name,
        profile,
        "not covered" if predicted is None else f"{predicted.mid:.4g} {unit}",
        _interval(predicted),
        f"{found.point.measured:.4g} {unit}",
        "–" if found.ratio is None else f"{found.ratio:.3f}",
        "–" if found.naive_ratio is None else f"{found.naive_ratio:.3f}",
    )


def _interval(energy: Energy | None) -> str:
    if energy is None:
        return "–"
    return "none given" if energy.low == energy.high else f"{energy.low:.4g} – {energy.high:.4g}"
