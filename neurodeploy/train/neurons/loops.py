"""The compiled loops of `kernels`: arrays are (time, neurons), parts of them blocks of neurons."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from neurodeploy.graph.numeric import DECAY_ONE, STATE
from neurodeploy.train.threads import compiled

BLOCK = 4096
"""Neurons whose states a thread holds at a time: 16 KB per state."""

CHUNK = 4096
"""Rows of channels that a thread takes at a time."""

LANE = 512
"""Numbers that are added side by side."""

HIGH = float(STATE.high)
RANGE = float(1 << STATE.bits)
SHARE = 1.0 / DECAY_ONE


@njit(inline="always")
@no_type_check
def _run(place, count, inner, channels):
    """Channel of the neuron at `place`, and how many of the `count` from there one loop takes.

    These are neurons of one channel or, where channels are innermost, of one channel after the other.
    """
    channel = (place // inner) % channels
    left = channels - channel if inner == 1 else inner - place % inner
    return channel, min(left, count)


@compiled
@no_type_check
def _fill(first, count, inner, bias, push):
    """Write the bias of the `count` neurons from `first` to `push`."""
    k = 0
    while k < count:
        channel, run = _run(first + k, count - k, inner, bias.size)
        if inner == 1:
            push[k : k + run] = bias[channel : channel + run]
        else:
            push[k : k + run] = bias[channel]
        k += run


@compiled
@no_type_check
def _collect(first, count, inner, total, bias):
    """Add `total` of the `count` neurons from `first` to the sum of their channel."""
    k = 0
    while k < count:
        channel, run = _run(first + k, count - k, inner, bias.size)
        if inner == 1:
            sums, parts = bias[channel : channel + run], total[k : k + run]
            for j in range(run):
                sums[j] += parts[j]
        else:
            added = 0.0
            for part in total[k : k + run]:
                added += part
            bias[channel] += added
        k += run


@compiled
@no_type_check
def _fill_from(first, count, inner, values, into):
    """`_fill`, unless there are no values."""
    if values is not None:
        _fill(first, count, inner, values, into)


@compiled
@no_type_check
def _add_up(first, count, inner, total, sums, block):
    """`_collect` for one block, unless nobody asks for the sums."""
    if sums is not None:
        _collect(first, count, inner, total, sums[block])


@njit(inline="always")
@no_type_check
def _load(values, first, count, start, into):
    """Write the state of the neurons from `first` to `into`; `values` (neurons,), or None: all have `start`."""
    into[:] = start
    if values is not None:
        into[:count] = values[first : first + count]


@njit(inline="always")
@no_type_check
def _store(state, first, count, values):
    """The way back; None: nobody asks."""
    if values is not None:
        values[first : first + count] = state[:count]


@compiled
@no_type_check
def float_steps(
    begin,
    end,
    drive,
    bias,
    inner,
    keep_current,
    keep_voltage,
    threshold,
    start,
    to_zero,
    voltage,
    spikes,
    currents,
    remains,
    gains,
):
    """`voltage` None: it takes the place of `drive`. `currents` and `remains` (neurons,) are changed; or None.

    `gains` (channels,): what the drive is multiplied by; or None.
    """
    steps, size = drive.shape
    one, none = np.float32(1), np.float32(0)
    current, left, push = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    gain = np.empty(BLOCK, np.float32)
    for block in range(begin, end):
        first = block * BLOCK
        count = min(BLOCK, size - first)
        _fill(first, count, inner, bias, push)
        _load(currents, first, count, none, current)
        _load(remains, first, count, start, left)
        _fill_from(first, count, inner, gains, gain)
        for time in range(steps):
            arriving, fired = drive[time, first : first + count], spikes[time, first : first + count]
            levels = arriving
            if voltage is not None:
                levels = voltage[time, first : first + count]
            for k in range(count):
                inflow = arriving[k]
                if gains is not None:
                    inflow *= gain[k]
                current[k] = current[k] * keep_current + inflow
                level = left[k] * keep_voltage + current[k] + push[k]
                spike = one if level > threshold else none
                levels[k], fired[k] = level, spike
                left[k] = level * (one - spike) if to_zero else level - spike * threshold
        _store(current, first, count, currents)
        _store(left, first, count, remains)


@compiled
@no_type_check
def integer_steps(
    begin,
    end,
    drive,
    bias,
    inner,
    keep_current,
    keep_voltage,
    threshold,
    to_zero,
    step,
    voltage,
    spikes,
    currents,
    remains,
):
    """Like `float_steps`, in the integers of `Cuba`; float64 holds all that is computed on the way."""
    steps, size = drive.shape
    current, left, push = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    for block in range(begin, end):
        first = block * BLOCK
        count = min(BLOCK, size - first)
        _fill(first, count, inner, bias, push)
        _load(currents, first, count, 0.0, current)
        _load(remains, first, count, 0.0, left)
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
        _store(current, first, count, currents)
        _store(left, first, count, remains)


@njit(inline="always")
@no_type_check
def _bump(distance, width, triangle):
    """The surrogate gradient up to its factor, see `surrogate`."""
    if triangle:
        return max(width - abs(distance), np.float32(0))
    scaled = distance * (np.float32(np.pi) / width)
    return np.float32(1) / (scaled * scaled + np.float32(1))


@njit(inline="always")
@no_type_check
def _sum_share(first, count, share, change, start, remains):
    """The sum of `share`, and of the first timestep's part, which begins with `remains` or, where None, `start`."""
    total = 0.0
    for k in range(count):
        begun = start
        if remains is not None:
            begun = remains[first + k]
        total += share[k] + change[k] * begun
    return total


