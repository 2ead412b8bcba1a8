"""Surrogate gradients: what backpropagation uses in place of the derivative of "fires when v > threshold"."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor

from neurodeploy.train.config import SurrogateName


@dataclass(frozen=True)
class Surrogate(ABC):
    """A bump of area 1 around the threshold.

    Args:
        width: in units of the voltage, > 0; the height of the bump is 1 / width.
    """

    width: float

    @property
    @abstractmethod
    def factor(self) -> float:
        """What `shape_` has to be multiplied by; callers merge it with another factor."""

    @abstractmethod
    def shape_(self, distance: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The bump at `distance` = v - threshold up to `factor`, written over `distance`."""

    def derivative(self, distance: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The bump at `distance` = v - threshold."""
        return self.factor * self.shape_(distance.clone())


@final
@dataclass(frozen=True)
class Triangle(Surrogate):
    """max(0, width - |v - threshold|) / width^2.

    Source:
        Deng et al. 2022, "Temporal efficient training", openreview _XNtisL32jv.
    """

    @property
    def factor(self) -> float:
        return -1 / self.width**2

    def shape_(self, distance: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        return distance.abs_().sub_(self.width).clamp_(max=0)


@final
@dataclass(frozen=True)
class Arctan(Surrogate):
    """1 / width / (1 + (pi (v - threshold) / width)^2): the derivative of arctan, scaled to area 1.

    Source:
        Fang et al. 2021, "Incorporating learnable membrane time constant", arXiv:2007.05785, with alpha = 2 / width.
    """

    @property
    def factor(self) -> float:
        return 1 / self.width

    def shape_(self, distance: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        return distance.mul_(math.pi / self.width).square_().add_(1).reciprocal_()


def surrogate(name: SurrogateName, width: float) -> Surrogate:
    """The surrogate called `name`."""
    return Triangle(width) if name == "triangle" else Arctan(width)
