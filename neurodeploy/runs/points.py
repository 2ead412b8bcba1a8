"""Runs as points of a comparison: read from their folders, counted where nothing was kept; a failure is a point too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from neurodeploy import subject
from neurodeploy.deployment import Deployment
from neurodeploy.early_exit.file import CALIBRATION
from neurodeploy.energy.activity_file import NAME, Kept
from neurodeploy.energy.estimate import Estimate
from neurodeploy.energy.priced import price_all
from neurodeploy.errors import CheckpointError, NeuroDeployError
from neurodeploy.profile import Profile
from neurodeploy.report.exits import SUFFIX
from neurodeploy.report.points import RunPoint, work_of
from neurodeploy.runs import activity, estimating
from neurodeploy.runs.energy import stopping_early

MOST_BESIDE: Final = 24
"""Runs beside one that its report shows; `compare` takes any number."""


def points_of(paths: Sequence[Path], profiles: Sequence[Profile], limit: int) -> tuple[RunPoint, ...]:
    """Every run, in order; one that stops early is a second point of its own.

    Args:
        profiles: with prices.
        limit: test recordings to count; 0 takes all.
    """
    found: list[RunPoint] = []
    for path, name in zip(paths, names_of(paths), strict=True):
        try:
            network = subject.deployment(path)
            kept = activity.recorded(path, network, subject.samples(path, limit=limit))
            found += points(path, name, network, kept, profiles)
        except NeuroDeployError as error:
            found.append(RunPoint(name, error=str(error)))
    return tuple(found)


def beside(path: Path, profiles: Sequence[Profile], dataset: str) -> tuple[tuple[RunPoint, ...], str]:
    """The runs of the same data set in the same folder whose activity was kept; and a sentence on those left out."""
    others = [each for each in _folders(path) if _head(each).get("dataset") == dataset]
    kept = [each for each in others if (each / NAME).is_file()]
    found: list[RunPoint] = []
    for each in kept[:MOST_BESIDE]:
        try:
            network = subject.deployment(each)
            found += points(each, each.name, network, activity.read_of(each / NAME, network), profiles)
        except NeuroDeployError as error:
            found.append(RunPoint(each.name, error=str(error)))
    missing = len(others) - len(kept)
    parts = [f"{missing} without recorded activity (neurodeploy energy RUN records it)"] if missing else []
    parts += [f"{len(kept) - MOST_BESIDE} beyond the first {MOST_BESIDE}"] if len(kept) > MOST_BESIDE else []
    return tuple(
        found
    ), f"Runs of this data set in the same folder that are not shown: {', '.join(parts)}." if parts else ""


def _folders(path: Path) -> list[Path]:
    own = path.resolve()
    try:
        return [each for each in sorted(own.parent.iterdir()) if each != own and (each / "metrics.json").is_file()]
    except OSError:
        return []


def _head(path: Path) -> Mapping[str, Any]:
    """metrics.json; empty where it cannot be read."""
    try:
        found = json.loads((path / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def points(path: Path, name: str, network: Deployment, kept: Kept, profiles: Sequence[Profile]) -> tuple[RunPoint, ...]:
    """One run with recorded activity: all timesteps, and up to its exits where it has any.

    Raises:
        CheckpointError: its metrics or its calibration lack something.
    """
    counts, graph, metrics = kept.full.counts(), network.integer.graph, _head(path)
    estimates, refused = price_all(counts, profiles)
    whole = RunPoint(
        name=name,
        dataset=str(metrics.get("dataset", "")),
        accuracy=_share(metrics.get("test_accuracy_integer")),
        recordings=_tested(metrics),
        work=work_of(counts, kept.source),
        estimates=estimates,
        refused=refused,
        latencies=estimating.latencies(graph, counts, profiles),
    )
    early, refusals = stopping_early(network, kept, profiles)
    if early is None:
        return (whole,)
    tried = _calibrated(path)
    number = tried.get("recordings")
    return (
        whole,
        RunPoint(
            name=f"{name}, early exit",
            dataset=whole.dataset,
            accuracy=_share(tried.get("accuracy")),
            recordings=number if isinstance(number, int) else 0,
            work=work_of(early.counts, kept.source),
            estimates=tuple(_renamed(each) for each in early.estimates),
            refused=refusals,
            latencies=estimating.latencies(graph, early.counts, profiles),
        ),
    )


def _renamed(estimate: Estimate) -> Estimate:
    """Under the plain name of its profile again."""
    name = estimate.profile.name.removesuffix(SUFFIX)
    return replace(estimate, profile=replace(estimate.profile, name=name))


def _calibrated(path: Path) -> Mapping[str, Any]:
    """What the exit rule did on test recordings, or where there were none on those it was chosen on."""
    try:
        found = json.loads((path / CALIBRATION).read_text(encoding="utf-8"))
        tried = found["test"] or found["validation"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(path=path / CALIBRATION, reason=f"it lacks what a comparison shows ({error})") from error
    return tried if isinstance(tried, dict) else {}


def _tested(metrics: Mapping[str, Any]) -> int:
    found = metrics.get("recordings")
    number = found.get("test") if isinstance(found, dict) else None
    return number if isinstance(number, int) else 0


def _share(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def names_of(paths: Sequence[Path]) -> list[str]:
    """A name for each run: its folder's, with as many folders above it as tell it from the others."""
    parts = [path.resolve().parts for path in paths]
    for depth in range(1, max(map(len, parts), default=1) + 1):
        names = ["/".join(each[-depth:]) for each in parts]
        if len(set(names)) == len(set(parts)):
            return names
    return ["/".join(each) for each in parts]
