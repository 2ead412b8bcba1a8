"""The recursions of `recursion` compiled for the CPU: one pass over memory for all timesteps of a layer.

Neurons are independent, so each thread takes blocks of neurons and walks through time with their states in cache. Plain
torch makes about six passes over a layer per timestep.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurodeploy.graph.nodes import Reset
from neurodeploy.graph.numeric import DECAY_ONE
from neurodeploy.train.cell import Gradients, Rule, State
from neurodeploy.train.loops import BLOCK, backward_steps, float_steps, integer_steps
from neurodeploy.train.surrogate import Arctan, Surrogate, Triangle
from neurodeploy.train.threads import spread

Flat = np.ndarray[Any, np.dtype[Any]]
"""(time, neurons) in the order of memory."""

SURROGATES = (Triangle, Arctan)
"""What the compiled loops know."""


def fits(drive: Tensor, surrogate: Surrogate) -> bool:
    """Whether the kernels take `drive` (time, batch, *shape): float32 on the CPU, without gaps, time outermost."""
    known = drive.device.type == "cpu" and drive.dtype is torch.float32 and isinstance(surrogate, SURROGATES)
    return known and _order(drive) is not None


def float_voltages(
    drive: Tensor, bias: Tensor | None, rule: Rule, before: State | None = None, *, spend: bool = False
) -> tuple[Tensor, Tensor, State | None]:
    """Voltages before the reset, spikes and, if one was given, the state; like `recursion.float_states`.

    Args:
        spend: the voltages take the memory of `drive`.
    """
    spikes = torch.empty_like(drive)
    voltage = drive.detach() if spend else torch.empty_like(drive)
    offset = np.zeros(1, np.float32) if bias is None else bias.detach().numpy()
    numbers = (rule.keep_current, rule.keep_voltage, rule.threshold, rule.start)
    rest = (*map(np.float32, numbers), rule.reset is Reset.ZERO, None if spend else _flat(voltage), _flat(spikes))
    after, states = _states(before, drive)
    spread(float_steps, _blocks(drive), _flat(drive), offset, _inner(drive, len(offset)), *rest, *states)
    return voltage, spikes, after


def integer_voltages(
    drive: Tensor, bias: Tensor | None, decays: tuple[int, int], rule: Rule, before: State | None = None
) -> tuple[Tensor, Tensor, State | None]:
    """The same in the exact integers of `Cuba`, in membrane steps; `drive` and `bias` hold integers in weight steps.

    Args:
        decays: of current and voltage, in 1/4096.
        rule: threshold in membrane steps; its gain is the membrane steps of a weight step.
    """
    voltage, spikes = torch.empty_like(drive), torch.empty_like(drive)
    offset = np.zeros(1, np.float64) if bias is None else bias.detach().double().numpy() * rule.gain
    keep = tuple(float(DECAY_ONE - decay) for decay in decays)
    rest = (*keep, float(rule.threshold), rule.reset is Reset.ZERO, float(rule.gain), _flat(voltage), _flat(spikes))
    after, states = _states(before, drive)
    spread(integer_steps, _blocks(drive), _flat(drive), offset, _inner(drive, len(offset)), *rest, *states)
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
    """The backward pass of both recursions; see `recursion.gradients`."""
    drive, blocks = torch.empty_like(voltage), _blocks(voltage)
    channels = voltage.shape[2] if biased else 0
    biases = np.zeros((blocks, channels), np.float64) if biased else None
    shares = np.zeros(blocks, np.float64) if learned else None
    surrogate = rule.surrogate
    numbers = (rule.keep_current, rule.keep_voltage, rule.threshold, rule.start)
    shape = (surrogate.width, abs(surrogate.factor) * rule.gain)
    rest = (*map(np.float32, (*numbers, *shape)), rule.reset is Reset.ZERO, isinstance(surrogate, Triangle))
    state, changes = _states(_nothing(before) if later is None else later, voltage)
    left = None if before is None or not learned else _flat_state(before.remains, voltage)
    arrays = (_flat(_laid_out(grad, voltage)), _flat(voltage), _inner(voltage, max(channels, 1)))
    spread(backward_steps, blocks, *arrays, *rest, _flat(drive), biases, shares, left, *changes)
    bias = None if biases is None else torch.from_numpy(biases.sum(0)).float()
    share = None if shares is None else torch.tensor(shares.sum() / rule.gain, dtype=torch.float32)
    return Gradients(drive, bias, share, state)


def _order(drive: Tensor) -> tuple[int, ...] | None:
    """Axes from the outermost to the innermost, time first, or None where the memory has gaps or time is inside."""
    strides = drive.stride()
    order = sorted(range(drive.ndim), key=lambda axis: (-strides[axis], drive.shape[axis] != 1, axis))
    order = [0, *(axis for axis in order if axis)]
    return tuple(order) if drive.permute(order).is_contiguous() else None


def _flat(value: Tensor) -> Flat:
    order = _order(value)
    assert order is not None, "callers ask `fits` first"
    return np.asarray(value.detach().permute(order).reshape(len(value), -1).numpy())


def _flat_state(value: Tensor, values: Tensor) -> Flat:
    """`value` (batch, *shape) in the order of `values` (time, batch, *shape)."""
    return np.asarray(_flat(_laid_out(value.float(), values[0])[None])[0])


def _laid_out(value: Tensor, like: Tensor) -> Tensor:
    """`value` in the memory layout of `like`."""
    return value if value.stride() == like.stride() else torch.empty_like(like).copy_(value)


def _states(state: State | None, values: Tensor) -> tuple[State | None, tuple[Flat | None, Flat | None]]:
    """A copy of `state` laid out like `values`, and the current and voltage in it for a kernel to change."""
    if state is None:
        return None, (None, None)
    parts = (state.current, state.remains)
    current, remains = (None if part is None else torch.empty_like(values[0]).copy_(part) for part in parts)
    assert remains is not None, "a state has a voltage"
    flat = (None if current is None else _flat(current[None])[0], _flat(remains[None])[0])
    return State(current, remains), flat


def _nothing(state: State | None) -> State | None:
    """Zeros in the place of a state."""
    if state is None:
        return None
    return State(None if state.current is None else torch.zeros_like(state.current), torch.zeros_like(state.remains))


def _blocks(value: Tensor) -> int:
    return (value[0].numel() + BLOCK - 1) // BLOCK


def _inner(drive: Tensor, channels: int) -> int:
    """Neurons between one channel and the next, axis 2 of (time, batch, channel, ...); all of them with one channel."""
    return drive.stride(2) if channels > 1 and drive.shape[2] > 1 else drive[0].numel()
