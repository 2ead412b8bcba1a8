"""A suite's report as plain values: rows to print, and everything that is not EXACT with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from neurodeploy.conformance.check import Answer, Check
from neurodeploy.conformance.features import Feature
from neurodeploy.conformance.suite import Report


def as_dict(report: Report) -> dict[str, Any]:
    """Plain values for JSON (hence Any): verdict, a row for each runtime, refusals and what went wrong."""
    return {
        "target": report.target,
        "verdict": report.verdict,
        "seed": report.seed,
        "networks": {
            "wanted": report.wanted,
            "checked": report.checked,
            "refused": sum(check.answer is Answer.REFUSED for check in report.networks),
            "features": {f.value: report.used[f] for f in Feature if f in report.features},
            "never_accepted": sorted(f.value for f in Feature if f not in report.features) if report.wanted else [],
        },
        "rows": [row for name in _runtimes(report.checks) for row in _rows(report, name)],
        "wrong": [check.as_dict() for check in report.checks if check.answer.is_wrong],
        "not_run": [check.as_dict() for check in report.checks if check.answer is Answer.NOT_RUN],
        "refused": [check.as_dict() for check in report.cases if check.answer is Answer.REFUSED],
    }


def _runtimes(checks: Iterable[Check]) -> list[str]:
    return list(dict.fromkeys(check.runtime for check in checks if check.runtime))


def _rows(report: Report, runtime: str) -> list[dict[str, Any]]:
    """One for the cases and one for the random networks, if there were any."""
    parts = {"cases": report.cases, "random networks": report.networks}
    return [{"runtime": runtime, "what": what, **_counted(checks, runtime)} for what, checks in parts.items() if checks]


def _counted(checks: Iterable[Check], runtime: str) -> dict[str, Any]:
    own = [check for check in checks if check.runtime == runtime]
    found = Counter(check.answer for check in own)
    return {
        "exact": found[Answer.EXACT],
        "within_tolerance": found[Answer.WITHIN_TOLERANCE],
        "mismatch": found[Answer.MISMATCH],
        "failed": found[Answer.FAILED],
        "not_run": found[Answer.NOT_RUN],
        "values": sum(check.values for check in own),
        "states": sum(check.states for check in own),
    }
