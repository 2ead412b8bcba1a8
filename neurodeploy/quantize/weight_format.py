"""How the weights of one layer are stored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from neurodeploy.errors import ConfigError

LEAST_BITS, MOST_BITS = 2, 8


@final
@dataclass(frozen=True, slots=True)
class WeightFormat:
    """Width of a layer's weights, and their factor where training learned one.

    Args:
        bits: stored bits per weight, 2..8.
        factor: weight steps per unit of the float weights, > 0; weights beyond the grid are clipped. None: the largest
            factor at which no weight is clipped.
    Raises:
        ConfigError: out of range.
    """

    bits: int = MOST_BITS
    factor: float | None = None

    def __post_init__(self) -> None:
        if not LEAST_BITS <= self.bits <= MOST_BITS:
            allowed = f"an integer {LEAST_BITS}..{MOST_BITS}"
            raise ConfigError(key="weight_bits", found=self.bits, allowed=allowed)
        if self.factor is not None and not (math.isfinite(self.factor) and self.factor > 0):
            raise ConfigError(key="factor", found=self.factor, allowed="a finite number > 0")
