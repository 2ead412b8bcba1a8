"""Which integers a weight may be.

Loihi stores 8 bits a weight: even integers -256..254 where signs are mixed, 0..255 where no weight is negative. A layer
without a positive weight keeps to -126..0, because NetX's reader damages some larger powers of two (lava-nc/lava-dl
`src/lava/lib/dl/netx/utils.py`, optimize_weight_bits). The same grid serves every target, so that all compute the same
network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.graph.numeric import Array


@final
@dataclass(frozen=True, slots=True)
class Grid:
    """Multiples of `step` in low..high."""

    low: int
    high: int
    step: int

    def nearest(self, values: Array) -> Array:
        """The grid's closest integers; ties go to the even multiple (as torch.round)."""
        rounded = self.step * np.rint(values / self.step)
        return np.asarray(np.clip(rounded, self.low, self.high)).astype(np.int64)

    def largest_factor(self, values: Array) -> float:
        """Largest factor by which `values` may be multiplied without leaving the grid; infinite for zeros."""
        top, bottom = float(values.max(initial=0.0)), float(-values.min(initial=0.0))
        upper = self.high / top if top > 0 else np.inf
        lower = -self.low / bottom if bottom > 0 else np.inf
        return float(min(upper, lower))


def weight_grid(weights: Array, bits: int = 8) -> Grid:
    """The grid for a tensor, chosen by its signs.

    Args:
        bits: stored bits per weight, 2..8.
    """
    if not (weights < 0).any():
        return Grid(0, (1 << bits) - 1, 1)
    if not (weights > 0).any():
        return Grid(2 - (1 << (bits - 1)), 0, 2)
    return Grid(-(1 << bits), (1 << bits) - 2, 2)
