"""Counts times a profile: energy of one inference, with everything that could not be priced."""

from __future__ import annotations

import math
from typing import final

from neurodeploy.energy.capacity import too_large
from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Energy, Estimate, Line, NotCovered
from neurodeploy.energy.node_counts import Uses
from neurodeploy.energy.operating_point import check_rate
from neurodeploy.errors import ConfigError
from neurodeploy.profile import Profile, Quantity
from neurodeploy.profile.quantity import WORK

PJ_PER_J = 1e12
WEIGHTED = ("accumulate", "multiply_accumulate", "weight_bit_read")
"""Work whose amount depends on whether stored zeros cost something."""


def price(
    counts: Counts,
    profile: Profile,
    duration_s: int | float | None = None,
    *,
    cycles: int | float | None = None,
    clock_hz: int | float | None = None,
) -> Estimate:
    """An estimate of the energy of one inference: static power x time + sum of work x its price.

    Args:
        duration_s: time of one inference in s. Without it: timesteps x the profile's time per step; without that,
            timesteps x the duration of a timestep in the data, that is, operation in real time. What was taken is an
            assumption of the estimate.
        cycles: processor cycles of one inference, for profiles that price cycles.
        clock_hz: clock frequency, for profiles with clock power; by default the profile's.
    Raises:
        ConfigError: an argument is not a finite positive number.
        ProfileError: an all-in price is used away from its operating point.
    """
    for key, given in (("duration_s", duration_s), ("cycles", cycles), ("clock_hz", clock_hz)):
        if given is not None and not (math.isfinite(given) and given > 0):
            raise ConfigError(key=key, found=given, allowed="a finite number > 0")
    return _Pricing(counts, profile).estimate(duration_s, cycles, clock_hz)


