"""The figures of a report as CSV and as LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from neurodeploy.energy import Estimate
from neurodeploy.energy.priced import Refused
from neurodeploy.energy.report import as_rows, duration_text, energy_text, range_text, static_of, static_text, titled
from neurodeploy.report.data import ReportData
from neurodeploy.report.methods import Methods, described
from neurodeploy.report.points import RunPoint
from neurodeploy.report.tex import table, tex
from neurodeploy.report.text import DASH, number_text, share_text, short_text, span_text

LINES: Final = (
    "model",
    "profile",
    "node",
    "term",
    "amount",
    "price",
    "unit",
    "low_pj",
    "energy_pj",
    "high_pj",
    "status",
    "source",
)
"""Columns of a report: one row for each priced line, each amount that is no energy, and all that is not covered."""

RUNS: Final = (
    "run",
    "error",
    "dataset",
    "accuracy",
    "recordings",
    "timesteps",
    "samples",
    "synaptic_operations",
    "bit_budget",
    "s_ace",
    "ns_ace",
    "profile",
    "low_pj",
    "dynamic_pj",
    "high_pj",
    "static_pj",
    "low_s",
    "inference_s",
    "high_s",
    "refused",
)
"""Columns of a comparison: one row for each run and profile."""

LONGEST: Final = 60
"""Letters of a reason in a column of LaTeX; CSV, JSON and HTML hold all."""

RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so is a formula to a spreadsheet."""


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """UTF-8, one header; None is an empty cell, a text that a spreadsheet would compute begins with an apostrophe."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return buffer.getvalue().encode()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(RISKY) else value


def report_csv(data: ReportData) -> bytes:
    """Every line of every estimate, whatever was not covered, and every refusal."""
    rows = [row for estimate in (*data.estimates, *data.models) for row in _lines(estimate)]
    return csv_bytes(LINES, [*rows, *map(_refused, data.refused)])


def _lines(estimate: Estimate) -> list[dict[str, Any]]:
    head = {"model": estimate.model, "profile": estimate.profile.name}
    rows = [{**head, "status": "estimate", **row} for row in as_rows(estimate)]
    for amount in estimate.amounts:
        what = {"node": amount.node, "term": amount.term, "amount": amount.mid, "unit": amount.unit}
        rows.append({**head, **what, "status": "no energy"})
    for item in estimate.not_covered:
        what = {"term": item.term, "amount": item.amount, "source": item.reason}
        rows.append({**head, **what, "status": "not covered"})
    return rows


def _refused(each: Refused) -> dict[str, Any]:
    return {"model": each.model, "profile": each.profile.name, "status": "refused", "source": each.reason}


def report_latex(data: ReportData, found: Methods | None) -> bytes:
    """The methods paragraph, and a table (booktabs) of the profiles that it describes; CSV and JSON hold all."""
    columns = ("profile", "boundary", "dynamic", "interval", "static", "time")
    rows = [_profile_row(estimate) for estimate in described(data)]
    rows += [
        (titled(e.profile.name, e.profile.stand_in, e.model), e.profile.boundary, "refused", DASH, DASH, DASH)
        for e in data.refused
        if e.model == "affine"
    ]
    counts = data.counts
    what = "" if counts is None else f", mean of {counts.samples:,} recordings of T = {counts.steps:g} timesteps"
    caption = tex(f"Estimated energy of one inference of {data.title}{what}. Nothing here was measured.")
    lines = ["% needs \\usepackage{booktabs,textcomp}", ""]
    lines += [found.latex, ""] if found is not None else []
    lines.append(table(columns, rows, align="llrrrr", caption=caption, label="tab:energy"))
    return "\n".join(lines).encode()


def _profile_row(estimate: Estimate) -> tuple[str, ...]:
    dynamic = estimate.dynamic
    return (
        titled(estimate.profile.name, estimate.profile.stand_in, estimate.model, estimate.too_large),
        estimate.profile.boundary,
        "not covered" if dynamic is None else energy_text(dynamic.mid),
        range_text(dynamic),
        static_text(estimate.static, static_of(estimate)),
        duration_text(estimate.duration_s, estimate.duration_of),
    )


def comparison_csv(points: Sequence[RunPoint], profiles: Sequence[str]) -> bytes:
    """A row for each run and profile; a run that failed has one row, with the reason."""
    return csv_bytes(RUNS, [row for point in points for row in _point_rows(point, profiles)])


def _point_rows(point: RunPoint, profiles: Sequence[str]) -> list[dict[str, Any]]:
    head: dict[str, Any] = {"run": point.name, "error": point.error}
    if point.work is None:
        return [head]
    work = point.work
    head |= {"dataset": point.dataset, "accuracy": point.accuracy, "recordings": point.recordings or None}
    head |= {"timesteps": work.steps, "samples": work.samples, "synaptic_operations": work.synaptic_operations}
    head |= {"bit_budget": work.budget, "s_ace": work.s_ace, "ns_ace": work.ns_ace}
    return [head | _priced(point, profile) for profile in profiles] or [head]


def _priced(point: RunPoint, profile: str) -> dict[str, Any]:
    row: dict[str, Any] = {"profile": profile, "refused": point.refusal(profile)}
    energy, estimate, latency = point.energy(profile), point.estimate(profile), point.latency(profile)
    if energy is not None:
        row |= {"low_pj": energy.low, "dynamic_pj": energy.mid, "high_pj": energy.high}
    if estimate is not None and estimate.static is not None:
        row |= {"static_pj": estimate.static.mid}
    if latency is not None and latency.inference_s is not None:
        row |= dict(zip(("low_s", "inference_s", "high_s"), latency.inference_s, strict=True))
    return row


def comparison_latex(points: Sequence[RunPoint], profiles: Sequence[str]) -> bytes:
    """A table with a row for each run (booktabs); energies and times of the first profile only where there are many."""
    shown = profiles[:2]
    columns = ["run", "accuracy", "T", "synaptic operations", "bit operations"]
    for profile in shown:
        columns += [f"energy, {profile}", f"time, {profile}"]
    rows = [_latex_row(point, shown, len(columns)) for point in points]
    caption = tex("Runs side by side: energies are estimates of the dynamic energy of one inference, with intervals.")
    align = "l" + "r" * (len(columns) - 1)
    text = table(columns, rows, align=align, caption=caption, label="tab:runs")
    return f"% needs \\usepackage{{booktabs,textcomp}}\n\n{text}".encode()


def _latex_row(point: RunPoint, profiles: Sequence[str], width: int) -> tuple[str, ...]:
    if point.work is None:
        reason = point.error if len(point.error) <= LONGEST else f"{point.error[:LONGEST]}…"
        return (point.name, f"failed: {reason}", *[DASH] * (width - 2))
    cells = [point.name, share_text(point.accuracy), f"{point.work.steps:.3g}"]
    cells += [number_text(round(point.work.synaptic_operations)), short_text(point.work.ns_ace)]
    for profile in profiles:
        energy, latency = point.energy(profile), point.latency(profile)
        cells.append(DASH if energy is None else f"{energy_text(energy.mid)} ({range_text(energy)})")
        cells.append(span_text(None if latency is None else latency.inference_s))
    return tuple(cells)
