"""The recursions of `cells` compiled for the CPU: one pass over memory for all timesteps of a layer.

Neurons are independent, so each thread takes blocks of neurons and walks through time with their states in cache. Plain
torch makes about six passes over a layer per timestep; `cells` keeps that form for CUDA and as the reference that these
kernels are tested against.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, no_type_check

import numpy as np
import torch
from torch import Tensor

from neurodeploy.fast.kernels import compiled
from neurodeploy.graph.nodes import Reset
from neurodeploy.graph.numeric import DECAY_ONE, STATE
from neurodeploy.train.surrogate import Surrogate, Triangle

BLOCK = 2048
"""Neurons whose states a thread holds at a time: 8 KB per state, less than a first-level cache."""

Flat = np.ndarray[Any, np.dtype[Any]]
"""(time, neurons) in the order of memory."""

HIGH = float(STATE.high)
RANGE = float(1 << STATE.bits)
SHARE = 1.0 / DECAY_ONE


def fits(drive: Tensor) -> bool:
    """Whether the kernels take `drive` (time, batch, *shape): float32 on the CPU, without gaps, time outermost."""
    return drive.device.type == "cpu" and drive.dtype is torch.float32 and _order(drive) is not None


def float_voltages(
    drive: Tensor, bias: Tensor | None, keep: tuple[float, float], threshold: float, reset: Reset
) -> tuple[Tensor, Tensor]:
    """Voltages before the reset and spikes, like `cells.float_states`.

    Args:
        keep: shares of current and voltage that survive a timestep.
    """
    voltage, spikes = torch.empty_like(drive), torch.empty_like(drive)
    offset = np.zeros(1, np.float32) if bias is None else bias.detach().numpy()
    numbers = (*map(np.float32, keep), np.float32(threshold), reset is Reset.ZERO)
    _spread(_float_steps, _flat(drive), offset, _inner(drive, len(offset)), *numbers, _flat(voltage), _flat(spikes))
    return voltage, spikes


def integer_voltages(
    drive: Tensor, bias: Tensor | None, decays: tuple[int, int], threshold: int, reset: Reset, step: int
) -> tuple[Tensor, Tensor]:
    """The same in the exact integers of `Cuba`, in membrane steps; `drive` and `bias` hold integers in weight steps.

    Args:
        decays: of current and voltage, in 1/4096.
        threshold: in weight steps.
        step: membrane steps of one weight step.
    """
    voltage, spikes = torch.empty_like(drive), torch.empty_like(drive)
    offset = np.zeros(1, np.float64) if bias is None else bias.detach().double().numpy() * step
    keep = tuple(float(DECAY_ONE - decay) for decay in decays)
    numbers = (*keep, float(threshold * step), reset is Reset.ZERO, float(step))
    _spread(_integer_steps, _flat(drive), offset, _inner(drive, len(offset)), *numbers, _flat(voltage), _flat(spikes))
    return voltage, spikes


def gradients(
    grad: Tensor,
    voltage: Tensor,
    keep: tuple[float, float],
    threshold: float,
    reset: Reset,
    surrogate: Surrogate,
    gain: float,
    channels: int,
) -> tuple[Tensor, Tensor | None]:
    """Gradients with respect to drive and, where `channels` is not 0, to the bias; see `cells._backward`."""
    if grad.stride() != voltage.stride():
        grad = torch.empty_like(voltage).copy_(grad)
    drive = torch.empty_like(voltage)
    blocks = (voltage[0].numel() + BLOCK - 1) // BLOCK
    partial = np.zeros((blocks, max(channels, 1)), np.float64)
    shape = (isinstance(surrogate, Triangle), np.float32(surrogate.width), np.float32(abs(surrogate.factor) * gain))
    numbers = (*map(np.float32, keep), np.float32(threshold), reset is Reset.ZERO, *shape)
    inner = _inner(voltage, max(channels, 1))
    _spread(_backward_steps, _flat(grad), _flat(voltage), inner, *numbers, _flat(drive), partial)
    return drive, torch.from_numpy(partial.sum(0)).float() if channels else None


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


def _inner(drive: Tensor, channels: int) -> int:
    """Neurons that lie between one channel and the next: axis 2 of (time, batch, channel, ...)."""
    return drive.stride(2) if channels > 1 and drive.shape[2] > 1 else 1


def _spread(kernel: Callable[..., None], values: Flat, *rest: Any) -> None:  # Any: each kernel takes its own
    """Run `kernel` on all blocks of neurons, in as many threads as torch has.

    The threads are Python's: numba's own would set the number of OpenMP threads of the whole process, torch's included.
    """
    blocks, threads = (values.shape[1] + BLOCK - 1) // BLOCK, torch.get_num_threads()
    parts = np.linspace(0, blocks, min(blocks, threads) + 1).round().astype(int)
    if len(parts) == 2:
        kernel(0, blocks, values, *rest)
        return
    pool = _pool(threads)
    for done in [pool.submit(kernel, int(a), int(b), values, *rest) for a, b in itertools.pairwise(parts)]:
        done.result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "neurons")


@compiled
@no_type_check
def _float_steps(begin, end, drive, bias, inner, keep_current, keep_voltage, threshold, to_zero, voltage, spikes):
    steps, size = drive.shape
    channels = bias.size
    one, none = np.float32(1), np.float32(0)
    for block in range(begin, end):
        first = block * BLOCK
        count = min(BLOCK, size - first)
        current, left = np.zeros(BLOCK, np.float32), np.zeros(BLOCK, np.float32)
        push = np.empty(BLOCK, np.float32)
        for k in range(count):
            push[k] = bias[((first + k) // inner) % channels]
        for time in range(steps):
            arriving = drive[time, first : first + count]
            levels, fired = voltage[time, first : first + count], spikes[time, first : first + count]
            for k in range(count):
                current[k] = current[k] * keep_current + arriving[k]
                level = left[k] * keep_voltage + current[k] + push[k]
                spike = one if level > threshold else none
                levels[k], fired[k] = level, spike
                left[k] = level * (one - spike) if to_zero else level - spike * threshold


@compiled
@no_type_check
def _integer_steps(
    begin, end, drive, bias, inner, keep_current, keep_voltage, threshold, to_zero, step, voltage, spikes
):
    steps, size = drive.shape
    channels = bias.size
    for block in range(begin, end):
        first = block * BLOCK
        count = min(BLOCK, size - first)
        current, left, push = np.zeros(BLOCK), np.zeros(BLOCK), np.empty(BLOCK)
        for k in range(count):
            push[k] = bias[((first + k) // inner) % channels]
        for time in range(steps):
            arriving = drive[time, first : first + count]
            levels, fired = voltage[time, first : first + count], spikes[time, first : first + count]
            for k in range(count):
                flow = np.trunc(current[k] * keep_current * SHARE) + arriving[k] * step
                flow -= RANGE * np.floor((flow + HIGH) / RANGE)
                current[k] = flow
                level = np.trunc(left[k] * keep_voltage * SHARE) + flow + push[k]
                level = min(max(level, -HIGH), HIGH)
                spike = 1.0 if level > threshold else 0.0
                levels[k], fired[k] = level, spike
                left[k] = level * (1.0 - spike) if to_zero else level - spike * threshold


@compiled
@no_type_check
def _backward_steps(
    begin,
    end,
    grad,
    voltage,
    inner,
    keep_current,
    keep_voltage,
    threshold,
    to_zero,
    triangle,
    width,
    factor,
    drive,
    bias,
):
    steps, size = grad.shape
    channels = bias.shape[1]
    one, none = np.float32(1), np.float32(0)
    slope = np.float32(np.pi) / width
    for block in range(begin, end):
        first = block * BLOCK
        count = min(BLOCK, size - first)
        later, flow = np.zeros(BLOCK, np.float32), np.zeros(BLOCK, np.float32)
        total = np.zeros(BLOCK, np.float32)
        for back in range(steps):
            time = steps - 1 - back
            incoming, levels = grad[time, first : first + count], voltage[time, first : first + count]
            outgoing = drive[time, first : first + count]
            for k in range(count):
                distance = levels[k] - threshold
                if triangle:
                    bump = max(width - abs(distance), none)
                else:
                    scaled = distance * slope
                    bump = one / (scaled * scaled + one)
                kept = none if to_zero and distance > none else later[k]
                change = incoming[k] * bump * factor + kept
                later[k] = change * keep_voltage
                total[k] += change
                flow[k] = change + keep_current * flow[k]
                outgoing[k] = flow[k]
        for k in range(count):
            bias[block, ((first + k) // inner) % channels] += total[k]
