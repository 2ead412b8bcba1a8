"""Cycles of processors: Xylo's published cycle model, and microcontrollers from counted instructions.

Xylo (profiles whose placement is `xylo`): cycles as `models.xylo` says; with clock_hz also the time of an inference. No
verified energy of a cycle exists: energy is not covered.

Microcontrollers (profiles that price a cycle):

    E = instructions x cycles per instruction x energy per cycle

Both factors are assumptions and are shown as such: instructions of one inference are given, or are those that an export
to C counted in QEMU; no verified number of cycles per instruction exists, so it must be given, a number or a range.
`cycles` from a cycle counter replaces both.

Boundary: the profile's.
Left out: memories outside the core, waiting states, peripherals, sensor, board; Xylo: all energy.
Source: synsense/rockpool 42cee1c for Xylo; the profile's for the energy of a cycle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Energy, Estimate, Line, NotCovered
from neurodeploy.energy.models.lines import made, refuse
from neurodeploy.energy.models.model import NONE, NUMBER, RANGE, Model, interval, number
from neurodeploy.energy.models.xylo import SOURCE, xylo_cycles
from neurodeploy.errors import ConfigError
from neurodeploy.profile import Profile

NAME: Final = "cycles"


def _estimate(counts: Counts, profile: Profile, options: Mapping[str, str]) -> Estimate:
    if profile.rules is not None and profile.rules.model == "xylo":
        return _xylo(counts, profile, options)
    if "cycle" not in profile.prices:
        refuse(
            profile, NAME, "price.cycle", "neither the energy of a cycle nor a cycle model", "cortex_m4 or xylo_audio2"
        )
    return _processor(counts, profile, options)


def _xylo(counts: Counts, profile: Profile, options: Mapping[str, str]) -> Estimate:
    amounts, clock = xylo_cycles(counts), number(options, "clock_hz")
    low, mid, high = (sum(getattr(each, end) for each in amounts) for end in ("low", "mid", "high"))
    said = [f"Cycles of one inference: {mid:.6g} ({low:.6g} to {high:.6g}), by {SOURCE}."]
    if clock is not None:
        said.append(
            f"Clock: {clock / 1e6:g} MHz, as given: {mid / clock:.4g} s, {low / clock:.4g} to {high / clock:.4g} s."
        )
    missing = (
        NotCovered("cycle", mid, "no verified energy of a cycle"),
        NotCovered("static", None, "the model knows no static power"),
        *(NotCovered("other", None, text) for text in profile.omits),
    )
    found = made(counts, profile, (), not_covered=missing, assumptions=said)
    return replace(found, amounts=amounts, duration_s=None if clock is None else mid / clock)


def _processor(counts: Counts, profile: Profile, options: Mapping[str, str]) -> Estimate:
    (low, high), said = _cycles(options)
    quantity, mid = profile.prices["cycle"], (low + high) / 2
    least, value, most = quantity.range
    line = Line("network", "cycle", mid, "price.cycle", quantity, Energy(low * least, mid * value, high * most))
    clock = number(options, "clock_hz") or (profile.clock.range[1] if profile.clock is not None else None)
    said += [f"Energy per cycle: {quantity.value:g} {quantity.unit} ({quantity.source})."]
    said += [] if clock is None else [f"Clock: {clock / 1e6:g} MHz; the time is cycles / clock."]
    missing = [NotCovered("other", None, text) for text in profile.omits]
    duration = None if clock is None else mid / clock
    found = made(counts, profile, [line], not_covered=missing, assumptions=said, duration_s=duration)
    return replace(found, included=dict.fromkeys(quantity.includes, "price.cycle"))


def _cycles(options: Mapping[str, str]) -> tuple[tuple[float, float], list[str]]:
    """(low, high) cycles of one inference, and what a reader must know of them."""
    counted, instructions = number(options, "cycles"), number(options, "instructions")
    if counted is not None:
        return (counted, counted), [f"Cycles of one inference: {counted:g}, as given."]
    if instructions is None:
        allowed = "cycles=NUMBER, or instructions=NUMBER with cycles_per_instruction=NUMBER or LOW..HIGH"
        hint = "An export to C counts instructions where QEMU is at hand: `neurodeploy export RUN --target c`."
        raise ConfigError(key="option instructions", found=NONE, allowed=allowed, hint=hint)
    if options["cycles_per_instruction"] == NONE:
        allowed = "a number or LOW..HIGH: no verified number exists"
        raise ConfigError(key="option cycles_per_instruction", found=NONE, allowed=allowed)
    low, high = interval(options["cycles_per_instruction"])
    span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return (instructions * low, instructions * high), [
        f"ASSUMPTION: {instructions:g} instructions of one inference, as given or as QEMU counted.",
        f"ASSUMPTION: {span} cycles per instruction, as given; no source.",
    ]


CYCLES: Final = Model(
    name=NAME,
    title="Cycles of a processor",
    formula="E = instructions x cycles per instruction x energy per cycle; Xylo: cycles by its own model, no energy",
    boundary="the profile's",
    omits=("memories outside the core and waiting states", "peripherals, sensor, board", "Xylo: energy"),
    source=f"{SOURCE}; energy of a cycle: the profile's",
    options={
        "instructions": (NONE, NUMBER),
        "cycles_per_instruction": (NONE, NUMBER, RANGE),
        "cycles": (NONE, NUMBER),
        "clock_hz": (NONE, NUMBER),
    },
    estimate=_estimate,
)
