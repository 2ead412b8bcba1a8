"""Compiled loops of the fast simulator: spikes are events, sums and states are int32.

Arrays are (sample, time, places): each sample walks through time with its sums and states in cache. Samples are
independent, so threads share them out (`simulator`); the loops themselves use one and let go of Python's lock. An
IntGraph proves that no sum leaves int32; casts keep numba, which computes in 64 bits otherwise, in 32. Indices are
unsigned and no loop makes a slice: numba then needs neither checks nor counted references, and loops become vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import no_type_check

import numpy as np
from numba import njit

STATE_HIGH = np.int32((1 << 23) - 1)
STATE_MASK = np.int32((1 << 24) - 1)
FRACTION = np.int32(6)
LOW_BITS = np.int32(4095)
TWELVE = np.int32(12)
SIGN = np.int32(31)
NONE = np.int32(0)
ZERO = np.uint64(0)
ONE = np.uint64(1)


def compiled(function: Callable[..., None]) -> Callable[..., None]:
    """`function` compiled at its first call, for good where numba finds a folder to keep it in."""
    try:
        kept: Callable[..., None] = njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither beside this file nor in the home folder: compiled anew by every process
        kept = njit(nogil=True)(function)
    return kept


@njit(inline="always")
@no_type_check
def _kept(state, keep):
    """state * keep / 4096, rounded towards zero; |state| <= 2**23 and keep <= 4096, so no product leaves 32 bits.

    The upper bits and the lower twelve apart, which a shift rounds down; 4095 more below zero makes that up.
    """
    up = np.int32(np.int32(state >> SIGN) & LOW_BITS)
    high = np.int32(np.int32(state >> TWELVE) * keep)
    return np.int32(high + np.int32(np.int32(np.int32(np.int32(state & LOW_BITS) * keep) + up) >> TWELVE))


@njit(inline="always")
@no_type_check
def _begin(state, own, size, time):
    """States are zero before a sample's first timestep."""
    current, voltage = state
    if time == ZERO:
        for k in range(size):
            current[own, k] = voltage[own, k] = NONE


@njit(inline="always")
@no_type_check
def _note(tally, sample, time, changed, wrapped, clipped):
    """What the neurons of one sample did at one timestep, where somebody asks."""
    if tally is not None:
        tally[sample, time, 0] = changed
        tally[sample, time, 1] = wrapped
        tally[sample, time, 2] = clipped


@njit(inline="always")
@no_type_check
def _update(sums, window, bias, numbers, state, spikes, records, tally, sample, time):
    """One timestep of one sample's neurons; `numbers` are keep_current, keep_voltage, threshold, to_zero.

    `window` says where `sums` of a map without its margin begin, how far apart its rows are, how many and how long.
    """
    changed = wrapped = clipped = NONE
    keep_current, keep_voltage, threshold, to_zero = numbers
    current, voltage = state
    currents, voltages = records
    begin, apart, rows, size = window
    own = sample % np.uint64(current.shape[0])
    _begin(state, own, rows * size, time)
    for row in range(rows):
        source, target = begin + row * apart, row * size
        for k in range(size):
            flow = np.int32(np.int32(sums[source + k]) << FRACTION)
            if keep_current:
                flow = np.int32(flow + _kept(current[own, target + k], keep_current))
            whole, flow = flow, np.int32(np.int32(np.int32(flow + STATE_HIGH) & STATE_MASK) - STATE_HIGH)
            level = np.int32(flow + bias[target + k])
            if keep_voltage:
                level = np.int32(level + _kept(voltage[own, target + k], keep_voltage))
            sum_of_all, level = level, min(max(level, np.int32(-STATE_HIGH)), STATE_HIGH)
            fired = level > threshold
            spikes[sample, time, target + k] = fired
            after = NONE if to_zero else np.int32(level - threshold)
            after = after if fired else level
            if tally is not None:
                moved = (flow != current[own, target + k]) | (after != voltage[own, target + k]) | fired
                changed = np.int32(changed + np.int32(moved))
                wrapped = np.int32(wrapped + np.int32(whole != flow))
                clipped = np.int32(clipped + np.int32(sum_of_all != level))
            current[own, target + k] = flow
            voltage[own, target + k] = after
    _note(tally, sample, time, changed, wrapped, clipped)
    if currents.size > 0:
        _record(current, currents, own, sample, time)
        _record(voltage, voltages, own, sample, time)


