"""What a report is made of: plain values, gathered by whoever knows the run. A missing part is said to be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from neurodeploy.energy import Counts, Estimate
from neurodeploy.energy.ann import AnnComparison
from neurodeploy.energy.latency import Latency
from neurodeploy.energy.priced import Refused
from neurodeploy.errors import DataError
from neurodeploy.graph import Graph, Trace
from neurodeploy.graph.nodes import Cuba, Readout
from neurodeploy.graph.numeric import Array
from neurodeploy.placement import Fit
from neurodeploy.report.points import RunPoint


@final
@dataclass(frozen=True, eq=False)
class Confusion:
    """How often each class was taken for each.

    Args:
        classes: names.
        matrix: (true class, answer), whole numbers.
        source: which network on which recordings, for the caption.
    """

    classes: tuple[str, ...]
    matrix: Array
    source: str = ""

    def __post_init__(self) -> None:
        wanted = (len(self.classes), len(self.classes))
        if self.matrix.shape != wanted or not self.classes:
            raise DataError(source="confusion matrix", reason=f"shape {self.matrix.shape}, wanted {wanted}")


@final
@dataclass(frozen=True, eq=False)
class Raster:
    """One sample on its way through the network.

    Args:
        title: for instance "recording 17: true class 3, answer 3".
        frames: (time, channel, height, width) or (time, neurons): the input.
        layers: name -> (time, neurons), 0 or 1.
        classes: names of the outputs.
        readout: (time, classes) accumulated logits, or None where the output spikes.
    """

    title: str
    frames: Array
    layers: Mapping[str, Array]
    classes: tuple[str, ...] = ()
    readout: Array | None = None


def sample_raster(graph: Graph, trace: Trace, sample: int, title: str, classes: tuple[str, ...] = ()) -> Raster:
    """One sample of a trace as a raster: the input, every layer of neurons, and the readout.

    Raises:
        DataError: the trace has no such sample.
    """
    frames = trace[graph.input.name]
    if not 0 <= sample < frames.shape[1]:
        raise DataError(source="trace", reason=f"no sample {sample}; there are {frames.shape[1]}")
    steps = len(frames)
    layers = {n.name: trace[n.name][:, sample].reshape(steps, -1) for n in graph.nodes if isinstance(n, Cuba)}
    readout = trace[graph.output.name][:, sample] if isinstance(graph.output, Readout) else None
    return Raster(title, np.asarray(frames[:, sample]), layers, classes, readout)


@final
@dataclass(frozen=True, eq=False)
class EarlyExit:
    """What a network does that may answer before its last timestep.

    Args:
        rule: when an answer is final, in words.
        timesteps: T.
        steps, accuracy: average timesteps used on the recordings of `source`, and the share of right answers.
        fixed: share of right answers there after 1, 2, ..., T timesteps for all.
        histogram: recordings there that leave after 1, 2, ..., T timesteps.
        curve: (average timesteps, share of right answers) of the thresholds among which the rule was chosen.
        calibrated: on what, in words.
        points: label -> (timesteps, share), marked beside the curve.
        synaptic_operations: of an inference that stops early, and of one that does not.
        estimates: of inferences that stop early, one for each profile; on the recordings of the energy section.
        notes: what a reader must know before trusting the numbers.
    """

    rule: str
    timesteps: int
    source: str
    steps: float
    accuracy: float
    fixed: tuple[float, ...]
    histogram: tuple[int, ...]
    curve: tuple[tuple[float, float], ...]
    calibrated: str
    points: Mapping[str, tuple[float, float]]
    synaptic_operations: tuple[float, float]
    estimates: tuple[Estimate, ...] = ()
    notes: tuple[str, ...] = ()


@final
@dataclass(frozen=True, eq=False)
class ReportData:
    """Everything a report shows.

    Args:
        title: name of the run.
        summary: headline figures as text, in order, for instance {"test accuracy, integers": "98.0 %"}.
        config: the resolved configuration; nested tables are flattened.
        epochs: the lines of metrics.jsonl: `epoch`, keys with "loss" or "accuracy", and `firing_rate` by layer.
        confusion: of the test split.
        early_exit: of a network that has an exit rule.
        refused: profiles, and models on them, that give no figure for this work.
        models: estimates under other models than the affine one.
        comparisons: with an ordinary network of the same layers, on each profile.
        latencies: time and memory on each profile.
        points: this run first, then others to compare it with.
        skipped: runs beside this one that were left out: why, in a sentence; empty where none was.
        drawn: names of the profiles in the figures; empty for those that price events one by one.
        accuracy: share of right answers of the deployed integers, where it was measured.
        rasters: one or two samples.
        counts, estimates: energy of one inference on each profile; all on the same recordings.
        energy_source: which recordings were counted.
        fits: the network on each chip.
        verdicts: `Verdict.as_dict()` of every export check.
        environment: versions and machine, as text.
    """

    title: str
    summary: Mapping[str, str]
    config: Mapping[str, Any]
    epochs: tuple[Mapping[str, Any], ...] = ()
    confusion: Confusion | None = None
    rasters: tuple[Raster, ...] = ()
    counts: Counts | None = None
    estimates: tuple[Estimate, ...] = ()
    energy_source: str = ""
    fits: tuple[Fit, ...] = ()
    verdicts: tuple[Mapping[str, Any], ...] = ()
    environment: Mapping[str, str] | None = None
    early_exit: EarlyExit | None = None
    refused: tuple[Refused, ...] = ()
    models: tuple[Estimate, ...] = ()
    comparisons: tuple[AnnComparison, ...] = ()
    latencies: tuple[Latency, ...] = ()
    points: tuple[RunPoint, ...] = ()
    skipped: str = ""
    drawn: tuple[str, ...] = ()
    accuracy: float | None = None

    @property
    def shown(self) -> tuple[Estimate, ...]:
        """Estimates for the figures: of the profiles that were asked for, or those that price events one by one."""
        if self.drawn:
            return tuple(each for each in self.estimates if each.profile.name in self.drawn)
        marginal = [e for e in self.estimates if e.lines and all(line.price.scope == "marginal" for line in e.lines)]
        return tuple(marginal or [e for e in self.estimates if e.lines] or self.estimates)
