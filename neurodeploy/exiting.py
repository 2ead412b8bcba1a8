"""An exit rule for a run: chosen on the recordings it kept for validation, then looked at once on the test split."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from neurodeploy import subject
from neurodeploy.data.augment import AugmentConfig, augment
from neurodeploy.deployment import Deployment
from neurodeploy.early_exit import (
    Curve,
    ExitRule,
    choose,
    choose_within,
    exit_curve,
    fit_scale,
    is_right,
    margins,
    prefix_scores,
    rule_work,
)
from neurodeploy.early_exit.curve import check_loss
from neurodeploy.early_exit.facts import bound_facts, curve_facts, exit_facts
from neurodeploy.early_exit.file import CALIBRATION, rule_bytes
from neurodeploy.early_exit.plot import Shown, plot
from neurodeploy.early_exit.rule import check_output
from neurodeploy.errors import CheckpointError, ConfigError
from neurodeploy.fast import Simulator
from neurodeploy.files import write_file
from neurodeploy.graph.identity import network_hash
from neurodeploy.graph.latency import longest_delay
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import Array
from neurodeploy.subject import Samples

BATCH = 100
MAX_LOSS = 0.005
"""Share of right answers that an exit may lose, unless the user says otherwise."""

ENOUGH = 5
"""Recordings in the allowed loss below which they are called few and copied."""

MOST_COPIES = 16
"""Of each recording, however few there are: copies of the same recordings say less and less."""

STREAM = 101
"""Of the randomness below a run's seed that changes the copies; training has others."""

PLOT = "plots/early_exit.png"


@final
@dataclass(frozen=True, eq=False)
class Answers:
    """What a network answers after each timestep.

    Args:
        prefix: (samples, time, classes), what the answers are read from.
        labels: (samples,).
        source: where the samples come from.
    """

    prefix: Array
    labels: Array
    source: str

    @property
    def right(self) -> Array:
        """(samples, time): whether the answer is right."""
        return is_right(self.prefix, self.labels)


@final
@dataclass(frozen=True, eq=False)
class Kept:
    """What a threshold is chosen on.

    Args:
        recordings: of the validation split, as they are.
        pool: the same, and copies of them.
        copies: of each recording.
    """

    recordings: Answers
    pool: Answers
    copies: int


def calibrate_run(
    path: Path,
    words: Sequence[str] = (),
    max_loss: int | float | None = None,
    steps: int | float | None = None,
) -> dict[str, Any]:
    """Choose the rule, test it, and write it into the run's folder; see `api.early_exit`."""
    if max_loss is not None and steps is not None:
        raise ConfigError(key="--steps", found=steps, allowed="not together with --max-loss", hint="Leave one out.")
    if steps is not None and not math.isfinite(steps):
        raise ConfigError(key="--steps", found=steps, allowed="a number of timesteps, at least 1")
    network = trained_network(path)
    loss = MAX_LOSS if max_loss is None else max_loss
    check_loss(loss)
    kept = kept_answers(path, network, words, loss)
    longest = longest_delay(network.integer.graph)
    first = min(longest + 1, network.timesteps)
    curve = exit_curve(margins(kept.pool.prefix), kept.pool.right, first)
    chosen = choose(curve, loss) if steps is None else choose_within(curve, steps)
    rule = ExitRule(int(curve.thresholds[chosen]), first)
    tested = answers_of(network, subject.samples(path, words))
    scale = fit_scale(kept.recordings.prefix, kept.recordings.labels)
    found: dict[str, Any] = {
        "unit": "output spikes" if isinstance(network.integer.graph.output, Cuba) else "membrane steps",
        "network": network_hash(network.integer.graph),
        "timesteps": network.timesteps,
        "chosen_by": {"max_loss": loss} if steps is None else {"steps": steps},
        "calibration": {"copies": kept.copies, **curve_facts(curve, chosen)},
        "validation": _tried(rule, kept.recordings),
        "test": _tried(rule, tested) | bound_facts(tested.prefix, tested.labels, scale) if len(tested.prefix) else None,
        "work": asdict(rule_work(kept.pool.prefix.shape[2])),
        "notes": _notes(kept, None if steps is not None else loss, longest, network.timesteps),
    }
    write_file(path / PLOT, _plot(curve, found))
    write_file(path / CALIBRATION, rule_bytes(rule, found))
    return {"run": str(path), "rule": asdict(rule), **found, "files": [CALIBRATION, PLOT]}


