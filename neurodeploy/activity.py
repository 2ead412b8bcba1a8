"""What a network did on recordings, counted batch by batch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from neurodeploy.deployment import Deployment
from neurodeploy.early_exit import ExitRule
from neurodeploy.early_exit.file import rule_dict
from neurodeploy.energy import report
from neurodeploy.energy.counts import Counts, combine, combine_uneven, count
from neurodeploy.energy.early import count_early, price_early
from neurodeploy.energy.estimate import Estimate
from neurodeploy.fast import Simulator
from neurodeploy.files import write_file
from neurodeploy.graph.numeric import Array
from neurodeploy.profile import Profile
from neurodeploy.subject import Samples

BATCH = 50


@final
@dataclass(frozen=True, eq=False)
class Early:
    """Work and energy of inferences that stop early.

    Args:
        rule: where they stop.
        counts: up to each recording's exit.
        estimates: one for each profile.
    """

    rule: ExitRule
    counts: Counts
    estimates: tuple[Estimate, ...]

    def as_dict(self, full: Counts) -> dict[str, object]:
        """Plain values for JSON, beside what all timesteps take."""
        return {
            "rule": rule_dict(self.rule),
            "steps": self.counts.steps,
            "of_steps": full.steps,
            "synaptic_operations": synaptic_operations(self.counts),
            "of_synaptic_operations": synaptic_operations(full),
            "counts": report.counts_dict(self.counts),
        }


def synaptic_operations(counts: Counts) -> float:
    """Weights met by values, per inference."""
    return sum(counts.mean(kind)[0] for kind in ("accumulate", "multiply_accumulate"))


def count_activity(network: Deployment, samples: Samples) -> Counts:
    """What the integer network did on the recordings, per inference."""
    simulator = Simulator(network.integer)
    traces = (simulator.trace(frames) for frames in _batches(samples))
    return combine(count(network.integer, trace, is_simulated=True) for trace in traces)


def early_activity(network: Deployment, samples: Samples, profiles: Sequence[Profile]) -> Early | None:
    """The same where every recording stops at its exit, priced; None for a network without an exit rule."""
    rule = network.exit_rule
    if rule is None:
        return None
    simulator = Simulator(network.integer)
    counts = combine_uneven(count_early(network.integer, simulator.trace(frames), rule) for frames in _batches(samples))
    graph = network.integer.graph
    return Early(rule, counts, tuple(price_early(counts, graph.shapes[graph.output.name][0], profiles)))


def _batches(samples: Samples) -> Iterator[Array]:
    for start in range(0, len(samples.labels), BATCH):
        yield samples.frames[:, start : start + BATCH]


def write_csv(path: Path, estimates: Sequence[Estimate]) -> None:
    """Every priced line and everything not covered, one row each.

    Raises:
        OutputError: the file cannot be written.
    """
    buffer = io.StringIO()
    columns = ("profile", "node", "term", "amount", "price", "unit", "low_pj", "energy_pj", "high_pj", "source")
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    for estimate in estimates:
        name = estimate.profile.name
        writer.writerows({"profile": name, **row} for row in report.as_rows(estimate))
        for item in estimate.not_covered:
            reason = f"not covered: {item.reason}"
            writer.writerow({"profile": name, "term": item.term, "amount": item.amount, "source": reason})
    write_file(path, buffer.getvalue().encode())
