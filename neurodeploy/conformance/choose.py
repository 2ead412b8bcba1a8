"""Where random choices come from: a numpy generator here, anything that shrinks in tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, final, runtime_checkable

import numpy as np

from neurodeploy.graph import Shape
from neurodeploy.graph.numeric import Array

T = TypeVar("T")


@runtime_checkable
class Choose(Protocol):
    """Random choices; the first option and the lowest number are the plainest, so that a tool may shrink to them."""

    def integer(self, low: int, high: int) -> int:
        """One of low..high."""

    def coin(self) -> bool:
        """True or False."""

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`."""

    def array(self, shape: Shape, low: int, high: int) -> Array:
        """int64 values of low..high."""


@final
@dataclass(frozen=True, eq=False)
class RngChoose:
    """Choices of a numpy generator."""

    rng: np.random.Generator

    def integer(self, low: int, high: int) -> int:
        """One of low..high."""
        return int(self.rng.integers(low, high + 1))

    def coin(self) -> bool:
        """True or False."""
        return bool(self.rng.integers(2))

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`."""
        return options[int(self.rng.integers(len(options)))]

    def array(self, shape: Shape, low: int, high: int) -> Array:
        """int64 values of low..high."""
        return self.rng.integers(low, high + 1, shape)
