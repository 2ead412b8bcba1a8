"""The recursions of `recursion` on CUDA, by Triton: one kernel for all timesteps of a layer, forward or backward.

A program holds the states of a block of neurons in registers, as float32, and walks through time; nothing but the
voltages before the reset is kept. For a drive of half precision these are the distances to the threshold in bfloat16:
rounding never moves a distance over 0, as it would a voltage over the threshold, so that the signs are the spikes. A
neuron then takes two bytes a timestep, and two for its spikes. Imported only where there is a GPU and Triton.
"""

from __future__ import annotations

from typing import Any, no_type_check

import torch
import triton
import triton.language as tl
from torch import Tensor

from neurodeploy.graph.nodes import Reset
from neurodeploy.graph.numeric import DECAY_ONE, STATE
from neurodeploy.train.neurons.cell import Gradients, Rule, State
from neurodeploy.train.neurons.memory_order import copied, in_order_of, inner, nothing
from neurodeploy.train.neurons.surrogate import Triangle

BLOCK = 256
"""Neurons of a program; small, so that the layers of small networks still reach all multiprocessors."""

OPTIONS = {"block": BLOCK, "enable_fp_fusion": False}
"""Of every launch; products are rounded before they are added, as on the CPU."""

SIZES = ["steps", "size", "inner", "channels"]
"""Arguments of which Triton should not compile a kernel each for 1, for multiples of 16 and for others."""

HIGH = tl.constexpr(STATE.high)
MASK = tl.constexpr((1 << STATE.bits) - 1)
ONE = tl.constexpr(DECAY_ONE)


def float_voltages(
    drive: Tensor, bias: Tensor | None, rule: Rule, before: State | None = None, *, spend: bool = False
) -> tuple[Tensor, Tensor, State | None]:
    """Like `kernels.float_voltages`, but for half precision: then the first result is v - threshold in bfloat16."""
    is_half = drive.dtype is not torch.float32
    voltage = drive.detach() if spend and not is_half else _empty(drive, torch.bfloat16 if is_half else torch.float32)
    spikes, after = torch.empty_like(drive), copied(before, drive)
    numbers = (float(rule.keep_current), float(rule.keep_voltage), float(rule.threshold), float(rule.start))
    arrays = _arrays(drive, bias, voltage, spikes, after)
    _float_steps[_grid(drive)](*arrays, *numbers, is_half=is_half, **_choices(rule, bias, after))
    return voltage, spikes, after


def integer_voltages(
    drive: Tensor, bias: Tensor | None, decays: tuple[int, int], rule: Rule, before: State | None = None
) -> tuple[Tensor, Tensor, State | None]:
    """Like `kernels.integer_voltages`: the same integers."""
    voltage, spikes, after = _empty(drive, torch.float32), torch.empty_like(drive), copied(before, drive)
    numbers = (*(DECAY_ONE - decay for decay in decays), round(rule.threshold), round(rule.gain))
    _integer_steps[_grid(drive)](*_arrays(drive, bias, voltage, spikes, after), *numbers, **_choices(rule, bias, after))
    return voltage, spikes, after


def gradients(
    grad: Tensor,
    voltage: Tensor,
    rule: Rule,
    *,
    biased: bool,
    learned: bool,
    before: State | None = None,
    later: State | None = None,
) -> Gradients:
    """Like `kernels.gradients`; sums over neurons are torch's, so they are the same in every run.

    Args:
        voltage: or, in bfloat16, the distances of `float_voltages`; the gradient of the drive then is bfloat16 too.
    """
    drive, surrogate = torch.empty_like(voltage), rule.surrogate
    total, share = (torch.empty_like(voltage[0], dtype=torch.float32) for _ in range(2))
    state = copied(nothing(before) if later is None else later, voltage)
    begun = None if before is None else in_order_of(before.remains.float(), voltage[0])
    numbers = (rule.keep_current, rule.keep_voltage, rule.threshold, rule.start)
    shape = (surrogate.width, abs(surrogate.factor) * rule.gain)
    _backward_steps[_grid(voltage)](
        in_order_of(grad, voltage),
        voltage,
        drive,
        total,
        share,
        total if begun is None else begun,
        total if state is None or state.current is None else state.current,
        total if state is None else state.remains,
        len(voltage),
        voltage[0].numel(),
        *(float(number) for number in (*numbers, *shape)),
        to_zero=rule.reset is Reset.ZERO,
        triangle=isinstance(surrogate, Triangle),
        has_current=state is not None and state.current is not None,
        has_state=state is not None,
        learned=learned,
        is_half=voltage.dtype is not torch.float32,
        **OPTIONS,
    )
    others = [axis for axis in range(total.ndim) if axis != 1]
    bias = total.sum(others) if biased else None
    keep = (share.sum(dtype=torch.float64) / rule.gain).float() if learned else None
    return Gradients(drive, bias, keep, state)


