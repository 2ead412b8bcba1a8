"""The table of a comparison: means and spreads over seeds, as Markdown and as plain values."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from neurodeploy.bench.measure import Numbers
from neurodeploy.bench.plan import Plan, Row
from neurodeploy.energy.report import energy_text


@final
@dataclass(frozen=True)
class Entry:
    """One row of the table.

    Args:
        numbers: of each seed that has a run.
        failures: seed -> what went wrong.
    """

    row: Row
    numbers: Mapping[int, Numbers]
    failures: Mapping[int, str]


def as_values(plan: Plan, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """One record for each row: mean, sample standard deviation (None for one seed) and values of every number."""
    return [_record(plan, entry) for entry in entries]


def _record(plan: Plan, entry: Entry) -> dict[str, Any]:
    found = list(entry.numbers.values())
    record: dict[str, Any] = {"name": entry.row.name, "seeds": list(entry.numbers), "failures": dict(entry.failures)}
    if not found:
        return record
    columns: dict[str, Sequence[int | float | None]] = {
        "accuracy": [n.accuracy for n in found],
        "synaptic_operations": [n.synaptic_operations for n in found],
        "train_s": [n.train_s for n in found],
        "visits": [n.visits for n in found],
        "recordings": [n.recordings for n in found],
        "steps": [n.steps for n in found],
    }
    columns |= {f"energy_pj.{name}": [n.energy_pj.get(name) for n in found] for name in plan.profiles}
    return {**record, "is_integer": all(n.is_integer for n in found), **{k: _spread(v) for k, v in columns.items()}}


def _spread(values: Sequence[int | float | None]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    mean = statistics.fmean(known) if len(known) == len(values) else None
    spread = statistics.stdev(known) if mean is not None and len(known) > 1 else None
    return {"mean": mean, "std": spread, "values": list(values)}


def markdown(plan: Plan, records: Sequence[Mapping[str, Any]]) -> str:
    """The table with a line on what its numbers are."""
    columns = [
        "method",
        "accuracy",
        "T",
        "synaptic operations",
        *plan.profiles,
        "training",
        "recordings learned",
        "seeds",
    ]
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    lines += [f"| {' | '.join(_cells(plan, record))} |" for record in records]
    failures = [f"- {r['name']}, seed {seed}: {text}" for r in records for seed, text in r["failures"].items()]
    notes = [
        "Accuracy on the test split, of the integers that are deployed (of floats where it says float); mean and",
        "sample standard deviation over the seeds. Synaptic operations are exact counts per inference. Energies are",
        "estimates of the dynamic energy per inference from those counts and sourced constants, not measurements.",
        "Recordings learned: over all epochs and phases. Training: wall clock with validation, on one machine. T is",
        "the mean where answers come early.",
    ]
    return "\n".join([*lines, "", *notes, *(["", "Failed:", "", *failures] if failures else [])]) + "\n"


def _cells(plan: Plan, record: Mapping[str, Any]) -> list[str]:
    if "accuracy" not in record:
        return [record["name"], *["–"] * (6 + len(plan.profiles)), "failed"]
    accuracy, work = record["accuracy"], record["synaptic_operations"]["mean"]
    spread = "" if accuracy["std"] is None else f" ± {100 * accuracy['std']:.2f}"
    kind = "" if record["is_integer"] else " (float)"
    failed = f", {len(record['failures'])} failed" if record["failures"] else ""
    return [
        record["name"],
        f"{100 * accuracy['mean']:.2f} %{spread}{kind}",
        f"{record['steps']['mean']:.3g}",
        "–" if work is None else f"{work:,.0f}",
        *(energy_text(record[f"energy_pj.{name}"]["mean"]) for name in plan.profiles),
        f"{record['train_s']['mean']:.1f} s",
        f"{record['visits']['mean']:,.0f} of {record['recordings']['mean']:,.0f}",
        f"{len(record['seeds'])}{failed}",
    ]
