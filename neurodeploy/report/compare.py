"""Runs side by side as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from neurodeploy.energy.report import Row, constants
from neurodeploy.errors import DataError
from neurodeploy.report.energy_page import runs_part
from neurodeploy.report.page import fill
from neurodeploy.report.points import RunPoint, profiles_by_name


def render_comparison(points: Sequence[RunPoint], profile: str, title: str = "Runs side by side") -> bytes:
    """The page as UTF-8 HTML; the same points give the same bytes.

    Args:
        profile: of the figures, one of those that the points were priced on.
    Raises:
        DataError: fewer than two runs.
    """
    if len(points) < 2:
        raise DataError(source="comparison", reason=f"{len(points)} run, and a comparison needs two or more")
    context = {
        "title": title,
        "runs": runs_part(points, profile),
        "shown": list(profiles_by_name(points).values()),
        "constants": _constants(points),
    }
    return fill("compare.html", context)


def _constants(points: Sequence[RunPoint]) -> list[Row]:
    rows = [row for point in points for estimate in point.estimates for row in constants(estimate)]
    return list({(row["profile"], row["key"]): row for row in rows}.values())