def trained_network(path: Path) -> Deployment:
    """The network that the run holds, without the rule of an earlier calibration.

    Raises:
        CheckpointError: the folder is no run.
        GraphError: its answers have no lead.
    """
    if subject.is_import(path):
        reason = "an import has no recordings that were kept from training, on which an exit could be chosen"
        raise CheckpointError(path=path, reason=reason, hint="neurodeploy tune makes it a run.")
    from neurodeploy.train import run_dir

    network = run_dir.deployment(run_dir.load_run(path))
    check_output(network.integer.graph)
    return network


def kept_answers(path: Path, network: Deployment, words: Sequence[str] = (), max_loss: int | float = MAX_LOSS) -> Kept:
    """Answers to a run's validation recordings, and to copies of them where they are few.

    Half a point of 80 recordings is less than one of them: by chance, none may be lost by a threshold that loses many
    others. So they are copied until the allowed loss is some samples, each copy changed as training changes what it
    learns (section `augment` of the run): a little harder, and never learned. Thresholds chosen so on 80 recordings
    kept the loss; chosen on the recordings alone, many did not (tests/benchmarks/bench_early_exit.py --resample).
    """
    from neurodeploy.train.run_dir import load_run

    samples, config = subject.validation(path, words), load_run(path).config
    own = answers_of(network, samples)
    wanted = math.ceil(ENOUGH / max(max_loss * len(own.labels), 1e-9)) - 1
    copies = min(wanted, MOST_COPIES) if _changes(config.augment) else 0
    rng = np.random.default_rng([config.seed, STREAM])
    more = [answers_of(network, samples, lambda frames: augment(frames, config.augment, rng)) for _ in range(copies)]
    prefix = np.concatenate([own.prefix, *(each.prefix for each in more)])
    return Kept(own, Answers(prefix, np.tile(own.labels, 1 + copies), own.source), copies)


def _changes(config: AugmentConfig) -> bool:
    return config.moves or config.drop > 0 or config.flip_polarity > 0


def answers_of(network: Deployment, samples: Samples, change: Callable[[Array], Array] | None = None) -> Answers:
    """What `network` answers to `samples`.

    Args:
        change: of frames (batch, time, *shape), before the network sees them.
    """
    graph, simulator = network.integer.graph, Simulator(network.integer)
    places = np.arange(len(samples.labels))
    parts = [np.zeros((0, network.timesteps, graph.shapes[graph.output.name][0]), np.int64)]
    for start in range(0, len(places), BATCH):
        frames = samples.batch(places[start : start + BATCH])
        frames = np.moveaxis(frames if change is None else change(frames), 0, 1)
        parts.append(prefix_scores(graph, simulator.trace(frames, {graph.output.name})))
    return Answers(np.concatenate(parts), samples.labels, samples.source)


def _tried(rule: ExitRule, answers: Answers) -> dict[str, Any]:
    return {"source": answers.source, **exit_facts(rule, answers.prefix, answers.labels)}


def _notes(kept: Kept, max_loss: int | float | None, longest: int, timesteps: int) -> list[str]:
    """What a reader must know before trusting the numbers."""
    found, count = [], len(kept.recordings.labels)
    if max_loss is not None and count * max_loss < ENOUGH:
        text = f"{count} validation recordings are few: one of them is {100 / count:.3g} points"
        also = f"; {kept.copies} changed copies of each were used besides" if kept.copies else ""
        found.append(f"{text}{also}; on other recordings the loss may be larger")
    if longest >= timesteps:
        reason = f"the longest delay in the network is {longest} timesteps of {timesteps}"
        found.append(f"nobody can leave early: {reason}; train with a lower neuron.max_delay")
    elif longest:
        found.append(
            f"no answer before timestep {longest + 1}: the longest delay in the network is {longest} timesteps"
        )
    return found


def _plot(curve: Curve, found: dict[str, Any]) -> bytes:
    points = {}
    for name in ("validation", "test"):
        each = found[name]
        if each is not None:
            points[f"chosen, {name}"] = (each["steps"], each["accuracy"])
            points[f"all timesteps, {name}"] = (float(found["timesteps"]), each["accuracy_full"])
    if found["test"] is not None:
        best = found["test"]["oracle"]
        points["oracle (knows the labels), test"] = (best["steps"], best["accuracy"])
    fixed = np.array((found["test"] or found["validation"])["accuracy_at"])
    return plot(Shown(curve.steps, curve.accuracy, fixed, points))
