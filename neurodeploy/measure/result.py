"""What was measured, as plain values: nothing here is an estimate, and what was not measured has no number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any, Final, final

from neurodeploy.measure.gauge import Gauge, NotRun

NOTES: Final = (
    "A meter knows no processes: whatever else ran on this machine at the same time is in its energy.",
    "Not in any meter: power supply, fans, disks, network, and memory where no meter is named for it.",
)
BELOW: Final = "less than at rest: the difference is below what this meter can tell"


@final
@dataclass(frozen=True)
class Run:
    """One run between start and stop.

    Args:
        wall_s: its time in s.
        joules: energy in J by name of the meter.
    """

    wall_s: float
    joules: Mapping[str, float]


@final
@dataclass(frozen=True)
class Measurement:
    """Some runs of the same work.

    Args:
        gauges: meters that gave a number in every run and, where it was measured, at rest.
        not_run: meters that did not, and why.
        idle_s: seconds of rest measured before the first run; 0 where none was.
        idle_w: power at rest in W by name of the meter; empty where none was measured.
    """

    gauges: tuple[Gauge, ...]
    not_run: tuple[NotRun, ...]
    idle_s: float
    idle_w: Mapping[str, float]
    runs: tuple[Run, ...]

    @property
    def status(self) -> str:
        """MEASURED, or NOT_RUN where no meter gave a number."""
        return "MEASURED" if self.gauges and self.runs else "NOT_RUN"

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON; energies in J, powers in W, times in s."""
        rows = [self._meter(gauge) for gauge in self.gauges] if self.runs else []
        return {
            "label": "measured",
            "status": self.status,
            "wall_s": spread([run.wall_s for run in self.runs]),
            "idle_s": self.idle_s,
            "meters": rows,
            "total": self._energies([gauge.name for gauge in self.gauges]) if rows else None,
            "not_run": [asdict(item) for item in self.not_run],
            "notes": list(NOTES) if rows else [],
        }

    def _meter(self, gauge: Gauge) -> dict[str, Any]:
        facts = {"name": gauge.name, "boundary": gauge.boundary, "method": gauge.method}
        return {**facts, **self._energies([gauge.name])}

    def _energies(self, names: Sequence[str]) -> dict[str, Any]:
        """Total, share at rest and rest of some meters together; None where rest was not measured."""
        total = [sum(run.joules[name] for name in names) for run in self.runs]
        power = [joules / run.wall_s for joules, run in zip(total, self.runs, strict=True)]
        found: dict[str, Any] = {"energy_j": spread(total), "mean_w": spread(power)}
        if not self.idle_w:
            return {**found, "idle_w": None, "idle_j": None, "above_idle_j": None, "note": "power at rest not measured"}
        rest_w = sum(self.idle_w[name] for name in names)
        rest = [rest_w * run.wall_s for run in self.runs]
        above = [joules - share for joules, share in zip(total, rest, strict=True)]
        found |= {"idle_w": rest_w, "idle_j": spread(rest), "above_idle_j": spread(above)}
        return {**found, "note": BELOW if min(above) < 0 else ""}


def spread(values: Iterable[float]) -> dict[str, Any] | None:
    """Mean, least, most and sample standard deviation (None for a single value); None without values."""
    found = list(values)
    if not found:
        return None
    deviation = stdev(found) if len(found) > 1 else None
    return {"mean": fmean(found), "least": min(found), "most": max(found), "deviation": deviation, "values": found}
