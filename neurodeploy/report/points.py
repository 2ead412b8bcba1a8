"""A run as one point among others: what it gets right, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from neurodeploy.energy import Counts, Energy, Estimate, bit_budget
from neurodeploy.energy.bit_budget import mean_budget
from neurodeploy.energy.latency import Latency
from neurodeploy.energy.priced import Refused
from neurodeploy.profile import Profile

NORMAL_95: Final = 1.959964
"""Standard deviations around the mean of a normal distribution that hold 95 % of it."""


@final
@dataclass(frozen=True)
class Work:
    """What one inference takes, whatever the hardware.

    Args:
        steps: timesteps; the mean where answers come early.
        samples: recordings that were counted, from `source`.
        synaptic_operations: exact, per inference.
        budget: mean bit budget of a synapse; s_ace and ns_ace in bit operations.
    """

    steps: int | float
    samples: int
    source: str
    synaptic_operations: float
    budget: float
    s_ace: float
    ns_ace: float


@final
@dataclass(frozen=True)
class RunPoint:
    """One run; one that stops early is a point of its own.

    Args:
        name: of the run, unique among those that are shown.
        error: why there is nothing else; empty where there is.
        dataset: whose test recordings the accuracy is of.
        accuracy: share of right answers of the deployed integers, or None where it was not measured.
        recordings: that the accuracy was measured on; 0 without one.
        estimates, refused, latencies: on each profile.
    """

    name: str
    error: str = ""
    dataset: str = ""
    accuracy: float | None = None
    recordings: int = 0
    work: Work | None = None
    estimates: tuple[Estimate, ...] = ()
    refused: tuple[Refused, ...] = ()
    latencies: tuple[Latency, ...] = ()

    @property
    def accuracy_range(self) -> tuple[float, float] | None:
        """Between which shares the accuracy on all such recordings lies (Wilson interval, 95 %); None without one."""
        if self.accuracy is None or not self.recordings:
            return None
        return wilson(self.accuracy, self.recordings)

    def estimate(self, profile: str) -> Estimate | None:
        """Its estimate on that profile, or None where there is none."""
        return next((each for each in self.estimates if each.profile.name == profile), None)

    def energy(self, profile: str) -> Energy | None:
        """Dynamic energy on that profile, or None."""
        found = self.estimate(profile)
        return None if found is None else found.dynamic

    def refusal(self, profile: str) -> str:
        """Why that profile was refused; empty where it was not."""
        return next((each.reason for each in self.refused if each.profile.name == profile), "")

    def latency(self, profile: str) -> Latency | None:
        """Its latency on that profile, or None."""
        return next((each for each in self.latencies if each.profile.name == profile), None)


def wilson(share: float, number: int) -> tuple[float, float]:
    """(low, high) end of the Wilson score interval at 95 % of a share of `number` trials."""
    square = NORMAL_95**2
    middle = share + square / (2 * number)
    spread = NORMAL_95 * math.sqrt(share * (1 - share) / number + square / (4 * number**2))
    low, high = (middle - spread) / (1 + square / number), (middle + spread) / (1 + square / number)
    return max(0.0, low), min(1.0, high)


def work_of(counts: Counts, source: str) -> Work:
    """The work of an inference, from its counts."""
    layers = bit_budget(counts)
    return Work(
        steps=counts.steps,
        samples=counts.samples,
        source=source,
        synaptic_operations=counts.synaptic_operations,
        budget=float(mean_budget(layers)) if layers else 0.0,
        s_ace=float(sum(layer.dense for layer in layers)),
        ns_ace=float(sum(layer.spiking for layer in layers)),
    )


def profiles_of(points: Sequence[RunPoint]) -> tuple[str, ...]:
    """Names of all profiles of the points, in order of first appearance."""
    return tuple(profiles_by_name(points))


def profiles_by_name(points: Sequence[RunPoint]) -> dict[str, Profile]:
    """All profiles of the points, also those that were refused."""
    found: dict[str, Profile] = {}
    for point in points:
        found |= {each.profile.name: each.profile for each in point.estimates}
        found |= {each.profile.name: each.profile for each in point.refused}
    return found