@final
class _Pricing:
    """One pricing run: what it charged, and what it assumed."""

    def __init__(self, counts: Counts, profile: Profile) -> None:
        self.counts, self.profile = counts, profile
        self.lines: list[Line] = []
        self.powers: list[Line] = []
        self.missing: list[NotCovered] = []
        self.assumed: list[str] = []
        self.duration_of = ""

    def estimate(
        self, duration_s: int | float | None, cycles: int | float | None, clock_hz: int | float | None
    ) -> Estimate:
        duration = self.duration(duration_s)
        self.check_rates(duration, cycles)
        self.charge_work()
        self.charge_cycles(cycles)
        self.charge_power(duration, clock_hz)
        inside = self.included()
        self.list_missing(inside)
        self.state_limits()
        return Estimate(
            profile=self.profile,
            lines=tuple(self.lines),
            power_lines=tuple(self.powers),
            not_covered=tuple(self.missing),
            included=inside,
            assumptions=tuple(self.assumed),
            duration_s=duration,
            duration_of=self.duration_of if duration is not None else "",
            too_large=too_large(self.counts, self.profile),
            samples=self.counts.samples,
            steps=self.counts.steps,
        )

    def duration(self, given: int | float | None) -> float | None:
        step, steps = self.profile.time_per_step, self.counts.steps
        if given is not None:
            self.assumed.append(f"Time of one inference: {given:g} s, as given.")
            self.duration_of = "given"
            return float(given)
        if step is not None:
            text = f"{steps:g} steps of {step.value:g} {step.unit} ({step.source})"
            self.assumed.append(f"Time of one inference: {text}.")
            self.duration_of = "chip"
            return steps * step.range[1]
        if self.counts.timestep_us is not None:
            span = steps * self.counts.timestep_us * 1e-6
            text = f"{steps:g} steps of {self.counts.timestep_us:g} µs, as long as the data lasts (real-time operation)"
            self.assumed.append(f"Time of one inference: {text}; the profile gives no time per step.")
            self.duration_of = "data"
            return span
        return None

    def check_rates(self, duration: float | None, cycles: int | float | None) -> None:
        """All-in prices, at the rate of the whole network."""
        for term, quantity in self.profile.prices.items():
            if quantity.at is None:
                continue
            amount = cycles if term == "cycle" else self.cost(self.counts.total(term), quantity)[0]
            if amount is not None:
                check_rate(self.profile, f"price.{term}", quantity, amount, duration)

    def charge_work(self) -> None:
        for node in self.counts.nodes:
            for term, uses in node.work.items():
                quantity = self.profile.prices.get(term)
                if quantity is not None:
                    amount, energy = self.cost(uses, quantity)
                    self.lines.append(Line(node.name, term, amount, f"price.{term}", quantity, energy))

    def cost(self, uses: Uses, quantity: Quantity) -> tuple[float, Energy]:
        """Amount per inference, and its energy; the interval spans both amounts where zero weights may cost nothing."""
        few, many = uses.nonzero / self.counts.samples, uses.stored / self.counts.samples
        low, mid, high = quantity.range
        if self.profile.skips_zero_weights:
            many = few
        least = many if self.profile.skips_zero_weights is False else few
        return many, Energy(least * low, many * mid, many * high)

    def charge_cycles(self, cycles: int | float | None) -> None:
        quantity = self.profile.prices.get("cycle")
        if quantity is None and cycles is not None:
            self.assumed.append("Cycles were given, but this profile has no price for a cycle: they are not used.")
        if quantity is not None and cycles is not None:
            low, mid, high = (cycles * each for each in quantity.range)
            self.assumed.append(f"Processor cycles of one inference: {cycles:g}, as given.")
            self.lines.append(Line("network", "cycle", float(cycles), "price.cycle", quantity, Energy(low, mid, high)))
        if quantity is not None and cycles is None:
            self.missing.append(
                NotCovered("cycle", None, "the cycles of one inference were not given (--option cycles=N)")
            )

    def charge_power(self, duration: float | None, clock_hz: int | float | None) -> None:
        clock = clock_hz if clock_hz is not None else self.profile.clock.range[1] if self.profile.clock else 0.0
        if self.profile.clock_power is not None:
            self.assumed.append(f"Clock: {clock / 1e6:g} MHz.")
        powers = (
            ("static", self.profile.static, 1.0),
            ("clock", self.profile.clock_power, clock),
            ("overhead", self.profile.overhead, 1.0),
        )
        for term, quantity, factor in powers:
            if quantity is not None and duration is not None:
                low, mid, high = (watts * factor * duration * PJ_PER_J for watts in quantity.range)
                self.powers.append(Line("network", term, duration, f"power.{term}", quantity, Energy(low, mid, high)))
            elif term == "static" and any(line.price.scope == "all_in" for line in self.lines):
                self.assumed.append("Static power: inside the all-in price.")
            elif term != "clock" or quantity is not None:
                reason = "the time of one inference is unknown" if quantity else f"this profile has no {term} power"
                self.missing.append(NotCovered(term, None, reason))
        if self.profile.static is not None and self.profile.static.scope == "chip":
            self.assumed.append("Static power: one chip, whole, whether or not the network fits it or fills it.")

    def included(self) -> dict[str, str]:
        """Work without a price of its own that is part of a number that was charged."""
        charged = {line.key: line.price for line in (*self.lines, *self.powers)}
        return {name: key for key, quantity in charged.items() for name in quantity.includes}

    def list_missing(self, inside: dict[str, str]) -> None:
        for term in WORK:
            total = self.counts.total(term)
            if total.stored and term not in self.profile.prices and term not in inside:
                reason = self.profile.unpriced.get(term, "this profile has no price for it")
                few = self.profile.skips_zero_weights and term in WEIGHTED
                amount = (total.nonzero if few else total.stored) / self.counts.samples
                self.missing.append(NotCovered(term, amount, reason))
        self.missing.extend(NotCovered("other", None, text) for text in self.profile.omits)

    def state_limits(self) -> None:
        """Sentences about what the interval does not say."""
        found = too_large(self.counts, self.profile)
        if found:
            self.assumed.append(f"TOO SMALL A CHIP: {found}. Priced as if one chip held the network.")
        if self.profile.stand_in:
            self.assumed.append("STAND-IN: the prices are those of another chip.")
        if self.profile.skips_zero_weights is None:
            self.assumed.append(
                "Whether zero weights cost energy is unknown: the interval covers both, the value counts them."
            )
        charged = {line.term: line.price for line in (*self.lines, *self.powers)}
        bare = [term for term, quantity in charged.items() if quantity.interval is None]
        if bare:
            self.assumed.append(f"No source gives an interval for: {', '.join(bare)}. The true uncertainty is larger.")
        for term, quantity in charged.items():
            if quantity.scope in ("all_in", "peak"):
                self.assumed.append(f"{term}: scope '{quantity.scope}', valid at its operating point only.")
            if quantity.scope == "unstated":
                self.assumed.append(f"{term}: its source does not say what this number contains.")
