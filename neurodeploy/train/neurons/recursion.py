"""The recursions of neurons in plain torch: for every device, and the reference of the compiled kernels.

Forward and backward walk through time by hand. Only the voltages before the reset are kept, and every step is a handful
of in-place passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from neurodeploy.graph.nodes import Reset
from neurodeploy.graph.numeric import STATE
from neurodeploy.train.neurons.cell import STEP, Cell, Gradients, Rule, State


def float_states(
    drive: Tensor, rule: Rule, bias: Tensor | None, state: State | None = None
) -> tuple[Tensor, Tensor, State]:
    """Voltages before the reset and spikes, both (time, batch, *shape), and the state after the last timestep.

    Args:
        state: before the first timestep; None: no current, and `rule.start` as the voltage.
    """
    voltage, spikes = torch.empty_like(drive), torch.empty_like(drive)
    remains = torch.full_like(drive[0], rule.start) if state is None else state.remains.clone()
    current = torch.zeros_like(drive[0]) if state is None or state.current is None else state.current.clone()
    offset = across(bias, drive)
    for time, inflow in enumerate(drive):
        if rule.keep_current:
            inflow = current.mul_(rule.keep_current).add_(inflow)
        torch.add(inflow, remains, alpha=rule.keep_voltage, out=voltage[time])
        if offset is not None:
            voltage[time].add_(offset)
        torch.gt(voltage[time], rule.threshold, out=spikes[time])
        _reset(voltage[time], spikes[time], rule.reset, rule.threshold, out=remains)
    return voltage, spikes, State(current if rule.keep_current else None, remains)


@final
@dataclass(frozen=True)
class IntegerStates:
    """What an integer layer computed, (time, batch, *shape) each: whole numbers in float32, currents in float64.

    Args:
        voltage: before the reset.
        remains: voltage after the reset.
    """

    spikes: Tensor
    current: Tensor
    voltage: Tensor
    remains: Tensor


def integer_states(
    drive: Tensor, cell: Cell, bias: Tensor | None, threshold: int, start: IntegerStates | None = None
) -> IntegerStates:
    """The equations of `Cuba` in exact integers.

    A step is computed in float64, where a state times 4096 stays far below 2**53; float32 holds voltages of 24 bits.

    Args:
        drive: (time, batch, *shape), integers in weight steps.
        cell: decays and reset; its float threshold is not used.
        bias: per channel, in weight steps.
        threshold: in weight steps.
        start: its last timestep is the state before this one; None is zero.
    """
    current = _currents(drive, cell, start)
    spikes, voltage, remains = (torch.empty_like(drive, dtype=torch.float32) for _ in range(3))
    left = torch.zeros_like(current[0]) if start is None else start.remains[-1].double()
    offset = None if bias is None else STEP * bias.double()
    offset = across(offset, drive)
    for time, flow in enumerate(current):
        level = truncate_(left.mul_(cell.keep_voltage)).add_(flow)
        if offset is not None:
            level.add_(offset)
        voltage[time] = level.clamp_(-STATE.high, STATE.high)
        torch.gt(voltage[time], threshold * STEP, out=spikes[time])
        _reset(voltage[time], spikes[time], cell.reset, threshold * STEP, out=remains[time])
        left.copy_(remains[time])
    return IntegerStates(spikes, current, voltage, remains)


def _currents(drive: Tensor, cell: Cell, start: IntegerStates | None) -> Tensor:
    """Currents of all timesteps; without memory they are the drive itself."""
    arriving = drive.double() * STEP
    if not cell.keep_current:
        return wrap(arriving)
    flow = torch.zeros_like(arriving[0]) if start is None else start.current[-1].clone()
    for inflow in arriving:
        inflow.add_(truncate_(flow.mul_(cell.keep_current)))
        inflow.copy_(wrap(inflow))
        flow.copy_(inflow)
    return arriving


def truncate_(value: Tensor) -> Tensor:
    """`value` rounded towards zero, in place; torch.trunc is not vectorised on CPU and ten times slower."""
    return value.sub_(value.frac())


def wrap(value: Tensor) -> Tensor:
    """The overflow of currents, `graph.numeric.wrap`; a copy only where a value overflows."""
    low, high = torch.aminmax(value)
    if low > STATE.low and high <= STATE.high + 1:
        return value
    return torch.remainder(value + STATE.high, 1 << STATE.bits) - STATE.high


def _reset(voltage: Tensor, spikes: Tensor, reset: Reset, threshold: int | float, out: Tensor) -> None:
    """Write the voltage after the reset to `out`; v - v * 1 is exactly 0."""
    if reset is Reset.ZERO:
        torch.addcmul(voltage, voltage, spikes, value=-1, out=out)
    else:
        torch.sub(voltage, spikes, alpha=threshold, out=out)


def across(bias: Tensor | None, drive: Tensor) -> Tensor | None:
    """`bias` with one axis for each axis of a map, so that it is added per channel."""
    return None if bias is None else bias.reshape(-1, *(1,) * (drive.ndim - 3))


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
    """The backward pass of both recursions.

    With a[t] the gradient with respect to v[t], r[t] the voltage after the reset and c[t] the gradient with respect to
    i[t]:

    a[t] = grad[t] surrogate(v[t] - threshold) + keep_voltage a[t+1] (1 - z[t], or 1 with Reset.SUBTRACT)
    c[t] = a[t] + keep_current c[t+1]
    drive gets c[t], bias the sum of a[t], keep_voltage the sum of a[t] r[t-1].

    Args:
        grad: with respect to the spikes.
        voltage: before the reset.
        before: the state in which the recursion began, if it was given one; its numbers are read only if `learned`.
        later: gradient with respect to the state after the last timestep; None: nothing depends on it.
    """
    grad, factor = grad.to(voltage.dtype), rule.surrogate.factor * rule.gain
    to_voltage = torch.empty_like(voltage)
    carry = torch.zeros_like(voltage[0]) if later is None else later.remains.clone()
    bump, share = torch.empty_like(voltage[0]), torch.zeros((), dtype=torch.float64, device=voltage.device)
    for time in reversed(range(len(voltage))):
        torch.sub(voltage[time], rule.threshold, out=bump)
        fired = (bump > 0).to(bump.dtype)
        rule.surrogate.shape_(bump)
        if rule.reset is Reset.ZERO:
            carry.addcmul_(carry, fired, value=-1)
        torch.addcmul(carry, bump, grad[time], value=factor, out=to_voltage[time])
        if learned:
            share += (to_voltage[time] * _remains(voltage, time, rule, before)).sum(dtype=torch.float64)
        torch.mul(to_voltage[time], rule.keep_voltage, out=carry)
    channels = [axis for axis in range(voltage.ndim) if axis != 2]
    bias = to_voltage.sum(channels) if biased else None
    flow = _through_currents(to_voltage, rule, later)
    state = None if before is None else State(flow, carry)
    return Gradients(to_voltage, bias, (share / rule.gain).float() if learned else None, state)


def _remains(voltage: Tensor, time: int, rule: Rule, before: State | None) -> Tensor:
    """The voltage that was left when timestep `time` began."""
    if not time:
        return torch.full_like(voltage[0], rule.start) if before is None else before.remains.to(voltage.dtype)
    level, out = voltage[time - 1], torch.empty_like(voltage[0])
    _reset(level, (level > rule.threshold).to(level.dtype), rule.reset, rule.threshold, out=out)
    return out


def _through_currents(change: Tensor, rule: Rule, later: State | None) -> Tensor | None:
    """Make c[t] of a[t] in place; the gradient with respect to the current before the first timestep."""
    if not rule.keep_current:
        return None
    if later is not None and later.current is not None:
        change[-1].add_(later.current)
    for time in reversed(range(len(change) - 1)):
        change[time].add_(change[time + 1], alpha=rule.keep_current)
    return change[0] * rule.keep_current
