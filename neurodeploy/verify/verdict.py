"""What a check ended with, and what it had looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import final


class Status(Enum):
    """How a check ended."""

    EXACT = "EXACT"
    """Every compared value was equal, and every layer of neurons spiked."""
    WITHIN_TOLERANCE = "WITHIN_TOLERANCE"
    """Float runtimes only: all differences are of rounding size; the largest is stated."""
    MISMATCH = "MISMATCH"
    """A value differs, or a file changed since export."""
    NOT_PROVEN = "NOT_PROVEN"
    """No difference, but the data could not have shown one: nothing was compared, or a layer never spiked."""
    NOT_RUN = "NOT_RUN"
    """The runtime is not installed, or its board is too small for this network."""


@final
@dataclass(frozen=True)
class Verdict:
    """The answer of one runtime.

    Args:
        samples, steps: how much data ran, and for how many timesteps each.
        layers: layers of neurons (and Readouts) whose values were compared.
        spikes: spikes of the reference in those layers.
        values: numbers compared.
        exits: samples that were allowed to stop early, and whose timestep and answer were compared.
        not_exposed: values of the network which this runtime does not give out.
        largest_difference: as a share of the magnitudes added up in that number; float runtimes only.
        reason: why it is not EXACT, or "".
    """

    target: str
    runtime: str
    status: Status
    samples: int = 0
    steps: int = 0
    layers: int = 0
    spikes: int = 0
    values: int = 0
    exits: int = 0
    not_exposed: tuple[str, ...] = ()
    largest_difference: float | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**asdict(self), "status": self.status.value, "not_exposed": list(self.not_exposed)}

    def __str__(self) -> str:
        text = f"{self.target}: {self.runtime}: {self.status.value}"
        if self.values:
            text += f" ({self.samples} samples, {self.steps} steps, {self.layers} layers, "
            text += f"{self.spikes} spikes, {self.values} values compared"
            if self.exits:
                text += f", {self.exits} early exits"
            if self.largest_difference is not None:
                text += f", largest difference {self.largest_difference:.2g}"
            text += ")"
        return f"{text}: {self.reason}" if self.reason else text
