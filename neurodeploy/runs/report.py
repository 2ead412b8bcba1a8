"""Everything a report shows about a run, gathered from its folder and from the recordings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from neurodeploy import fitting, subject
from neurodeploy.config import as_tree
from neurodeploy.early_exit.file import CALIBRATION
from neurodeploy.energy import Counts
from neurodeploy.errors import CheckpointError
from neurodeploy.graph import predictions, simulate
from neurodeploy.report import Confusion, EarlyExit, Raster, ReportData, sample_raster
from neurodeploy.runs import activity, estimating
from neurodeploy.runs.energy import costs, has_prices, profiles_for, stopping_early
from neurodeploy.runs.points import beside, points
from neurodeploy.train.run_dir import Run, load_run, versions

T = TypeVar("T")

RASTERS = 2

DRAWN_BESIDE: Final = frozenset({"loihi1", "truenorth"})
"""Profiles on which a report compares its run with others, beside those that were asked for."""


def report_data(path: Path, limit: int, chosen: Sequence[str] = ()) -> ReportData:
    """Everything that the report of the run in `path` shows.

    Args:
        limit: test recordings for the energy counts; 0 takes all.
        chosen: profiles of the figures, names or TOML files; none means those that price events one by one.
    Raises:
        CheckpointError, DataError: the folder is no run, or its recordings are gone.
        ProfileError: a profile does not exist or breaks a rule.
    """
    run = load_run(path)
    profiles = profiles_for(chosen)
    samples = subject.samples(path, limit=limit)
    deployment = subject.deployment(path)
    kept = activity.recorded(path, deployment, samples)
    counts = kept.full.counts()
    priced = [profile for profile in profiles if has_prices(profile)]
    # a profile with a base is that chip again; of a microcontroller of unknown memories, nobody can give them here
    placed = [p for p in profiles if p.rules and not p.base and "flash_bytes" not in p.unknown]
    early, _ = stopping_early(deployment, kept, priced)
    leaving = None if early is None else _early_exit(path, early, counts)
    fits = tuple(fitting.fits(deployment, placed))
    cost = costs(deployment.integer.graph, counts, profiles, estimating.counted_instructions(path))
    names = {profile.name for profile in priced if profile.name in _names(chosen)} | DRAWN_BESIDE
    compared = [profile for profile in priced if profile.name in names]
    others, skipped = beside(path, compared, run.config.data.dataset)
    own = points(path, path.name, deployment, kept, compared)
    return ReportData(
        title=path.name,
        summary=_read(path / "metrics.json", lambda: _summary(run.metrics)) | _summary_of_exit(leaving),
        config=as_tree(run.config),
        epochs=tuple(run.history),
        confusion=_read(path / "metrics.json", lambda: _confusion(run)),
        rasters=_rasters(path, samples),
        counts=counts,
        estimates=cost.estimates,
        energy_source=samples.source,
        fits=fits,
        verdicts=_read(path / "exports", lambda: _verdicts(run)),
        environment=versions(),
        early_exit=leaving,
        refused=cost.refused,
        models=cost.models,
        comparisons=cost.comparisons,
        latencies=cost.latencies,
        points=(*own, *others),
        skipped=skipped,
        drawn=tuple(_names(chosen)),
        accuracy=own[0].accuracy,
    )


def _names(chosen: Sequence[str]) -> list[str]:
    return [Path(name).name.removesuffix(".toml") for name in chosen]


def _read(path: Path, part: Callable[[], T], hint: str = "") -> T:
    """`part()`, which shows what a file of the run holds.

    Raises:
        CheckpointError: the file holds something else.
    """
    try:
        return part()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"it lacks what a report shows ({type(error).__name__}: {error})"
        raise CheckpointError(path=path, reason=reason, hint=hint) from error


def _verdicts(run: Run) -> tuple[dict[str, Any], ...]:
    return tuple(dict(verdict) for export in run.exports.values() for verdict in export["verdicts"])


def _summary(metrics: Any) -> dict[str, str]:
    found = {
        "test accuracy, integers": metrics.get("test_accuracy_integer"),
        "test accuracy, floats": metrics.get("test_accuracy_float"),
    }
    texts = {key: f"{value:.1%}" for key, value in found.items() if value is not None}
    if "wall_s" in metrics:
        texts["training"] = f"{metrics['epochs']} epochs in {metrics['wall_s']:.0f} s on {metrics['device']}"
    return texts


def _early_exit(path: Path, early: activity.Early, counts: Counts) -> EarlyExit:
    """What the run's calibration says, and the work of recordings that stop early.

    Raises:
        CheckpointError: the calibration lacks something.
    """
    found = json.loads((path / CALIBRATION).read_text(encoding="utf-8"))  # it was read before: there is a rule
    hint = f"Calibrate again (neurodeploy early-exit {path}), or remove the file."
    return _read(path / CALIBRATION, lambda: _read_exit(found, early, counts), hint)


def _read_exit(found: Mapping[str, Any], early: activity.Early, counts: Counts) -> EarlyExit:
    rule, kept, shown = early.rule, found["validation"], found["calibration"]
    tried, steps = found["test"] or kept, int(found["timesteps"])
    points = {"chosen": (float(tried["steps"]), float(tried["accuracy"]))}
    if "oracle" in tried:
        points["oracle"] = (float(tried["oracle"]["steps"]), float(tried["oracle"]["accuracy"]))
    copies = f" and {int(shown['copies'])} changed copies of each" if shown["copies"] else ""
    return EarlyExit(
        rule=f"From timestep {rule.min_steps} on, an answer is final when the best class leads the second best by more "
        f"than {rule.margin:,} {found['unit']}; after {steps} timesteps in any case.",
        timesteps=steps,
        source=f"{int(tried['recordings'])} recordings ({tried['source']})",
        steps=float(tried["steps"]),
        accuracy=float(tried["accuracy"]),
        fixed=tuple(map(float, tried["accuracy_at"])),
        histogram=tuple(map(int, tried["histogram"])),
        curve=tuple((float(point["steps"]), float(point["accuracy"])) for point in shown["curve"]),
        calibrated=f"{int(kept['recordings'])} recordings ({kept['source']}){copies}",
        points=points,
        synaptic_operations=(early.counts.synaptic_operations, counts.synaptic_operations),
        estimates=early.estimates,
        notes=tuple(map(str, found["notes"])),
    )


def _summary_of_exit(found: EarlyExit | None) -> dict[str, str]:
    if found is None:
        return {}
    return {"early exit": f"{found.accuracy:.1%} in {found.steps:.2f} of {found.timesteps} timesteps"}


def _confusion(run: Run) -> Confusion | None:
    if "confusion" not in run.metrics:
        return None
    source = f"integer network, {run.metrics['recordings']['test']} test recordings of {run.config.data.dataset}"
    return Confusion(tuple(run.task.classes), np.array(run.metrics["confusion"]), source)


def _rasters(path: Path, samples: subject.Samples) -> tuple[Raster, ...]:
    """The first recordings of the split, with the integer network's answers."""
    network = subject.deployment(path)
    graph, classes = network.integer.graph, network.classes
    trace = simulate(network.integer, samples.frames[:, :RASTERS])
    answers = predictions(graph, trace)
    titles = [
        f"recording {samples.ids[i]}: true class {classes[samples.labels[i]]}, answer {classes[answer]}"
        for i, answer in enumerate(answers)
    ]
    return tuple(sample_raster(graph, trace, i, title, classes) for i, title in enumerate(titles))
