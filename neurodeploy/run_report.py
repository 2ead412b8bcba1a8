"""Everything a report shows about a run, gathered from its folder and from the recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy import activity, fitting, subject
from neurodeploy.config import as_tree
from neurodeploy.energy import price
from neurodeploy.graph import predictions, simulate
from neurodeploy.profile import load_profile, profile_names
from neurodeploy.report import Confusion, Raster, ReportData, render, sample_raster
from neurodeploy.train.run_dir import Run, load_run, versions

RASTERS = 2


def render_run(path: Path, limit: int) -> bytes:
    """The report of the run in `path` as one HTML file.

    Args:
        limit: test recordings for the energy counts; 0 takes all.
    Raises:
        CheckpointError, DataError: the folder is no run, or its recordings are gone.
    """
    run = load_run(path)
    samples = subject.samples(path, limit=limit)
    deployment = subject.deployment(path)
    counts = activity.count_activity(deployment, samples)
    profiles = [load_profile(name) for name in profile_names()]
    data = ReportData(
        title=path.name,
        summary=_summary(run.metrics),
        config=as_tree(run.config),
        epochs=tuple(run.history),
        confusion=_confusion(run),
        rasters=_rasters(path, samples),
        counts=counts,
        estimates=tuple(price(counts, profile) for profile in profiles if profile.prices),
        energy_source=samples.source,
        # a microcontroller of unknown memories has no place in a report: nobody can give them here
        fits=tuple(fitting.fits(deployment, [p for p in profiles if p.rules and "flash_bytes" not in p.unknown])),
        verdicts=tuple(verdict for export in run.exports.values() for verdict in export["verdicts"]),
        environment=versions(),
    )
    return render(data)


def _summary(metrics: Any) -> dict[str, str]:
    found = {
        "test accuracy, integers": metrics.get("test_accuracy_integer"),
        "test accuracy, floats": metrics.get("test_accuracy_float"),
    }
    texts = {key: f"{value:.1%}" for key, value in found.items() if value is not None}
    if "wall_s" in metrics:
        texts["training"] = f"{metrics['epochs']} epochs in {metrics['wall_s']:.0f} s on {metrics['device']}"
    return texts


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
