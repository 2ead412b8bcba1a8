"""Time and memory of one inference on a profile: what its numbers allow to say, as an interval, and nothing else.

Where a profile has the time of a timestep, an inference takes timesteps x that. Where it has times of operations on one
core, a timestep takes

    barrier + (sum over kinds of work k of count[k] per timestep x time[k]) / cores

at the low end with the work spread evenly over the cores of a placement (or over all of a chip), at the high end with
one core doing all of it; the middle takes the cores of the placement, or one core without a placement. Where cycles are
known, it is cycles / clock. Otherwise there is no time. Messages between cores, input and output are in none of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.models.lines import is_first
from neurodeploy.energy.models.xylo import SOURCE as XYLO_SOURCE
from neurodeploy.energy.models.xylo import xylo_cycles
from neurodeploy.errors import ConfigError, DataError
from neurodeploy.profile import Profile, Quantity
from neurodeploy.profile.quantity import OPERATION_TIMES

Range = tuple[float, float, float]
"""(low, mid, high)."""

ALSO: Final[Mapping[str, tuple[str, ...]]] = {"accumulate": ("multiply_accumulate",)}
"""Work that takes the time of other work: a weight that meets a graded value is still one weight."""


@final
@dataclass(frozen=True)
class Latency:
    """Time of one inference, and the bytes of the network.

    Args:
        steps: timesteps of an inference; the mean where they differ.
        step_s, inference_s: (low, mid, high) in s, or None where no source gives a time; `notes` says why.
        throughput_hz: (low, mid, high) inferences per second, one after the other.
        source: where the times come from; empty without times.
        bottleneck: what takes most of a step at the high end; empty without times.
        weight_bytes, state_bytes, buffer_bytes: of weights without biases, of neuron states, and of the values that
            arrive at synapses in one step, zeros included. Bits are packed; a chip's own encoding may need more.
        cores: of the placement, or None where none was given.
        notes: what a reader needs in order to use the numbers.
    """

    profile: Profile
    steps: int | float
    step_s: Range | None
    inference_s: Range | None
    throughput_hz: Range | None
    source: str
    bottleneck: str
    weight_bytes: int
    state_bytes: int
    buffer_bytes: int
    cores: int | None
    notes: tuple[str, ...]


def latency_dict(each: Latency) -> dict[str, Any]:
    """Plain values for JSON; times in s."""
    plain = {field.name: getattr(each, field.name) for field in fields(each)}
    ranges = {
        key: None if plain[key] is None else list(plain[key]) for key in ("step_s", "inference_s", "throughput_hz")
    }
    return {**plain, **ranges, "profile": each.profile.name, "notes": list(each.notes)}


@final
@dataclass(frozen=True)
class _Time:
    """Time of one timestep, where it comes from, what takes most of it, and what was assumed."""

    step_s: Range | None
    source: str = ""
    bottleneck: str = ""
    notes: tuple[str, ...] = ()


def latency(
    counts: Counts,
    profile: Profile,
    cores: int | None = None,
    *,
    cycles: Range | None = None,
    clock_hz: int | float | None = None,
) -> Latency:
    """Time and memory of one inference.

    Args:
        cores: that a placement uses; the network's work is spread over them.
        cycles: (low, mid, high) processor cycles of one inference; for Xylo its published model is taken without it.
        clock_hz: clock frequency; by default the profile's.
    Raises:
        ConfigError: a number is not positive.
    """
    if cores is not None and cores < 1:
        raise ConfigError(key="cores", found=cores, allowed="an integer >= 1")
    if clock_hz is not None and not 0 < clock_hz < float("inf"):
        raise ConfigError(key="clock_hz", found=clock_hz, allowed="a finite number > 0")
    time, steps = _time(counts, profile, cores, cycles, clock_hz), counts.steps
    whole = None if time.step_s is None else (steps * time.step_s[0], steps * time.step_s[1], steps * time.step_s[2])
    return Latency(
        profile=profile,
        steps=steps,
        step_s=time.step_s,
        inference_s=whole,
        throughput_hz=None if whole is None or not whole[0] else (1 / whole[2], 1 / whole[1], 1 / whole[0]),
        source=time.source,
        bottleneck=time.bottleneck,
        weight_bytes=sum(_bytes(node.weights * node.weight_bits) for node in counts.nodes),
        state_bytes=sum(_bytes(node.uses("state_bit_read").stored / _updates(counts)) for node in counts.nodes),
        buffer_bytes=sum(_bytes(n.inputs * n.input_bits) for n in counts.nodes if n.weight_bits and is_first(n)),
        cores=cores,
        notes=(*time.notes, *_real_time(counts)),
    )


def _bytes(bits: int | float) -> int:
    return -int(-bits // 8)


def _updates(counts: Counts) -> int | float:
    return counts.samples * counts.steps


def _time(
    counts: Counts, profile: Profile, cores: int | None, cycles: Range | None, clock_hz: int | float | None
) -> _Time:
    if profile.time_per_step is not None:
        note = "The time of a timestep is the profile's, whatever the network."
        return _Time(profile.time_per_step.range, profile.time_per_step.source, "the timestep itself", (note,))
    operations = {name: time for name, time in profile.times.items() if name in OPERATION_TIMES}
    if operations:
        return _by_operations(counts, profile, operations, cores)
    return _by_cycles(counts, profile, cycles, clock_hz)


def _by_operations(counts: Counts, profile: Profile, operations: Mapping[str, Quantity], cores: int | None) -> _Time:
    amounts = {name: _per_step(counts, (name, *ALSO.get(name, ()))) for name in operations}
    each = {name: [amounts[name] * end for end in time.range] for name, time in operations.items()}
    chip = profile.limits.get("cores_per_chip")
    most = cores if cores is not None else int(chip.range[2]) if chip is not None else 1
    barrier = profile.times["barrier"].range if "barrier" in profile.times else (0.0, 0.0, 0.0)
    low, mid, high = (sum(times[end] for times in each.values()) for end in range(3))
    step = (barrier[0] + low / most, barrier[1] + mid / (cores or 1), barrier[2] + high)
    longest = {name: times[2] for name, times in each.items()} | {"barrier": barrier[2]}
    used = [*operations.values(), *([profile.times["barrier"]] if "barrier" in profile.times else [])]
    return _Time(
        (step[0], max(step[0], step[1]), step[2]),
        "; ".join(dict.fromkeys(quantity.source for quantity in used)),
        max(longest, key=lambda name: longest[name]),
        tuple(_said(counts, profile, operations, cores, most)),
    )


def _said(
    counts: Counts, profile: Profile, operations: Mapping[str, Quantity], cores: int | None, most: int
) -> list[str]:
    where = "the placement's" if cores is not None else "no placement was given: all of one chip"
    found = [f"Low end: work spread evenly over {most} cores ({where}); high end: one core does all of it."]
    untimed = [name for name in OPERATION_TIMES if name not in operations and counts.total(name).stored]
    if untimed:
        found.append(f"No time is known for: {', '.join(untimed)}. The true time is longer.")
    if "barrier" not in profile.times:
        found.append("No time is known for the synchronisation at the end of a step.")
    if counts.total("multiply_accumulate").stored and "accumulate" in operations:
        found.append("A weight met by a graded value is taken to need the time of one met by a spike.")
    return [*found, "Messages between cores, input and output are left out."]


def _per_step(counts: Counts, terms: tuple[str, ...]) -> float:
    return sum(counts.total(term).stored for term in terms) / _updates(counts)


def _by_cycles(counts: Counts, profile: Profile, cycles: Range | None, clock_hz: int | float | None) -> _Time:
    source, why = "cycles as given", ""
    if cycles is None and profile.rules is not None and profile.rules.model == "xylo":
        cycles, source, why = _xylo(counts)
    elif cycles is None and "cycle" in profile.prices:
        why = "the cycles of one inference were not given"
    clock = clock_hz if clock_hz is not None else profile.clock.range[1] if profile.clock is not None else None
    if cycles is None:
        return _Time(None, notes=(f"No time: {why or 'no source gives one for this profile'}.",))
    if clock is None:
        return _Time(None, notes=(f"No time: {cycles[1]:.6g} cycles an inference, but no clock is known; give it.",))
    low, mid, high = (each / clock / counts.steps for each in cycles)
    return _Time((low, mid, high), f"{source}; clock {clock / 1e6:g} MHz", "cycles of the processor")


def _xylo(counts: Counts) -> tuple[Range | None, str, str]:
    """(cycles, their source, why there are none)."""
    try:
        found = xylo_cycles(counts)
    except DataError as error:
        return None, "", error.reason
    low, mid, high = (sum(getattr(each, end) for each in found) for end in ("low", "mid", "high"))
    return (low, mid, high), XYLO_SOURCE, ""


def _real_time(counts: Counts) -> tuple[str, ...]:
    if counts.timestep_us is None:
        return ()
    span = counts.steps * counts.timestep_us * 1e-6
    return (f"The recordings last {span:g} s: an answer in real time takes at least that.",)
