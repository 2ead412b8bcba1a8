"""A published measurement with the work behind it: what a profile's prediction is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from neurodeploy.energy.counts import Counts

KINDS: Final[Mapping[str, str]] = {
    "band": "the ratio of every judged point must lie within the band",
    "interval": "a ratio is recorded, and whether the predicted interval contains the measured value",
    "bound": "the work is the most there can be: its share of the measured value is recorded",
    "rate": "two points, without spikes and with all: the mean rate that the measured value needs is recorded",
}
"""What is said about a case. Only `band` can pass or fail: for the others too little was published."""

ENERGIES: Final[Mapping[str, float]] = {"pJ": 1.0, "nJ": 1e-3, "uJ": 1e-6, "mJ": 1e-9, "J": 1e-12}
POWERS: Final[Mapping[str, float]] = {"nW": 1e-3, "uW": 1e-6, "mW": 1e-9, "W": 1e-12}
"""Unit -> factor from pJ, and from pJ per second."""

QUANTITIES: Final[Mapping[str, Mapping[str, float]]] = {"dynamic": ENERGIES, "total": ENERGIES, "power": POWERS}
"""What is compared -> its units; `power` is the total energy over the time that it was spent in."""


@final
@dataclass(frozen=True)
class Point:
    """One operating point of a case.

    Args:
        profile: name of a shipped profile, or path of a TOML file.
        measured: in the unit of the case, > 0.
        counts: the work of one inference (or of whatever the measured value is of).
        duration_s: its time in s; None takes the profile's time per step, where it has one.
        clock_hz: clock frequency in Hz; None takes the profile's.
        judged: whether the point counts for the verdict; the ends of a published range are shown only.
        rate: share of spikes that the work stands for, 0 or 1; cases of kind `rate` only.
    """

    name: str
    profile: str
    measured: float
    counts: Counts
    duration_s: float | None
    clock_hz: float | None
    judged: bool
    rate: float | None


@final
@dataclass(frozen=True)
class Case:
    """A validation case; see the package's text for its file.

    Args:
        name: file name without `.toml`, in capitals.
        kind: key of KINDS.
        quantity: key of QUANTITIES.
        boundary: what the measured value encloses: `core`, `chip` or `board`.
        source, tag: where the measured values come from and how sure that is; as in a profile.
        workload_source, workload_tag: the same for the work.
        band: least and greatest ratio of predicted to measured, for kind `band`.
        caveats: sentences a reader needs in order to use the result.
    """

    name: str
    title: str
    kind: str
    quantity: str
    unit: str
    boundary: str
    source: str
    tag: str
    workload_source: str
    workload_tag: str
    band: tuple[float, float] | None
    caveats: tuple[str, ...]
    points: tuple[Point, ...]

    @property
    def factor(self) -> float:
        """From pJ, or pJ per second, to the unit of the case."""
        return QUANTITIES[self.quantity][self.unit]
