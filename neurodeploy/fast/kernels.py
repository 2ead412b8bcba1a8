"""Compiled loops of the fast simulator: spikes are events, sums and states are int32, samples are spread over cores.

Every function takes whole layers: values (time, batch, inputs...) with channels innermost, and for each sample walks
through time with its sums and states in cache. An IntGraph proves that no sum leaves int32; casts keep numba, which
computes in 64 bits otherwise, in 32.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit, prange

STATE_HIGH = np.int32((1 << 23) - 1)
STATE_MASK = np.int32((1 << 24) - 1)
FRACTION = np.int32(6)
LOW_BITS = np.int32(4095)
TWELVE = np.int32(12)
NONE = np.int32(0)


@njit(cache=True, inline="always")
@no_type_check
def _kept(state, keep):
    """state * keep / 4096, rounded towards zero; |state| <= 2**23 and keep <= 4096, so no product leaves 32 bits."""
    size = np.int32(abs(state))
    high = np.int32(np.int32(size >> TWELVE) * keep)
    low = np.int32(np.int32(np.int32(size & LOW_BITS) * keep) >> TWELVE)
    kept = np.int32(high + low)
    return kept if state >= NONE else np.int32(-kept)


@njit(cache=True, inline="always")
@no_type_check
def _update(sums, bias, numbers, current, voltage, spikes):
    """One timestep of one sample's neurons; `numbers` are keep_current, keep_voltage, threshold, to_zero."""
    keep_current, keep_voltage, threshold, to_zero = numbers
    for k in range(sums.size):
        flow = np.int32(sums[k] << FRACTION)
        if keep_current:
            flow = np.int32(flow + _kept(current[k], keep_current))
        flow = np.int32(np.int32(np.int32(flow + STATE_HIGH) & STATE_MASK) - STATE_HIGH)
        current[k] = flow
        level = np.int32(flow + bias[k])
        if keep_voltage:
            level = np.int32(level + _kept(voltage[k], keep_voltage))
        level = min(max(level, np.int32(-STATE_HIGH)), STATE_HIGH)
        fired = level > threshold
        spikes[k] = fired
        after = NONE if to_zero else np.int32(level - threshold)
        voltage[k] = after if fired else level


@njit(cache=True, inline="always")
@no_type_check
def _find(values, found):
    """Write the places of `values` that are not zero to `found`; how many. Blocks of 32 zeros cost one test."""
    count, done, size = 0, 0, values.size
    while done + 32 <= size:
        anything = values[done]
        for k in range(1, 32):
            anything |= values[done + k]
        if anything != 0:
            for place in range(done, done + 32):
                found[count] = place
                count += np.int64(values[place] != 0)
        done += 32
    for place in range(done, size):
        found[count] = place
        count += np.int64(values[place] != 0)
    return count


@njit(cache=True, inline="always")
@no_type_check
def _add_row(value, row, sums):
    """sums += value * row; slices, as here, become vector instructions, indices into longer arrays do not."""
    for k in range(row.size):
        sums[k] = np.int32(sums[k] + np.int32(value * row[k]))


@njit(cache=True, inline="always")
@no_type_check
def _add_dense(values, weight, found, sums):
    """Add to `sums` (out,) the rows of `weight` (in * out,) that `values` (in,) name."""
    size = sums.size
    for event in range(_find(values, found)):
        place = found[event]
        _add_row(np.int32(values[place]), weight[place * size : (place + 1) * size], sums)


@njit(cache=True, inline="always")
@no_type_check
def _add_conv(values, weight, places, found, sums):
    """Add to `sums` (height * width * out,) the kernels under the values (height * width * in,) that are not zero.

    `weight` is (in * kernel height * kernel width * out / groups,); `places` holds, for each input row and kernel row,
    the output row or -1; the same for columns; and the sizes: in, in / groups, width of the output, out, out / groups.
    """
    rows, columns, sizes = places
    channels, inside, width, outputs, share = sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]
    taps_y, taps_x = rows.shape[1], columns.shape[1]
    for event in range(_find(values, found)):
        place = found[event]
        channel, pixel = place % channels, place // channels
        y, x = pixel // columns.shape[0], pixel % columns.shape[0]
        value, first = np.int32(values[place]), (channel // inside) * share
        for ky in range(taps_y):
            row = rows[y, ky]
            for kx in range(taps_x):
                column = columns[x, kx]
                if row >= 0 and column >= 0:
                    start = ((channel * taps_y + ky) * taps_x + kx) * share
                    target = (row * width + column) * outputs + first
                    _add_row(value, weight[start : start + share], sums[target : target + share])


@njit(cache=True, parallel=True, nogil=True)
@no_type_check
def dense_layer(values, weight, offset, bias, numbers, current, voltage, spikes, currents, voltages):
    """Dense synapses and their neurons.

    Args:
        values: (time, batch, in).
        weight: (in * out,); offset: (out,) added to every sum; bias: (out,) in membrane steps.
        current, voltage: (batch, out), the states before and after.
        spikes: (time, batch, out), written. currents, voltages: the same, or of no length where nobody asks.
    """
    for sample in prange(values.shape[1]):
        sums, found = np.empty(offset.size, np.int32), np.empty(values.shape[2] + 1, np.int64)
        for time in range(values.shape[0]):
            sums[:] = offset
            _add_dense(values[time, sample], weight, found, sums)
            _update(sums, bias, numbers, current[sample], voltage[sample], spikes[time, sample])
            if currents.shape[0]:
                currents[time, sample] = current[sample]
                voltages[time, sample] = voltage[sample]


@njit(cache=True, parallel=True, nogil=True)
@no_type_check
def conv_layer(values, weight, places, offset, bias, numbers, current, voltage, spikes, currents, voltages):
    """Convolution and its neurons; like `dense_layer`, with maps flattened, channels last."""
    for sample in prange(values.shape[1]):
        sums, found = np.empty(offset.size, np.int32), np.empty(values.shape[2] + 1, np.int64)
        for time in range(values.shape[0]):
            sums[:] = offset
            _add_conv(values[time, sample], weight, places, found, sums)
            _update(sums, bias, numbers, current[sample], voltage[sample], spikes[time, sample])
            if currents.shape[0]:
                currents[time, sample] = current[sample]
                voltages[time, sample] = voltage[sample]


@njit(cache=True, parallel=True, nogil=True)
@no_type_check
def dense_sums(values, weight, offset, sums):
    """What dense synapses add up, (time, batch, out)."""
    for sample in prange(values.shape[1]):
        found = np.empty(values.shape[2] + 1, np.int64)
        for time in range(values.shape[0]):
            sums[time, sample] = offset
            _add_dense(values[time, sample], weight, found, sums[time, sample])


@njit(cache=True, parallel=True, nogil=True)
@no_type_check
def conv_sums(values, weight, places, offset, sums):
    """What a convolution adds up, (time, batch, height * width * out)."""
    for sample in prange(values.shape[1]):
        found = np.empty(values.shape[2] + 1, np.int64)
        for time in range(values.shape[0]):
            sums[time, sample] = offset
            _add_conv(values[time, sample], weight, places, found, sums[time, sample])


@njit(cache=True, parallel=True, nogil=True)
@no_type_check
def neurons(sums, bias, numbers, current, voltage, spikes, currents, voltages):
    """Neurons that receive `sums` (time, batch, neurons)."""
    for sample in prange(sums.shape[1]):
        for time in range(sums.shape[0]):
            _update(sums[time, sample], bias, numbers, current[sample], voltage[sample], spikes[time, sample])
            if currents.shape[0]:
                currents[time, sample] = current[sample]
                voltages[time, sample] = voltage[sample]