@compiled
@no_type_check
def backward_steps(
    begin,
    end,
    grad,
    voltage,
    inner,
    keep_current,
    keep_voltage,
    threshold,
    start,
    width,
    factor,
    to_zero,
    triangle,
    drive,
    biases,
    shares,
    remains,
    later_currents,
    later_remains,
    values,
    centres,
    plains,
    products,
):
    """`biases` (blocks, channels) and `shares` (blocks,) are sums to add to, or None.

    `values` like `grad`: what was multiplied by gains, or None. `plains` and `products` (blocks, channels) then get the
    sums of what `drive` gets, by itself and times `values` less `centres` (channels,).

    `remains` (neurons,): the voltage before the first timestep; None: `start`. `later_currents` and `later_remains`
    (neurons,): gradients with respect to the last state, which become those with respect to the first one; or None.
    """
    steps, size = grad.shape
    none = np.float32(0)
    change, carry, flow = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    total, share = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    centre, plain, product = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    for block in range(begin, end):
        first = block * BLOCK
        count = min(BLOCK, size - first)
        change[:], total[:], share[:], plain[:], product[:] = none, none, none, none, none
        _load(later_remains, first, count, none, carry)
        _load(later_currents, first, count, none, flow)
        _fill_from(first, count, inner, centres, centre)
        for back in range(steps):
            time = steps - 1 - back
            incoming, levels = grad[time, first : first + count], voltage[time, first : first + count]
            seen = levels
            if values is not None:
                seen = values[time, first : first + count]
            outgoing = drive[time, first : first + count]
            for k in range(count):
                distance = levels[k] - threshold
                fired = distance > none
                if shares is not None:
                    share[k] += change[k] * (levels[k] if not fired else none if to_zero else distance)
                kept = none if to_zero and fired else carry[k]
                change[k] = incoming[k] * _bump(distance, width, triangle) * factor + kept
                carry[k] = change[k] * keep_voltage
                total[k] += change[k]
                outgoing[k] = change[k] + flow[k]
                flow[k] = outgoing[k] * keep_current
                if values is not None:
                    plain[k] += outgoing[k]
                    product[k] += outgoing[k] * (seen[k] - centre[k])
        _add_up(first, count, inner, total, biases, block)
        _add_up(first, count, inner, plain, plains, block)
        _add_up(first, count, inner, product, products, block)
        if shares is not None:
            shares[block] += _sum_share(first, count, share, change, start, remains)
        _store(carry, first, count, later_remains)
        _store(flow, first, count, later_currents)


@compiled
@no_type_check
def sum_channels(begin, end, values, sums):
    """`sums` (blocks, 2, channels): of `values` (rows, channels) and of their squares, in blocks of CHUNK rows.

    Rows are taken side by side as far as they fit LANE numbers, so that loops are long however few channels there are.
    """
    rows, channels = values.shape
    wide = max(1, LANE // channels)
    first, second = np.empty(wide * channels), np.empty(wide * channels)
    flat = values.reshape(-1)
    for block in range(begin, end):
        top, bottom = block * CHUNK * channels, min((block + 1) * CHUNK, rows) * channels
        first[:], second[:] = 0.0, 0.0
        place = top
        while place < bottom:
            line = flat[place : min(place + first.size, bottom)]
            for k in range(line.size):
                value = np.float64(line[k])
                first[k] += value
                second[k] += value * value
            place += first.size
        for k in range(first.size):
            sums[block, 0, k % channels] += first[k]
            sums[block, 1, k % channels] += second[k]


@compiled
@no_type_check
def add_moments(begin, end, change, values, gains, offsets, slopes):
    """Make gains * change + offsets + slopes * values of `change`, both (rows, channels), others (channels,).

    In blocks of CHUNK rows.
    """
    rows, channels = values.shape
    wide = max(1, LANE // channels)
    gain, offset = np.empty(wide * channels, np.float32), np.empty(wide * channels, np.float32)
    slope = np.empty(wide * channels, np.float32)
    for k in range(gain.size):
        gain[k], offset[k], slope[k] = gains[k % channels], offsets[k % channels], slopes[k % channels]
    changed, seen = change.reshape(-1), values.reshape(-1)
    for block in range(begin, end):
        place, bottom = block * CHUNK * channels, min((block + 1) * CHUNK, rows) * channels
        while place < bottom:
            into = changed[place : min(place + gain.size, bottom)]
            line = seen[place : place + into.size]
            for k in range(into.size):
                into[k] = gain[k] * into[k] + offset[k] + slope[k] * line[k]
            place += gain.size
