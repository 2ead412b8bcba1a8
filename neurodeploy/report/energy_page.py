"""What the sections on energy, time and memory show: figures and rows of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from neurodeploy.energy import Estimate, energy_table
from neurodeploy.energy.models import find_model
from neurodeploy.energy.report import AFFINE, energy_text, range_text, titled
from neurodeploy.report.ann_charts import NO_VERDICT, ann_chart, ann_name, comparable, rates_chart
from neurodeploy.report.charts import energy_chart, nodes_chart
from neurodeploy.report.data import ReportData
from neurodeploy.report.methods import described, methods
from neurodeploy.report.pareto import pareto_charts
from neurodeploy.report.points import RunPoint, profiles_of
from neurodeploy.report.provenance import provenance
from neurodeploy.report.text import DASH, bytes_text, short_text, span_text

BY_NODE: Final = 2
"""Profiles with a figure of their own by node."""

FLAGS: Final = {"naive": "NAIVE: for comparison only", "step": "RECONSTRUCTION"}
"""What a reader must not overlook in a figure of a model."""


def energy_part(data: ReportData) -> dict[str, Any]:
    """Figures and rows of the energy section; empty where nothing was estimated."""
    refused = [each for each in data.refused if each.model == AFFINE]
    if not data.estimates and not refused:
        return {}
    columns, rows = energy_table(data.estimates, refused)
    shown = [estimate for estimate in data.shown if estimate.lines]
    detailed = sorted(shown, key=lambda each: (each.profile.stand_in, -len(each.by_term())))[:BY_NODE]
    return {
        "chart": energy_chart(data.shown) if data.shown else None,
        "nodes": [(estimate.profile, nodes_chart(estimate)) for estimate in detailed],
        "columns": columns,
        "rows": rows,
        "priced": shown,
        "names": list(dict.fromkeys(node for estimate in shown for node in estimate.by_node())),
        "by_node": {estimate.profile.name: estimate.by_node() for estimate in shown},
        "constants": provenance(data),
        "methods": methods(data),
    }


def ann_part(data: ReportData) -> dict[str, Any]:
    """The ordinary network beside the spiking one; empty where nothing was compared."""
    if not data.comparisons:
        return {}
    found = comparable(data.comparisons)
    names = {estimate.profile.name for estimate in data.shown}
    drawn = [each for each in found if each.profile.name in names] or list(found)
    first = [each for each in drawn if any(layer.break_even_rate is not None for layer in each.layers)][:2]
    return {
        "chart": ann_chart(found),
        "rates": [(each, rates_chart(each)) for each in first],
        "verdicts": Counter(each.verdict for each in found),
        "compared": len(found),
        "columns": ("profile", "ANN", "SNN", "SNN interval", "ANN energy", "ANN interval", "verdict"),
        "rows": [
            (
                titled(each.profile.name, each.profile.stand_in, each.model),
                ann_name(each),
                energy_text(None if each.snn is None else each.snn.mid),
                range_text(each.snn),
                energy_text(None if each.ann is None else each.ann.mid),
                range_text(each.ann),
                each.verdict,
            )
            for each in found
        ],
        "others": _not_comparable(data),
        "details": [(each, ann_name(each)) for each in found if each.layers],
    }


def _not_comparable(data: ReportData) -> dict[str, str]:
    """Why -> names of the profiles on which nothing can be compared for that reason."""
    found: dict[str, dict[str, None]] = {}
    for each in data.comparisons:
        if each.verdict.startswith(NO_VERDICT):
            name = titled(each.profile.name, False, each.model)
            found.setdefault(each.verdict, {})[name] = None
    return {why: ", ".join(names) for why, names in found.items()}


def latency_part(data: ReportData) -> dict[str, Any]:
    """Times and bytes; empty where none were worked out."""
    if not data.latencies:
        return {}
    columns = ("profile", "steps", "time of a step", "of an inference", "inferences/s", "cores", "from")
    rows = []
    unknown: dict[str, list[str]] = {}
    for each in data.latencies:
        known = each.throughput_hz
        if each.inference_s is None:
            unknown.setdefault(" ".join(each.notes), []).append(each.profile.name)
            continue
        rate = DASH if known is None else f"{short_text(known[0])} – {short_text(known[2])}"
        rate = short_text(known[0]) if known is not None and known[0] == known[2] else rate
        why = " ".join([f"{each.source}.", *each.notes])
        cores = DASH if each.cores is None else str(each.cores)
        name = titled(each.profile.name, each.profile.stand_in)
        rows.append((name, f"{each.steps:.3g}", span_text(each.step_s), span_text(each.inference_s), rate, cores, why))
    memory = {(e.weight_bytes, e.state_bytes, e.buffer_bytes): e for e in data.latencies}
    held = [tuple(map(bytes_text, sizes)) for sizes in memory]
    names = {why: ", ".join(found) for why, found in unknown.items()}
    return {"columns": columns, "rows": rows, "held": held, "bottlenecks": _bottlenecks(data), "unknown": names}


def _bottlenecks(data: ReportData) -> list[tuple[str, str]]:
    return [(each.profile.name, each.bottleneck) for each in data.latencies if each.bottleneck]


def models_part(data: ReportData) -> dict[str, Any]:
    """Estimates under other models, what each model is, and which could say nothing; empty where none was tried."""
    silent = [each for each in data.refused if each.model != AFFINE]
    if not data.models and not silent:
        return {}
    rows = [(_flagged(e.model), _hardware(e), *_result(e), _options(e)) for e in data.models]
    rows += [(_flagged(each.model), each.profile.name, "refused", DASH, each.reason) for each in silent]
    names = dict.fromkeys([AFFINE, *(each.model for each in data.models), *(each.model for each in silent)])
    said = {name: [text for each in data.models if each.model == name for text in each.assumptions] for name in names}
    known = [(find_model(name), list(dict.fromkeys(said[name]))) for name in names]
    return {"columns": ("model", "profile", "result", "interval", "choices"), "rows": rows, "known": known}


def _flagged(model: str) -> str:
    return f"{model} ({FLAGS[model]})" if model in FLAGS else model


def _result(estimate: Estimate) -> tuple[str, str]:
    """An energy, or amounts in their own unit."""
    if estimate.lines:
        energy = estimate.dynamic
        return energy_text(None if energy is None else energy.mid), range_text(energy)
    units = dict.fromkeys((amount.unit, amount.term) for amount in estimate.amounts)
    if not units:
        return "not covered", DASH
    parts, spans = [], []
    for unit, term in units:
        found = [amount for amount in estimate.amounts if (amount.unit, amount.term) == (unit, term)]
        low, mid, high = (sum(getattr(amount, end) for amount in found) for end in ("low", "mid", "high"))
        parts.append(f"{short_text(mid)} {unit} ({term.replace('_', ' ')})")
        spans += [f"{short_text(low)} – {short_text(high)} {unit}"] * (low != high)
    return "; ".join(parts), "; ".join(spans) or "none given"


def _hardware(estimate: Estimate) -> str:
    depends = find_model(estimate.model).uses_profile
    return titled(estimate.profile.name, estimate.profile.stand_in) if depends else "any"


def _options(estimate: Estimate) -> str:
    return ", ".join(f"{key} = {value}" for key, value in estimate.options.items()) or "none"


def runs_part(points: Sequence[RunPoint], profile: str) -> dict[str, Any]:
    """Several runs beside one another; empty for one alone.

    Args:
        profile: of the figures.
    """
    if len(points) < 2:
        return {}
    profiles = profiles_of(points)
    return {
        "charts": pareto_charts(points, profile) if profile else {},
        "profile": profile,
        "points": list(enumerate(points, 1)),
        "profiles": profiles,
        "datasets": sorted({point.dataset for point in points if point.dataset}),
    }


def main_profile(data: ReportData) -> str:
    """The profile of figures that show only one; empty where there is none."""
    found = described(data)
    return found[0].profile.name if found else ""
