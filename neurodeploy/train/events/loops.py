"""The compiled loops of `sums`: what sparse values add up to, and the gradient of the weights they meet.

Rows are recordings at a timestep, places the values of one. Indices are unsigned, as numba would look at each signed
one for a minus sign.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from neurodeploy.train.threads import compiled

GROUP = 4
"""Events that are added in one pass over a row of sums."""

ROWS = 256
"""Rows whose gradients stay in cache while the weights take them."""


@compiled
@no_type_check
def find_events(begin, end, values, bounds, places, amounts):
    """Write place and amount of everything in `values` (rows, places) that is not 0, one row after the other.

    Row r owns the positions bounds[r, 0] to bounds[r, 1] of `places` and `amounts`; rows from `begin` on have their own
    part of both.
    """
    size = np.uint64(values.shape[1])
    count = np.uint64(begin) * size
    for row in range(begin, end):
        found, first = values[row], count
        for place in range(size):  # no branch: mispredicted ones would cost more than the stores
            places[count] = place
            count += np.uint64(found[place] != 0)
        for event in range(first, count):
            amounts[event] = found[places[event]]
        bounds[row, 0], bounds[row, 1] = first, count


@compiled
@no_type_check
def _add(first, last, lines, amounts, source, sums):
    """Add to `sums` the lines of `source` named by `lines[first:last]`, times their amounts."""
    size = sums.size
    event = first
    while event + GROUP <= last:
        a, b, c, d = amounts[event], amounts[event + 1], amounts[event + 2], amounts[event + 3]
        one, two = source[lines[event]], source[lines[event + 1]]
        three, four = source[lines[event + 2]], source[lines[event + 3]]
        for k in range(size):
            sums[k] += (a * one[k] + b * two[k]) + (c * three[k] + d * four[k])
        event += GROUP
    while event < last:
        amount, line = amounts[event], source[lines[event]]
        for k in range(size):
            sums[k] += amount * line[k]
        event += 1


@compiled
@no_type_check
def dense_sums(begin, end, bounds, places, amounts, weight, sums):
    """`sums` (rows, out) of `weight` (places, out)."""
    for row in range(begin, end):
        sums[row, :] = 0
        _add(bounds[row, 0], bounds[row, 1], places, amounts, weight, sums[row])


@compiled
@no_type_check
def _count(begin, end, bounds, places, ends):
    """Write to ends[k + 1] how many events there are at the places from `begin` to `begin + k`."""
    ends[:] = 0
    for row in range(len(bounds)):
        for event in range(bounds[row, 0], bounds[row, 1]):
            if begin <= places[event] < end:
                ends[places[event] - begin + 1] += 1
    for k in range(end - begin):
        ends[k + 1] += ends[k]


@compiled
@no_type_check
def _sort(begin, end, bounds, places, amounts, top, ends, rows, sorted_amounts):
    """Write rows and amounts of the events at the places from `begin` to `end` in the order of their places.

    `top` is the number of the first row. `ends` comes from `_count` and becomes the end of each place's events.
    """
    for row in range(len(bounds)):
        for event in range(bounds[row, 0], bounds[row, 1]):
            if begin <= places[event] < end:
                target = ends[places[event] - begin]
                rows[target], sorted_amounts[target] = top + row, amounts[event]
                ends[places[event] - begin] = target + 1


@compiled
@no_type_check
def dense_gradient(begin, end, bounds, places, amounts, grad, change):
    """Lines `begin` to `end` of `change` (places, out), from `grad` (rows, out)."""
    change[begin:end] = 0
    ends = np.empty(end - begin + 1, np.int64)
    for top in range(0, len(bounds), ROWS):
        owned = bounds[top : top + ROWS]
        _count(begin, end, owned, places, ends)
        rows, sorted_amounts = np.empty(ends[-1], np.int64), np.empty(ends[-1], np.float32)
        _sort(begin, end, owned, places, amounts, top, ends, rows, sorted_amounts)
        first = 0
        for place in range(begin, end):
            last = ends[place - begin]
            _add(first, last, rows, sorted_amounts, grad, change[place])
            first = last


@compiled
@no_type_check
def map_sums(begin, end, bounds, places, amounts, table, steps, weight, sums):
    """`sums` (rows, outputs) of a convolution; see `plan.Plan` for the table and the steps."""
    sum_step, weight_step = np.uint64(steps[0]), np.uint64(steps[1])
    for row in range(begin, end):
        total = sums[row]
        total[:] = 0
        for event in range(bounds[row, 0], bounds[row, 1]):
            block, amount = table[places[event]], amounts[event]
            target, source, run = np.uint64(block[0]), np.uint64(block[1]), np.uint64(block[3])
            for _ in range(block[2]):
                for k in range(run):
                    total[target + k] += amount * weight[source + k]
                target += sum_step
                source += weight_step


@compiled
@no_type_check
def map_gradient(begin, end, bounds, places, amounts, table, steps, grad, changes):
    """`changes` (parts, weights): the gradient from each part of the rows of `grad` (rows, outputs)."""
    sum_step, weight_step = np.uint64(steps[0]), np.uint64(steps[1])
    parts, rows = len(changes), len(bounds)
    for part in range(begin, end):
        change = changes[part]
        change[:] = 0
        for row in range(part * rows // parts, (part + 1) * rows // parts):
            arrived = grad[row]
            for event in range(bounds[row, 0], bounds[row, 1]):
                block, amount = table[places[event]], amounts[event]
                target, source, run = np.uint64(block[0]), np.uint64(block[1]), np.uint64(block[3])
                for _ in range(block[2]):
                    for k in range(run):
                        change[source + k] += amount * arrived[target + k]
                    target += sum_step
                    source += weight_step