@njit(inline="always")
@no_type_check
def _record(state, record, own, sample, time):
    """One sample's `state` noted at its place in `record`."""
    for k in range(np.uint64(state.shape[1])):
        record[sample, time, k] = state[own, k]


@njit(inline="always")
@no_type_check
def _find(values, sample, time, found):
    """Write the places of the values that are not zero to `found`, and one place too far after them; how many."""
    count = ZERO
    for place in range(np.uint64(values.shape[2])):  # no branch: four places per nanosecond
        found[count] = place
        count += np.uint64(values[sample, time, place] != 0)
    found[count] = values.shape[2]
    return count


@njit(inline="always")
@no_type_check
def _add_block(first_weight, first_sum, blocks, weight, sums):
    """Add to `sums` the weights of one spike.

    `blocks` are the rows and columns of blocks, the length of a block, and from block to block the steps in weights and
    in sums, of rows and of columns. The sums of a block lie side by side, as its weights do.
    """
    rows, columns, size, row_weight, row_sum, column_weight, column_sum = blocks
    for row in range(rows):
        for column in range(columns):
            source = first_weight + row * row_weight + column * column_weight
            target = first_sum + row * row_sum + column * column_sum
            for k in range(size):
                sums[target + k] += weight[source + k]


@njit(inline="always")
@no_type_check
def _add_two_blocks(first_weight, away, first_sum, blocks, weight, sums):
    """Add to `sums` the weights of two spikes that meet the same sums; the weights of the second lie `away`."""
    rows, columns, size, row_weight, row_sum, column_weight, column_sum = blocks
    for row in range(rows):
        for column in range(columns):
            source = first_weight + row * row_weight + column * column_weight
            target = first_sum + row * row_sum + column * column_sum
            for k in range(size):
                sums[target + k] += weight[source + k] + weight[source + away + k]


@njit(inline="always")
@no_type_check
def _add_spikes(found, count, table, blocks, weight, sums):  # calls in here would cost more than the work
    """Add to `sums` the weights of the spikes at the places `found`.

    `table` (places + 1, 2) holds the first weight and the first sum of each place.
    """
    event = ZERO
    while event < count:
        place, other = np.uint64(found[event]), np.uint64(found[event + ONE])
        first_weight, first_sum = np.uint64(table[place, 0]), np.uint64(table[place, 1])
        if np.uint64(table[other, 1]) == first_sum:
            _add_two_blocks(first_weight, np.uint64(table[other, 0]) - first_weight, first_sum, blocks, weight, sums)
            event += ONE + ONE
        else:
            _add_block(first_weight, first_sum, blocks, weight, sums)
            event += ONE


@njit(inline="always")
@no_type_check
def _add_amounts(amounts, sample, time, found, count, table, blocks, weight, sums):
    """Like `_add_spikes`, with every weight times the amount at its place."""
    rows, columns, size, row_weight, row_sum, column_weight, column_sum = blocks
    for event in range(count):
        place = np.uint64(found[event])
        amount = amounts[sample, time, place]
        for row in range(rows):
            for column in range(columns):
                source = np.uint64(table[place, 0]) + row * row_weight + column * column_weight
                target = np.uint64(table[place, 1]) + row * row_sum + column * column_sum
                for k in range(size):
                    sums[target + k] += amount * weight[source + k]


@njit(inline="always")
@no_type_check
def _sum(values, amounts, sample, time, late, synapse, found, sums):
    """The sums of one sample at one timestep, from the values `late` timesteps ago."""
    table, blocks, weight, offset, _ = synapse
    for k in range(np.uint64(offset.size)):
        sums[k] = offset[k]
    if time >= late:
        count = _find(values, sample, time - late, found)
        if amounts is None:
            _add_spikes(found, count, table, blocks, weight, sums)
        else:
            _add_amounts(amounts, sample, time - late, found, count, table, blocks, weight, sums)


