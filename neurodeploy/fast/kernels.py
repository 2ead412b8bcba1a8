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

NOT_SPIKES = np.uint64(0xFEFEFEFEFEFEFEFE)
GATHER = np.uint64(0x0102040810204080)
"""Times a word of eight bytes 0 or 1: the top byte has bit k set where byte k is 1."""
ONES = np.array([[*(k for k in range(8) if bits >> k & 1), *[0] * 8][:8] for bits in range(256)])
COUNTS = np.array([bits.bit_count() for bits in range(256)])
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
        flow = np.int32(np.int32(sums[k]) << FRACTION)
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
    """Write the places of `values` that are not zero to `found`; how many. `found` has 8 elements more than `values`.

    Eight spikes at a time: their bytes, 0 or 1, become a byte of bits, and a table gives the places of its ones.
    """
    count, done = 0, 0
    if values.itemsize == 1:
        words = values[: values.size // 8 * 8].view(np.uint64)
        for word in words:
            if word & NOT_SPIKES:  # event counts above 1
                for place in range(done, done + 8):
                    found[count] = place
                    count += np.int64(values[place] != 0)
            elif word:
                bits = np.int64((word * GATHER) >> np.uint64(56))
                for k in range(8):
                    found[count + k] = done + ONES[bits, k]
                count += COUNTS[bits]
            done += 8
    for place in range(done, values.size):
        found[count] = place
        count += np.int64(values[place] != 0)
    return count


@njit(cache=True, inline="always")
@no_type_check
def _add_row(row, sums):
    """sums += row; slices, as here, become vector instructions, indices into longer arrays do not."""
    for k in range(row.size):
        sums[k] += row[k]


@njit(cache=True, inline="always")
@no_type_check
def _add_multiple(value, row, sums):
    """sums += value * row; slower, so that spikes have a loop of their own."""
    for k in range(row.size):
        sums[k] += value * row[k]


@njit(cache=True, inline="always")
@no_type_check
def _add_dense(values, weight, binary, found, sums):
    """Add to `sums` (out,) the rows of `weight` (in * out,) that `values` (in,) name; `binary`: they are 0 or 1."""
    size = sums.size
    for event in range(_find(values, found)):
        place = found[event]
        row = weight[place * size : (place + 1) * size]
        if binary:
            _add_row(row, sums)
        else:
            _add_multiple(values[place], row, sums)


@njit(cache=True, inline="always")
@no_type_check
def _add_conv(values, weight, places, binary, found, sums):
    """Add to `sums` (height * width * out,) the kernels under the values (height * width * in,) that are not zero.

    `weight` is (in * kernel height * kernel width * out / groups,); `places` says where: see `layout.Places`.
    """
    coordinates, rows, columns, sizes = places
    width, outputs, share, taps_y, taps_x = sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]
    for event in range(_find(values, found)):
        place = found[event]
        y, x, channel, first = coordinates[place]
        for i in range(rows[y, 0]):
            kernel_row = (channel * taps_y + rows[y, 3 * i + 1]) * taps_x
            output_row = rows[y, 3 * i + 2] * width
            for j in range(columns[x, 0]):
                start = (kernel_row + columns[x, 3 * j + 1]) * share
                target = (output_row + columns[x, 3 * j + 2]) * outputs + first
                length = columns[x, 3 * j + 3] * share
                row, part = weight[start : start + length], sums[target : target + length]
                if binary:
                    _add_row(row, part)
                else:
                    _add_multiple(values[place], row, part)


@njit(cache=True, parallel=True, nogil=True)
@no_type_check
def dense_layer(values, weight, binary, offset, bias, numbers, current, voltage, spikes, currents, voltages):
    """Dense synapses and their neurons.

    Args:
        values: (time, batch, in).
        weight: (in * out,), int16 where no sum leaves 16 bits, else int32; binary: the values are 0 or 1.
        offset: (out,) of the same type, added to every sum; bias: (out,) in membrane steps.
        current, voltage: (batch, out), the states before and after.
        spikes: (time, batch, out), written. currents, voltages: the same, or of no length where nobody asks.
    """
    for sample in prange(values.shape[1]):
        sums, found = np.empty(offset.size, offset.dtype), np.empty(values.shape[2] + 8, np.int64)
        for time in range(values.shape[0]):
            sums[:] = offset
            _add_dense(values[time, sample], weight, binary, found, sums)
            _update(sums, bias, numbers, current[sample], voltage[sample], spikes[time, sample])
            if currents.shape[0]:
                currents[time, sample] = current[sample]
                voltages[time, sample] = voltage[sample]


@njit(cache=True, parallel=True, nogil=True)
@no_type_check
def conv_layer(values, weight, places, binary, offset, bias, numbers, current, voltage, spikes, currents, voltages):
    """Convolution and its neurons; like `dense_layer`, with maps flattened, channels last."""
    for sample in prange(values.shape[1]):
        sums, found = np.empty(offset.size, offset.dtype), np.empty(values.shape[2] + 8, np.int64)
        for time in range(values.shape[0]):
            sums[:] = offset
            _add_conv(values[time, sample], weight, places, binary, found, sums)
            _update(sums, bias, numbers, current[sample], voltage[sample], spikes[time, sample])
            if currents.shape[0]:
                currents[time, sample] = current[sample]
                voltages[time, sample] = voltage[sample]


@njit(cache=True, parallel=True, nogil=True)
@no_type_check
def dense_sums(values, weight, binary, offset, out):
    """What dense synapses add up, (time, batch, out)."""
    for sample in prange(values.shape[1]):
        sums, found = np.empty(offset.size, offset.dtype), np.empty(values.shape[2] + 8, np.int64)
        for time in range(values.shape[0]):
            sums[:] = offset
            _add_dense(values[time, sample], weight, binary, found, sums)
            out[time, sample] = sums


@njit(cache=True, parallel=True, nogil=True)
@no_type_check
def conv_sums(values, weight, places, binary, offset, out):
    """What a convolution adds up, (time, batch, height * width * out)."""
    for sample in prange(values.shape[1]):
        sums, found = np.empty(offset.size, offset.dtype), np.empty(values.shape[2] + 8, np.int64)
        for time in range(values.shape[0]):
            sums[:] = offset
            _add_conv(values[time, sample], weight, places, binary, found, sums)
            out[time, sample] = sums


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
