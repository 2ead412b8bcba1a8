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
from neurodeploy.train.neurons.cell import Gradients, Rule, State
from neurodeploy.train.neurons.loops import BLOCK, backward_steps, float_steps, integer_steps
from neurodeploy.train.neurons.memory_order import copied, in_order_of, inner, nothing, order
from neurodeploy.train.neurons.surrogate import Triangle
from neurodeploy.train.threads import spread

Flat = np.ndarray[Any, np.dtype[Any]]
"""(time, neurons) in the order of memory."""


def float_voltages(
    drive: Tensor, bias: Tensor | None, rule: Rule, before: State | None = None, *, spend: bool = False
) -> tuple[Tensor, Tensor, State | None]:
    """Voltages before the reset, spikes and, if one was given, the state; like `recursion.float_states`.

    Args:
        spend: the voltages take the memory of `drive`.
    """
    precision, drive = drive.dtype, drive.float()
    spikes = torch.empty_like(drive)
    voltage = drive.detach() if spend else torch.empty_like(drive)
    offset = np.zeros(1, np.float32) if bias is None else bias.detach().numpy()
    rest = (*forward_numbers(rule), rule.reset is Reset.ZERO, None if spend else flat(voltage), flat(spikes))
    after, states = _states(before, drive)
    spread(float_steps, blocks_of(drive), flat(drive), offset, inner(drive, len(offset)), *rest, *states, None)
    return voltage, spikes.to(precision), after


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
    rest = (*keep, float(rule.threshold), rule.reset is Reset.ZERO, float(rule.gain), flat(voltage), flat(spikes))
    after, states = _states(before, drive)
    spread(integer_steps, blocks_of(drive), flat(drive), offset, inner(drive, len(offset)), *rest, *states)
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
    drive, blocks = torch.empty_like(voltage), blocks_of(voltage)
    channels = voltage.shape[2] if biased else 0
    biases = np.zeros((blocks, channels), np.float64) if biased else None
    shares = np.zeros(blocks, np.float64) if learned else None
    state, changes = _states(nothing(before) if later is None else later, voltage)
    left = None if before is None or not learned else _flat_state(before.remains, voltage)
    arrays = (flat(in_order_of(grad.float(), voltage)), flat(voltage), inner(voltage, max(channels, 1)))
    sums = (flat(drive), biases, shares, left, *changes, None, None, None, None)
    spread(backward_steps, blocks, *arrays, *forward_numbers(rule), *backward_numbers(rule), *sums)
    bias = None if biases is None else torch.from_numpy(biases.sum(0)).float()
    share = None if shares is None else torch.tensor(shares.sum() / rule.gain, dtype=torch.float32)
    return Gradients(drive, bias, share, state)


def forward_numbers(rule: Rule) -> tuple[np.float32, ...]:
    """Of a recursion in floats, as the loops take them."""
    keep_current, keep_voltage, threshold, start = map(
        np.float32, (rule.keep_current, rule.keep_voltage, rule.threshold, rule.start)
    )
    return keep_current, keep_voltage, threshold, start


def backward_numbers(rule: Rule) -> tuple[np.float32 | bool, ...]:
    """Width and factor of the surrogate, and the choices of reset and surrogate."""
    width, factor = np.float32(rule.surrogate.width), np.float32(abs(rule.surrogate.factor) * rule.gain)
    return width, factor, rule.reset is Reset.ZERO, isinstance(rule.surrogate, Triangle)


def flat(values: Tensor) -> Flat:
    """A view (time, neurons) in the order of memory."""
    axes = order(values)
    assert axes is not None, "callers ask `fits` first"
    return np.asarray(values.detach().permute(axes).reshape(len(values), -1).numpy())


def _flat_state(value: Tensor, values: Tensor) -> Flat:
    """`value` (batch, *shape) in the order of `values` (time, batch, *shape)."""
    return np.asarray(flat(in_order_of(value.float(), values[0])[None])[0])


def _states(state: State | None, values: Tensor) -> tuple[State | None, tuple[Flat | None, Flat | None]]:
    """A copy of `state`, and the current and voltage in it for a loop to change."""
    found = copied(state, values)
    if found is None:
        return None, (None, None)
    return found, (None if found.current is None else flat(found.current[None])[0], flat(found.remains[None])[0])


def blocks_of(values: Tensor) -> int:
    """Blocks of neurons that threads share out."""
    return (values[0].numel() + BLOCK - 1) // BLOCK