@compiled
@no_type_check
def layer(span, values, amounts, synapse, bias, numbers, state, spikes, records, tally):
    """Synapses and their neurons in one.

    Args:
        span: the timesteps to compute, first and one after the last; and how many timesteps ago their values were.
        values: (sample, time, in), uint8: where something arrives.
        amounts: (sample, time, in), int32: how much; None where values are 0 or 1, which is compiled by itself.
        synapse: table, blocks, weight, offset and window, see `layout.SynapseArrays`.
        bias: (out,) in membrane steps.
        state: current and voltage after a timestep, (sample, out); (1, out) will do where all timesteps are computed.
        spikes: (sample, time, out), written. records: currents and voltages, the same, or empty where nobody asks.
        tally: (sample, time, 3), written: neurons whose state changed or that fired, whose current wrapped, whose
            voltage was clipped; None where nobody asks, which is compiled by itself.
    """
    start, end, late = span
    _, _, _, offset, window = synapse
    sums, found = np.empty_like(offset), np.empty(values.shape[2] + 1, np.uint32)
    for sample in range(np.uint64(values.shape[0])):
        for time in range(start, end):
            _sum(values, amounts, sample, time, late, synapse, found, sums)
            _update(sums, window, bias, numbers, state, spikes, records, tally, sample, time)


@compiled
@no_type_check
def synapses(span, values, amounts, synapse, totals):
    """What synapses add up, written to `totals` (sample, time, out)."""
    start, end, late = span
    _, _, _, offset, window = synapse
    begin, apart, rows, size = window
    sums, found = np.empty_like(offset), np.empty(values.shape[2] + 1, np.uint32)
    for sample in range(np.uint64(values.shape[0])):
        for time in range(start, end):
            _sum(values, amounts, sample, time, late, synapse, found, sums)
            for row in range(rows):
                for k in range(size):
                    totals[sample, time, row * size + k] = sums[begin + row * apart + k]


@compiled
@no_type_check
def neurons(span, totals, bias, numbers, state, spikes, records, tally):
    """Neurons that receive `totals` (sample, time, out); see `layer`."""
    start, end, late = span
    size = np.uint64(bias.size)
    window = (ZERO, ZERO, ONE, size)
    sums = np.empty(bias.size, np.int32)
    for sample in range(np.uint64(totals.shape[0])):
        for time in range(start, end):
            for k in range(size):
                sums[k] = totals[sample, time - late, k]
            _update(sums, window, bias, numbers, state, spikes, records, tally, sample, time)


@compiled
@no_type_check
def met_by_spikes(values, fan, met):
    """Weights that spikes meet: `met` (sample, time, 6) gets stored ones, those that are not zero, spikes; then zeros.

    Every place is looked at, spike or not: so the loop becomes vectors, which are faster than finding spikes first.

    Args:
        values: (sample, time, places), bytes 0 and 1.
        fan: (2, places) weights that a spike meets at each place, int32; either row adds up to less than 2**31.
    """
    for sample in range(np.uint64(values.shape[0])):
        for time in range(np.uint64(values.shape[1])):
            stored = nonzero = count = NONE
            for place in range(np.uint64(values.shape[2])):
                value = np.int32(values[sample, time, place])
                stored = np.int32(stored + np.int32(value * fan[0, place]))
                nonzero = np.int32(nonzero + np.int32(value * fan[1, place]))
                count = np.int32(count + value)
            met[sample, time, 0] = stored
            met[sample, time, 1] = nonzero
            met[sample, time, 2] = count


@compiled
@no_type_check
def met_by_values(values, fan, met):
    """The same for values of any size and any fan, int64: those of magnitude 1 first, all others after them."""
    for sample in range(np.uint64(values.shape[0])):
        for time in range(np.uint64(values.shape[1])):
            for place in range(np.uint64(values.shape[2])):
                value = np.int64(values[sample, time, place])
                if value != 0:
                    first = ZERO if abs(value) == 1 else np.uint64(3)
                    met[sample, time, first] += fan[0, place]
                    met[sample, time, first + ONE] += fan[1, place]
                    met[sample, time, first + ONE + ONE] += 1


@compiled
@no_type_check
def fired(values, until, spikes):
    """Add the spikes of the timesteps before `until` (sample,) to those of each place in `spikes` (places,), int32.

    Args:
        values: (sample, time, places), bytes 0 and 1.
    """
    for sample in range(np.uint64(values.shape[0])):
        for time in range(np.uint64(until[sample])):
            for place in range(np.uint64(values.shape[2])):
                spikes[place] = np.int32(spikes[place] + np.int32(values[sample, time, place]))


@compiled
@no_type_check
def sent(values, outputs):
    """How many values are not zero, of each sample and timestep: `outputs` (sample, time)."""
    for sample in range(np.uint64(values.shape[0])):
        for time in range(np.uint64(values.shape[1])):
            count = NONE
            for place in range(np.uint64(values.shape[2])):
                count = np.int32(count + np.int32(values[sample, time, place] != 0))
            outputs[sample, time] = count
