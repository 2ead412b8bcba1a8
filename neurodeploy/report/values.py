"""A report and a comparison as plain values, as `schema.json` describes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib import resources
from typing import Any, Final

from neurodeploy.energy import Energy, Estimate
from neurodeploy.energy.ann import comparison_dict
from neurodeploy.energy.latency import latency_dict
from neurodeploy.energy.models import find_model
from neurodeploy.energy.priced import Refused
from neurodeploy.energy.report import LABEL, as_dict, counts_dict
from neurodeploy.report.data import ReportData
from neurodeploy.report.methods import Methods
from neurodeploy.report.points import RunPoint
from neurodeploy.report.provenance import provenance

SCHEMA: Final = "urn:neurodeploy:report:1"
SCHEMA_VERSION: Final = 1
SCHEMA_FILE: Final = "schema.json"


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `report --json-out` and `compare --json-out` write."""
    text = resources.files("neurodeploy.report").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def json_bytes(values: dict[str, Any]) -> bytes:
    """UTF-8 JSON; a number that is no number is refused and never written."""
    return (json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def report_values(data: ReportData, found: Methods | None) -> dict[str, Any]:
    """Everything of a report that is a number, a source or a reason; energies in pJ, times in s, per inference."""
    head = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "kind": "report", "label": LABEL}
    return {
        **head,
        "neurodeploy": (data.environment or {}).get("neurodeploy"),
        "run": data.title,
        "accuracy": data.accuracy,
        "data": data.energy_source,
        "counts": None if data.counts is None else counts_dict(data.counts),
        "estimates": [as_dict(estimate) for estimate in data.estimates],
        "models": [_model(estimate) for estimate in data.models],
        "refused": list(map(_refused, data.refused)),
        "ann": list(map(comparison_dict, data.comparisons)),
        "latency": list(map(latency_dict, data.latencies)),
        "runs": list(map(_point, data.points)),
        "methods": None if found is None else {"text": found.text, "latex": found.latex, "bibtex": found.bibtex},
        "constants": provenance(data),
    }


def comparison_values(points: Sequence[RunPoint], profiles: Sequence[str]) -> dict[str, Any]:
    """Runs side by side."""
    head = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "kind": "comparison", "label": LABEL}
    return {**head, "profiles": list(profiles), "runs": list(map(_point, points))}


def _model(estimate: Estimate) -> dict[str, Any]:
    return {**as_dict(estimate), "of_model": find_model(estimate.model).as_dict()}


def _refused(each: Refused) -> dict[str, Any]:
    return {"model": each.model, "profile": each.profile.name, "reason": each.reason}


def _point(point: RunPoint) -> dict[str, Any]:
    return {
        "run": point.name,
        "error": point.error or None,
        "dataset": point.dataset,
        "accuracy": point.accuracy,
        "recordings": point.recordings,
        "work": None if point.work is None else asdict(point.work),
        "profiles": [_short(estimate) for estimate in point.estimates],
        "refused": list(map(_refused, point.refused)),
        "latency": list(map(latency_dict, point.latencies)),
    }


def _short(estimate: Estimate) -> dict[str, Any]:
    energies = {key: _energy(getattr(estimate, key)) for key in ("dynamic", "static", "total")}
    missing = [asdict(item) for item in estimate.not_covered]
    name = {"profile": estimate.profile.name, "stand_in": estimate.profile.stand_in}
    return {**name, "boundary": estimate.profile.boundary, **energies, "not_covered": missing}


def _energy(energy: Energy | None) -> dict[str, float] | None:
    return None if energy is None else {key: float(value) for key, value in asdict(energy).items()}


__all__ = ["SCHEMA", "comparison_values", "json_bytes", "report_values", "schema"]
