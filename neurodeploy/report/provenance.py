"""Every constant behind the figures of a report, once, with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from neurodeploy.energy.report import Row, constant, constants
from neurodeploy.report.data import ReportData


def provenance(data: ReportData) -> list[Row]:
    """Constants of all estimates and models, of the ordinary networks beside them, and of the times."""
    found: dict[tuple[str, str], Row] = {}
    for row in _all(data):
        found.setdefault((row["profile"], row["key"]), row)
    return list(found.values())


def _all(data: ReportData) -> Iterator[Row]:
    for estimate in (*data.estimates, *data.models):
        yield from constants(estimate)
    for each in data.comparisons:
        if each.ann is not None and each.precision in each.profile.ann:
            yield constant(each.profile.name, f"ann.{each.precision}", each.profile.ann[each.precision])
    for latency in data.latencies:
        if latency.step_s is not None:
            times = {f"timing.{key}": quantity for key, quantity in latency.profile.times.items()}
            if latency.profile.time_per_step is not None:
                times["timing.step"] = latency.profile.time_per_step
            yield from (constant(latency.profile.name, key, quantity) for key, quantity in times.items())
