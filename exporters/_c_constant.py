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


def constant(name: str, vector: Array, of: View, unit: int) -> Constant:
    """`vector`, in the order of `of` and in weight steps, times `unit`."""
    low, high = int(vector.min()), int(vector.max())
    if low == high:
        return Constant(f"({unit * low})" if low else "")
    scale = f" * {unit}" if unit > 1 else ""
    channels = vector.reshape(of.pixels, of.channels) if of.by_pixel else vector[None]
    if of.by_pixel and (channels == channels[0]).all():
        table = index_table(name, channels[0])
        return Constant(f"(int32_t){name}[channel]{scale}", table, by_channel=True)
    table = index_table(name, np.asarray(vector))
    return Constant(f"(int32_t){name}[k]{scale}", table)
