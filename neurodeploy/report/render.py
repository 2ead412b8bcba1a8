"""A report as one HTML file that needs nothing else: no network, no scripts, no other files."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined

from neurodeploy.energy import Estimate, bit_budget, energy_table
from neurodeploy.energy.report import constants, energy_text, range_text
from neurodeploy.placement import fit_table
from neurodeploy.report.charts import confusion_chart, curves, energy_chart, nodes_chart
from neurodeploy.report.cores import can_draw, cores_chart
from neurodeploy.report.data import ReportData
from neurodeploy.report.exits import exit_chart, exit_rows
from neurodeploy.report.rasters import raster_chart

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
    environment = Environment(loader=DictLoader(_templates()), autoescape=True, undefined=StrictUndefined)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= {"energy": energy_text, "range": range_text, "number": number_text}
    page = environment.get_template("report.html").render(_context(data))
    return page.encode()


def _templates() -> dict[str, str]:
    folder = resources.files("neurodeploy.report")
    return {item.name: item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name.endswith(".html")}


def _context(data: ReportData) -> dict[str, Any]:
    return {
        "data": data,
        "config": flat(data.config),
        "curves": curves(data.epochs),
        "confusion": None if data.confusion is None else confusion_chart(data.confusion),
        "rasters": [(raster, raster_chart(raster)) for raster in data.rasters],
        "verdicts": [_verdict(verdict) for verdict in data.verdicts],
        "exit": _exit(data),
        "energy": _energy(data),
        "placement": _placement(data),
        "budget": bit_budget(data.counts) if data.counts else (),
    }


def _exit(data: ReportData) -> dict[str, Any]:
    """Figure and rows of the section on early exit; empty for a network without one."""
    if data.early_exit is None:
        return {}
    return {"chart": exit_chart(data.early_exit), "rows": exit_rows(data.early_exit, data.estimates)}


def _energy(data: ReportData) -> dict[str, Any]:
    """Figures and rows of the energy section; empty where nothing was estimated."""
    if not data.estimates:
        return {}
    columns, rows = energy_table(data.estimates)
    priced = [estimate for estimate in data.estimates if estimate.lines]
    shown = max(priced, key=_detail, default=None)
    used = {(e.profile.name, line.key) for e in data.estimates for line in (*e.lines, *e.power_lines)}
    every = [row for estimate in data.estimates for row in constants(estimate)]
    return {
        "chart": energy_chart(data.estimates),
        "nodes": nodes_chart(shown) if shown else None,
        "nodes_profile": shown.profile if shown else None,
        "columns": columns,
        "rows": rows,
        "priced": priced,
        "by_node": {estimate.profile.name: estimate.by_node() for estimate in priced},
        "constants": [row for row in every if (row["profile"], row["key"]) in used],
    }


def _placement(data: ReportData) -> dict[str, Any]:
    """Figures and rows of the placement section; empty where nothing was placed."""
    if not data.fits:
        return {}
    columns, rows = fit_table(data.fits)
    drawn = [(fit, cores_chart(fit)) for fit in data.fits if can_draw(fit)]
    return {"columns": columns, "rows": rows, "drawn": drawn}


def _detail(estimate: Estimate) -> tuple[int, int]:
    """How much a figure by node shows: kinds of work with a price of a whole event, then not a stand-in."""
    return len({line.term for line in estimate.lines if line.price.scope == "marginal"}), not estimate.profile.stand_in


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


def number_text(value: int | float | None) -> str:
    """A count with thousands separated, three digits after small numbers; a dash for None."""
    if value is None:
        return "–"
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"
