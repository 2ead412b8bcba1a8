"""What a network did on recordings, counted batch by batch."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from neurodeploy.deployment import Deployment
from neurodeploy.energy import report
from neurodeploy.energy.counts import Counts, combine, count
from neurodeploy.energy.estimate import Estimate
from neurodeploy.fast import Simulator
from neurodeploy.files import write_file
from neurodeploy.subject import Samples

BATCH = 50


def count_activity(network: Deployment, samples: Samples) -> Counts:
    """What the integer network did on the recordings, per inference."""
    starts = range(0, len(samples.labels), BATCH)
    batches = (samples.frames[:, start : start + BATCH] for start in starts)
    simulator = Simulator(network.integer)
    return combine(count(network.integer, simulator.trace(frames), is_simulated=True) for frames in batches)


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
