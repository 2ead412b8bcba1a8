"""A report as one HTML file that needs nothing else: no network, no scripts, no other files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from neurodeploy.energy import bit_budget
from neurodeploy.placement import fit_table
from neurodeploy.report.charts import confusion_chart, curves
from neurodeploy.report.cores import can_draw, cores_chart
from neurodeploy.report.data import ReportData
from neurodeploy.report.energy_page import ann_part, energy_part, latency_part, main_profile, models_part, runs_part
from neurodeploy.report.exits import exit_chart, exit_rows
from neurodeploy.report.page import fill
from neurodeploy.report.rasters import raster_chart
from neurodeploy.report.text import number_text

LOOKS: Final = {
    "EXACT": ("pass", "✓"),
    "WITHIN_TOLERANCE": ("close", "≈"),
    "MISMATCH": ("fail", "✗"),
    "NOT_PROVEN": ("open", "?"),
    "NOT_RUN": ("open", "–"),
}
"""Status -> (class of the badge, sign): told apart without colour."""


def render(data: ReportData) -> bytes:
    """The report as UTF-8 HTML; the same data give the same bytes."""
    return fill("report.html", _context(data))


def _context(data: ReportData) -> dict[str, Any]:
    return {
        "data": data,
        "config": flat(data.config),
        "curves": curves(data.epochs),
        "confusion": None if data.confusion is None else confusion_chart(data.confusion),
        "rasters": [(raster, raster_chart(raster)) for raster in data.rasters],
        "verdicts": [_verdict(verdict) for verdict in data.verdicts],
        "exit": _exit(data),
        "energy": energy_part(data),
        "ann": ann_part(data),
        "latency": latency_part(data),
        "models": models_part(data),
        "runs": runs_part(data.points, main_profile(data)),
        "placement": _placement(data),
        "budget": bit_budget(data.counts) if data.counts else (),
    }


def _exit(data: ReportData) -> dict[str, Any]:
    """Figure and rows of the section on early exit; empty for a network without one."""
    if data.early_exit is None:
        return {}
    return {"chart": exit_chart(data.early_exit), "rows": exit_rows(data.early_exit, data.estimates)}


def _placement(data: ReportData) -> dict[str, Any]:
    """Figures and rows of the placement section; empty where nothing was placed."""
    if not data.fits:
        return {}
    columns, rows = fit_table(data.fits)
    drawn = [(fit, cores_chart(fit)) for fit in data.fits if can_draw(fit)]
    return {"columns": columns, "rows": rows, "drawn": drawn}


def _verdict(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict with its look; an unknown status looks open, never like a pass."""
    status = str(verdict.get("status", "NOT_RUN"))
    look, sign = LOOKS.get(status, ("open", "?"))
    return {
        "target": verdict.get("target", ""),
        "runtime": verdict.get("runtime", ""),
        "status": status,
        "look": look,
        "sign": sign,
        "compared": compared(verdict),
        "reason": verdict.get("reason") or verdict.get("message") or "",
    }


def compared(verdict: Mapping[str, Any]) -> str:
    """What was looked at, in words."""
    if not verdict.get("values"):
        return "nothing"
    names = ("samples", "steps", "layers", "spikes", "values")
    words = [f"{number_text(verdict[name])} {name}" for name in names if verdict.get(name) is not None]
    words += [f"{number_text(verdict['exits'])} early exits"] if verdict.get("exits") else []
    if verdict.get("largest_difference") is not None:
        words.append(f"largest difference {verdict['largest_difference']:.2g}")
    if verdict.get("not_exposed"):
        words.append(f"not given out by this runtime: {', '.join(map(str, verdict['not_exposed']))}")
    return ", ".join(words)


def flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """A nested mapping with dotted keys."""
    found: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = _plain(value)
    return found


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value)) or "none"
    return "none" if value is None or value == "" else str(value)
