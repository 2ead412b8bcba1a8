"""What one trained run is worth: accuracy, work, energy estimates, training time, data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from neurodeploy import subject
from neurodeploy.costs import accuracy
from neurodeploy.early_exit import exits
from neurodeploy.energy.price import price
from neurodeploy.errors import CheckpointError
from neurodeploy.exiting import answers_of
from neurodeploy.profile import load_profile
from neurodeploy.runs import activity
from neurodeploy.train.run_dir import Run, load_run


@final
@dataclass(frozen=True)
class Numbers:
    """Of one run; None where it does not exist for this network (an ANN has no spikes and no integers).

    Args:
        accuracy: share of right answers on the test split, of the integers that are deployed; of floats for an ANN.
        is_integer: which of the two.
        steps: timesteps per inference; the mean where answers come early.
        synaptic_operations: exact, per inference, mean over the test split.
        energy_pj: profile -> estimated dynamic energy per inference; None where the profile prices nothing of it.
        train_s: wall-clock seconds of all phases of the training.
        recordings: training recordings.
        visits: recordings learned, over all epochs and phases.
    """

    accuracy: float
    is_integer: bool
    steps: int | float
    synaptic_operations: float | None
    energy_pj: Mapping[str, float | None]
    train_s: float
    recordings: int
    visits: int


def measure(path: Path, profiles: Sequence[str], stops_early: bool = False) -> Numbers:
    """The numbers of the run at `path`.

    Args:
        stops_early: of inferences that end as the run's early exit says.
    Raises:
        CheckpointError, DataError: the run is damaged or its recordings are gone.
    """
    run = load_run(path)
    metrics = run.metrics
    if "test_accuracy_integer" in metrics:
        work = _work(path, profiles, stops_early)
    else:
        work = _Work(float(metrics["test_accuracy_float"]), run.config.data.steps, None, {})
    return Numbers(
        accuracy=work.accuracy,
        is_integer=work.synaptic_operations is not None,
        steps=work.steps,
        synaptic_operations=work.synaptic_operations,
        energy_pj=work.energy_pj,
        train_s=float(metrics.get("wall_s_all_phases", metrics["wall_s"])),
        recordings=int(metrics["recordings"]["train"]),
        visits=sum(_visits(each) for each in (run, *_phases(path))),
    )


@final
@dataclass(frozen=True)
class _Work:
    """What inferences give and take."""

    accuracy: float
    steps: int | float
    synaptic_operations: float | None
    energy_pj: Mapping[str, float | None]


def _work(path: Path, names: Sequence[str], stops_early: bool) -> _Work:
    network, samples = subject.deployment(path), subject.samples(path)
    profiles = [load_profile(name) for name in names]
    if stops_early:
        early = activity.early(network, activity.record(network, samples), profiles)
        if early is None:
            hint = "neurodeploy early-exit RUN chooses one."
            raise CheckpointError(path=path, reason="the run has no early exit", hint=hint)
        answers = exits(early.rule, answers_of(network, samples).prefix).answers
        counts, estimates, right = early.counts, early.estimates, float((answers == samples.labels).mean())
    else:
        counts, right = activity.count_activity(network, samples), accuracy(network, samples)
        estimates = tuple(price(counts, profile) for profile in profiles)
    dynamic = {name: each.dynamic for name, each in zip(names, estimates, strict=True)}
    energies = {name: None if energy is None else float(energy.mid) for name, energy in dynamic.items()}
    return _Work(right, counts.steps, counts.synaptic_operations, energies)


def _phases(path: Path) -> list[Run]:
    return [load_run(folder) for folder in sorted((path / "phases").glob("*")) if folder.is_dir()]


def _visits(run: Run) -> int:
    everything = int(run.metrics["recordings"]["train"])
    return sum(int(record.get("learned", everything)) for record in run.history)


def as_dict(numbers: Numbers) -> dict[str, Any]:
    """Ready for JSON."""
    return {**asdict(numbers), "energy_pj": dict(numbers.energy_pj)}
