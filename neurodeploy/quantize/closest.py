"""Rounding weights after training: the step size at which they change least."""

from __future__ import annotations

from typing import Final

import numpy as np

from neurodeploy.graph.numeric import Array
from neurodeploy.quantize.grid import weight_grid
from neurodeploy.quantize.weight_format import WeightFormat

SHARES: Final = np.geomspace(1.0, 16.0, 65)
"""Factors that are tried, in units of the largest that clips nothing; with few bits clipping some weights pays."""


def closest_format(weight: Array, bits: int) -> WeightFormat:
    """The factor, among `SHARES`, whose rounding and clipping have the least squared error.

    Args:
        weight: of one layer, floats.
        bits: stored bits per weight, 2..8.
    """
    grid = weight_grid(weight, bits)
    largest = grid.largest_factor(weight)
    if not np.isfinite(largest) or largest <= 0:
        return WeightFormat(bits)
    factors = largest * SHARES
    errors = [float(np.square(grid.nearest(weight * factor) / factor - weight).sum()) for factor in factors]
    return WeightFormat(bits, float(factors[int(np.argmin(errors))]))
