"""Neurons over time with surrogate gradients: the float recursion of training and the integer one of the targets.

Both walk through time in one autograd function whose backward is written by hand: only the spikes and the voltages
before the reset are kept, and every step is a handful of in-place passes. The reset is treated as a constant in the
backward pass (detached), as the gradient through it is the surrogate's and not the network's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from neurodeploy.graph.nodes import Reset
from neurodeploy.graph.numeric import DECAY_ONE, FRACTION_BITS, STATE
from neurodeploy.train import kernels
from neurodeploy.train.surrogate import Surrogate

STEP = 1 << FRACTION_BITS
"""Membrane steps of one weight step in an integer network."""


@final
@dataclass(frozen=True)
class Cell:
    """What the neurons of one layer have in common; see `graph.nodes.cuba.Cuba` for the equations.

    Args:
        current_decay, voltage_decay: 0..4096, share lost per timestep in 1/4096.
        threshold: fires when v > threshold; in units of the drive.
        reset: after a spike.
        surrogate: its width is in units of the drive.
    """

    current_decay: int
    voltage_decay: int
    threshold: int | float
    reset: Reset
    surrogate: Surrogate

    @property
    def keep_current(self) -> float:
        """Share of the current that survives a timestep."""
        return (DECAY_ONE - self.current_decay) / DECAY_ONE

    @property
    def keep_voltage(self) -> float:
        """Share of the voltage that survives a timestep."""
        return (DECAY_ONE - self.voltage_decay) / DECAY_ONE


@final
@dataclass(frozen=True)
class _Recursion:
    """How the backward pass sees a forward pass: thresholds and widths in the units of its voltages.

    Args:
        gain: change of voltage per change of drive.
    """

    cell: Cell
    threshold: int | float
    surrogate: Surrogate
    gain: float


def spike(
    drive: Float[Tensor, "time batch *shape"], cell: Cell, bias: Float[Tensor, " channel"] | None = None
) -> Float[Tensor, "time batch *shape"]:
    """Spikes (0 or 1) of neurons which receive `drive`, in float32; state starts at zero.

    Args:
        drive: summed input of each timestep; half precision is computed in float32.
        bias: added to the voltage at every step, per channel or neuron.
    """
    offset = None if bias is None else bias.float()
    result: Tensor = _FloatSpikes.apply(drive.float(), offset, cell)  # type: ignore[no-untyped-call]  # torch's apply
    return result


def spike_integer(
    drive: Float[Tensor, "time batch *shape"],
    cell: Cell,
    bias: Float[Tensor, " channel"] | None,
    scale: float,
) -> Float[Tensor, "time batch *shape"]:
    """Spikes of the integer recursion, with the gradients of the float one (straight through the rounding).

    Args:
        drive: integers in weight steps, that is `scale` times the float drive.
        cell: in float units; its threshold becomes round(threshold * scale).
        bias: integers in weight steps.
        scale: weight steps per unit of the float network.
    """
    result: Tensor = _IntegerSpikes.apply(drive, bias, cell, scale)  # type: ignore[no-untyped-call]  # torch's apply
    return result


class _FloatSpikes(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, drive: Tensor, bias: Tensor | None, cell: Cell) -> Tensor:
        if kernels.fits(drive):
            keep = (cell.keep_current, cell.keep_voltage)
            voltage, spikes = kernels.float_voltages(drive, bias, keep, cell.threshold, cell.reset)
        else:
            voltage, spikes = float_states(drive, cell, bias)
        ctx.save_for_backward(voltage, spikes)
        ctx.recursion = _Recursion(cell, cell.threshold, cell.surrogate, gain=1.0)
        ctx.biased = bias is not None and ctx.needs_input_grad[1]
        return spikes

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        drive, bias = _backward(ctx, grads[0])
        return drive, bias, None


class _IntegerSpikes(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, drive: Tensor, bias: Tensor | None, cell: Cell, scale: float) -> Tensor:
        threshold = round(cell.threshold * scale)
        # Some convolution algorithms (Winograd, FFT) return integers with an error far below one half.
        drive = drive.round()
        if kernels.fits(drive):
            decays = (cell.current_decay, cell.voltage_decay)
            voltage, spikes = kernels.integer_voltages(drive, bias, decays, threshold, cell.reset, STEP)
        else:
            states = integer_states(drive, cell, bias, threshold)
            voltage, spikes = states.voltage, states.spikes
        ctx.save_for_backward(voltage, spikes)
        surrogate = type(cell.surrogate)(cell.surrogate.width * scale * STEP)
        ctx.recursion = _Recursion(cell, float(threshold * STEP), surrogate, gain=float(STEP))
        ctx.biased = bias is not None and ctx.needs_input_grad[1]
        return spikes

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        drive, bias = _backward(ctx, grads[0])
        return drive, bias, None, None


def float_states(drive: Tensor, cell: Cell, bias: Tensor | None) -> tuple[Tensor, Tensor]:
    """Voltages before the reset and spikes, both (time, batch, *shape)."""
    voltage, spikes = torch.empty_like(drive), torch.empty_like(drive)
    remains, current = torch.zeros_like(drive[0]), torch.zeros_like(drive[0])
    offset = _across(bias, drive)
    for time, inflow in enumerate(drive):
        if cell.keep_current:
            inflow = current.mul_(cell.keep_current).add_(inflow)
        torch.add(inflow, remains, alpha=cell.keep_voltage, out=voltage[time])
        if offset is not None:
            voltage[time].add_(offset)
        torch.gt(voltage[time], cell.threshold, out=spikes[time])
        _reset(voltage[time], spikes[time], cell.reset, cell.threshold, out=remains)
    return voltage, spikes


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
    offset = _across(offset, drive)
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


def _across(bias: Tensor | None, drive: Tensor) -> Tensor | None:
    """`bias` with one axis for each axis of a map, so that it is added per channel."""
    return None if bias is None else bias.reshape(-1, *(1,) * (drive.ndim - 3))


def _backward_on_cpu(
    grad: Tensor, voltage: Tensor, recursion: _Recursion, biased: bool
) -> tuple[Tensor, Tensor | None]:
    """What `_backward` gives, by the compiled kernel."""
    cell = recursion.cell
    keep, channels = (cell.keep_current, cell.keep_voltage), voltage.shape[2] if biased else 0
    numbers = (keep, recursion.threshold, cell.reset, recursion.surrogate, recursion.gain, channels)
    return kernels.gradients(grad, voltage, *numbers)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None]:
    """Gradients with respect to drive and bias.

    With a[t] the gradient with respect to v[t] and c[t] that with respect to i[t]:
    a[t] = grad[t] surrogate(v[t] - threshold) + keep_voltage a[t+1] (1 - z[t], or 1 with Reset.SUBTRACT)
    c[t] = a[t] + keep_current c[t+1];   drive gets c[t], bias gets the sum of a.
    """
    voltage, spikes = ctx.saved_tensors
    recursion: _Recursion = ctx.recursion
    if kernels.fits(voltage):
        return _backward_on_cpu(grad, voltage, recursion, ctx.biased)
    cell, factor = recursion.cell, recursion.surrogate.factor * recursion.gain
    to_voltage = torch.empty_like(voltage)
    later, bump = torch.zeros_like(voltage[0]), torch.empty_like(voltage[0])
    for time in reversed(range(len(voltage))):
        torch.sub(voltage[time], recursion.threshold, out=bump)
        recursion.surrogate.shape_(bump)
        if cell.reset is Reset.ZERO:
            later.addcmul_(later, spikes[time], value=-1)
        torch.addcmul(later, bump, grad[time], value=factor, out=to_voltage[time])
        torch.mul(to_voltage[time], cell.keep_voltage, out=later)
    channels = [axis for axis in range(voltage.ndim) if axis != 2]
    bias = to_voltage.sum(channels) if ctx.biased else None
    if cell.keep_current:
        for time in reversed(range(len(voltage) - 1)):
            to_voltage[time].add_(to_voltage[time + 1], alpha=cell.keep_current)
    return to_voltage, bias
