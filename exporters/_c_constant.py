"""Numbers added to every sum: one literal, one per channel, or one per neuron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.exporters._c_view import View
from neurodeploy.exporters._c_weights import Table, index_table
from neurodeploy.graph.numeric import Array


@final
@dataclass(frozen=True, eq=False)
class Constant:
    """What is added at place `k` (of channel `channel`).

    Args:
        value: C expression, "" for nothing.
        table: the array that it reads.
        by_channel: whether it names `channel`.
    """

    value: str
    table: Table | None = None
    by_channel: bool = False

    def __str__(self) -> str:
        return f" + {self.value}" if self.value else ""

    def added_to(self, sums: str) -> str:
        """int32_t: the uint32_t `sums` and the constant, added modulo 2**32 as all sums are."""
        return f"(int32_t)({sums} + (uint32_t)({self.value}))" if self.value else f"(int32_t){sums}"


def constant(name: str, vector: Array, of: View, unit: int) -> Constant:
    """`vector`, in the order of `of` and in weight steps, times `unit`."""
    low, high = int(vector.min()), int(vector.max())
    if low == high:
        return Constant(f"({unit * low})" if low else "")
    channels = vector.reshape(of.pixels, of.channels) if of.by_pixel else vector[None]
    by_channel = of.by_pixel and bool((channels == channels[0]).all())
    values, place = (channels[0], "channel") if by_channel else (np.asarray(vector), "k")
    if unit == 1:  # GCC warns of a conversion where a narrow number is added to an unsigned sum
        return Constant(f"{name}[{place}]", Table("int32_t", name, values), by_channel)
    return Constant(f"(int32_t){name}[{place}] * {unit}", index_table(name, values), by_channel)
