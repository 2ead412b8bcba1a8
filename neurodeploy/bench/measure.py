"""What one trained run is worth: accuracy, work, energy estimates, training time, data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from neurodeploy import activity, subject
from neurodeploy.energy.bit_budget import bit_budget
from neurodeploy.energy.price import price
from neurodeploy.profile import load_profile
from neurodeploy.train.run_dir import Run, load_run


@final
@dataclass(frozen=True)
class Numbers:
    """Of one run; None where it does not exist for this network (an ANN has no spikes and no integers).

    Args:
        accuracy: share of right answers on the test split, of the integers that are deployed; of floats for an ANN.
        is_integer: which of the two.
        steps: timesteps per inference.
        synaptic_operations: exact, per inference, mean over the test split.
        energy_pj: profile -> estimated dynamic energy per inference; None where the profile prices nothing of it.
        train_s: wall-clock seconds of all phases of the training.
        recordings: training recordings.
        visits: recordings learned, over all epochs and phases.
    """

    accuracy: float
    is_integer: bool
    steps: int
    synaptic_operations: float | None
    energy_pj: Mapping[str, float | None]
    train_s: float
    recordings: int
    visits: int


def measure(path: Path, profiles: Sequence[str]) -> Numbers:
    """The numbers of the run at `path`.

    Raises:
        CheckpointError, DataError: the run is damaged or its recordings are gone.
    """
    run = load_run(path)
    metrics = run.metrics
    integer = metrics.get("test_accuracy_integer")
    work, energies = _work(path, profiles) if integer is not None else (None, dict[str, float | None]())
    return Numbers(
        accuracy=float(metrics["test_accuracy_float"] if integer is None else integer),
        is_integer=integer is not None,
        steps=run.config.data.steps,
        synaptic_operations=work,
        energy_pj=energies,
        train_s=float(metrics.get("wall_s_all_phases", metrics["wall_s"])),
        recordings=int(metrics["recordings"]["train"]),
        visits=sum(_visits(each) for each in (run, *_phases(path))),
    )


def _work(path: Path, profiles: Sequence[str]) -> tuple[float, dict[str, float | None]]:
    counts = activity.count_activity(subject.deployment(path), subject.samples(path))
    estimates = {name: price(counts, load_profile(name)).dynamic for name in profiles}
    energies = {name: None if dynamic is None else float(dynamic.mid) for name, dynamic in estimates.items()}
    return sum(layer.synaptic_operations for layer in bit_budget(counts)), energies


def _phases(path: Path) -> list[Run]:
    return [load_run(folder) for folder in sorted((path / "phases").glob("*")) if folder.is_dir()]


def _visits(run: Run) -> int:
    everything = int(run.metrics["recordings"]["train"])
    return sum(int(record.get("learned", everything)) for record in run.history)


def as_dict(numbers: Numbers) -> dict[str, Any]:
    """Ready for JSON."""
    return {**asdict(numbers), "energy_pj": dict(numbers.energy_pj)}