def _empty(drive: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.empty_like(drive, dtype=dtype)


def _grid(values: Tensor) -> tuple[int]:
    return (triton.cdiv(values[0].numel(), BLOCK),)


def _arrays(
    drive: Tensor, bias: Tensor | None, voltage: Tensor, spikes: Tensor, after: State | None
) -> tuple[Tensor | int, ...]:
    """What both forward kernels begin with; a tensor that stands for None is not read."""
    current = voltage if after is None or after.current is None else after.current
    channels = 1 if bias is None else len(bias)
    sizes = (len(drive), drive[0].numel(), inner(drive, channels), channels)
    states = (current, voltage if after is None else after.remains)
    return drive, voltage if bias is None else bias.float().contiguous(), voltage, spikes, *states, *sizes


def _choices(rule: Rule, bias: Tensor | None, after: State | None) -> dict[str, Any]:  # Any: Triton's constants
    return {
        "to_zero": rule.reset is Reset.ZERO,
        "has_bias": bias is not None,
        "has_current": after is not None and after.current is not None,
        "has_state": after is not None,
        **OPTIONS,
    }


@triton.jit
@no_type_check
def _given(values, places, own, is_given: tl.constexpr, otherwise):
    """The float32 `values` at `places`, or `otherwise` everywhere."""
    found = tl.zeros_like(places).to(tl.float32) + otherwise
    if is_given:
        found = tl.load(values + places, mask=own, other=0.0)
    return found


@triton.jit
@no_type_check
def _left(level, fired, threshold, to_zero: tl.constexpr):
    """The voltage after the reset."""
    after = level - threshold
    if to_zero:
        after = after * 0
    return tl.where(fired, after, level)


@triton.jit
@no_type_check
def _bump(distance, width, triangle: tl.constexpr):
    """The surrogate gradient up to its factor, see `surrogate`."""
    scaled = distance * (3.141592653589793 / width)
    bump = 1.0 / (scaled * scaled + 1.0)
    if triangle:
        bump = tl.maximum(width - tl.abs(distance), 0.0)
    return bump


@triton.jit(do_not_specialize=SIZES)
@no_type_check
def _float_steps(
    drive,
    bias,
    voltage,
    spikes,
    currents,
    remains,
    steps,
    size,
    inner,
    channels,
    keep_current,
    keep_voltage,
    threshold,
    start,
    to_zero: tl.constexpr,
    has_bias: tl.constexpr,
    has_current: tl.constexpr,
    has_state: tl.constexpr,
    is_half: tl.constexpr,
    block: tl.constexpr,
):
    places = tl.program_id(0) * block + tl.arange(0, block)
    own = places < size
    current = _given(currents, places, own, has_current, 0.0)
    left = _given(remains, places, own, has_state, start)
    push = _given(bias, (places // inner) % channels, own, has_bias, 0.0)
    place = places.to(tl.int64)
    for _ in range(steps):
        current = current * keep_current + tl.load(drive + place, mask=own, other=0.0).to(tl.float32)
        level = left * keep_voltage + current + push
        fired = level > threshold
        kept = level
        if is_half:
            kept = level - threshold
        tl.store(voltage + place, kept.to(voltage.dtype.element_ty), mask=own)
        tl.store(spikes + place, fired.to(tl.float32).to(spikes.dtype.element_ty), mask=own)
        left = _left(level, fired, threshold, to_zero)
        place += size
    if has_state:
        tl.store(remains + places, left, mask=own)
    if has_current:
        tl.store(currents + places, current, mask=own)


@triton.jit
@no_type_check
def _kept(state, keep):
    """state * keep / 4096 of int64, rounded towards zero."""
    share = (tl.abs(state) * keep) // ONE
    return tl.where(state < 0, -share, share)


@triton.jit(do_not_specialize=SIZES)
@no_type_check
def _integer_steps(
    drive,
    bias,
    voltage,
    spikes,
    currents,
    remains,
    steps,
    size,
    inner,
    channels,
    keep_current,
    keep_voltage,
    threshold,
    step,
    to_zero: tl.constexpr,
    has_bias: tl.constexpr,
    has_current: tl.constexpr,
    has_state: tl.constexpr,
    block: tl.constexpr,
):
    places = tl.program_id(0) * block + tl.arange(0, block)
    own = places < size
    current = _given(currents, places, own, has_current, 0.0).to(tl.int64)
    left = _given(remains, places, own, has_state, 0.0).to(tl.int64)
    push = _given(bias, (places // inner) % channels, own, has_bias, 0.0).to(tl.int64) * step
    place = places.to(tl.int64)
    for _ in range(steps):
        arrived = tl.load(drive + place, mask=own, other=0.0).to(tl.int64) * step
        current = ((_kept(current, keep_current) + arrived + HIGH) & MASK) - HIGH
        level = _kept(left, keep_voltage) + current + push
        level = tl.minimum(tl.maximum(level, -HIGH), HIGH)
        fired = level > threshold
        tl.store(voltage + place, level.to(tl.float32), mask=own)
        tl.store(spikes + place, fired.to(tl.float32), mask=own)
        left = _left(level, fired, threshold, to_zero)
        place += size
    if has_state:
        tl.store(remains + places, left.to(tl.float32), mask=own)
    if has_current:
        tl.store(currents + places, current.to(tl.float32), mask=own)


@triton.jit(do_not_specialize=SIZES[:2])
@no_type_check
def _backward_steps(
    grad,
    voltage,
    drive,
    totals,
    shares,
    begun,
    later_currents,
    later_remains,
    steps,
    size,
    keep_current,
    keep_voltage,
    threshold,
    start,
    width,
    factor,
    to_zero: tl.constexpr,
    triangle: tl.constexpr,
    has_current: tl.constexpr,
    has_state: tl.constexpr,
    learned: tl.constexpr,
    is_half: tl.constexpr,
    block: tl.constexpr,
):
    places = tl.program_id(0) * block + tl.arange(0, block)
    own = places < size
    carry = _given(later_remains, places, own, has_state, 0.0)
    flow = _given(later_currents, places, own, has_current, 0.0)
    change = tl.zeros((block,), tl.float32)
    total = tl.zeros((block,), tl.float32)
    share = tl.zeros((block,), tl.float32)
    place = places.to(tl.int64) + (steps - 1).to(tl.int64) * size
    for _ in range(steps):
        level = tl.load(voltage + place, mask=own, other=0.0).to(tl.float32)
        distance = level - threshold
        if is_half:
            distance = level
            level = distance + threshold
        fired = distance > 0
        if learned:
            share += change * _left(level, fired, threshold, to_zero)
        if to_zero:
            carry = tl.where(fired, 0.0, carry)
        arrived = tl.load(grad + place, mask=own, other=0.0).to(tl.float32)
        change = arrived * _bump(distance, width, triangle) * factor + carry
        carry = change * keep_voltage
        total += change
        tl.store(drive + place, (change + flow).to(drive.dtype.element_ty), mask=own)
        flow = (change + flow) * keep_current
        place -= size
    share += change * _given(begun, places, own, has_state, start)
    tl.store(totals + places, total, mask=own)
    tl.store(shares + places, share, mask=own)
    if has_state:
        tl.store(later_remains + places, carry, mask=own)
    if has_current:
        tl.store(later_currents + places, flow, mask=own)
