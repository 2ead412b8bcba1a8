"""Where the events of a map meet the weights and the sums of a convolution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

Array = np.ndarray[Any, np.dtype[Any]]


@final
@dataclass(frozen=True, eq=False)
class Plan:
    """One convolution of maps of one size.

    With all weights of one input channel side by side, ordered by row, column and output channel, and with the kernel's
    rows and columns sorted by their remainder modulo the stride and backwards in it, the weights that an event meets
    are a few rows without gaps, and so are their sums (row, column, output channel).

    Args:
        table: (places, 4): first sum, first weight, rows, length of a row; a place that meets no sum has 0 rows.
        steps: from row to row, in sums and in weights.
        rows, columns: order of the kernel's rows and columns.
    """

    table: Array
    steps: tuple[int, int]
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    def pack(self, weight: Tensor) -> Tensor:
        """`weight` (out, in, row, column) in the order of the plan."""
        return weight[:, :, self.rows][:, :, :, self.columns].permute(1, 2, 3, 0).contiguous()

    def unpack(self, packed: Tensor) -> Tensor:
        """What `pack` made (in, row, column, out), in the order of torch."""
        rows, columns = (np.argsort(order).tolist() for order in (self.rows, self.columns))
        return packed.permute(3, 0, 1, 2)[:, :, rows][:, :, :, columns]


@cache
def plan(
    shape: tuple[int, int, int],
    out: tuple[int, int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    is_inner: bool,
) -> Plan:
    """The plan of a convolution.

    Args:
        shape, out: (channel, height, width) of its input and output.
        is_inner: the input's channels are the innermost axis of its memory.
    """
    channels, height, width = shape
    maps, *sizes = out
    (first_y, weight_y, rows, order_y), (first_x, weight_x, columns, order_x) = (
        _axis(*each) for each in zip((height, width), sizes, kernel, stride, padding, strict=True)
    )
    table = np.zeros((channels, height, width, 4), np.int32)
    table[..., 0] = (first_y[:, None] * sizes[1] + first_x) * maps
    offsets = (weight_y[:, None] * kernel[1] + weight_x) * maps
    table[..., 1] = offsets + np.arange(channels)[:, None, None] * kernel[0] * kernel[1] * maps
    table[..., 2] = np.where(columns > 0, rows[:, None], 0)
    table[..., 3] = columns * maps
    table = table.transpose(1, 2, 0, 3) if is_inner else table
    steps = (sizes[1] * maps, kernel[1] * maps)
    return Plan(np.ascontiguousarray(table).reshape(-1, 4), steps, order_y, order_x)


def _axis(size: int, out: int, kernel: int, stride: int, padding: int) -> tuple[Array, Array, Array, tuple[int, ...]]:
    """For each place along an axis: its first sum, its first weight, and how many; and the order of the weights."""
    order = tuple(k for phase in range(stride) for k in reversed(range(phase, kernel, stride)))
    first, weight, count = (np.zeros(size, np.int64) for _ in range(3))
    for place in range(size):
        taps = [k for k in order if (place + padding - k) % stride == 0 and 0 <= (place + padding - k) // stride < out]
        if taps:
            first[place], weight[place] = (place + padding - taps[0]) // stride, order.index(taps[0])
            count[place] = len(taps)
    return first, weight, count, order


def flat(maps: Tensor, is_inner: bool) -> Array:
    """(rows, places) of maps (row, channel, height, width) in the order of their memory; a view."""
    ordered = maps.permute(0, 2, 3, 1) if is_inner else maps
    return np.asarray(ordered.detach().reshape(len(maps), -1).numpy())


def is_inner(maps: Tensor) -> bool | None:
    """Whether the channels are the innermost axis of the memory; None: neither that nor torch's usual order."""
    if maps.is_contiguous(memory_format=torch.channels_last):
        return True
    return False if maps.is_contiguous() else None
