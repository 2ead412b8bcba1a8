"""Values of a marked run: which of them a tensor is, whatever was done to its shape on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from typing import final

import torch
from torch import Tensor

from neurodeploy.graph import Shape
from neurodeploy.importers.torch_marked import BATCH, TIME

NEAR = 1e-6
"""Share by which a product or sum in float32 may differ."""


class Axes(Enum):
    """The leading axes of a tensor."""

    STEP = "(batch, ...)"
    TIME_BATCH = "(time, batch, ...)"
    BATCH_TIME = "(batch, time, ...)"
    TIMES_BATCH = "(time * batch, ...)"
    BATCHES_TIME = "(batch * time, ...)"

    def steps(self, value: Tensor, time: int) -> Tensor:
        """`value` as (time, batch, ...); a single step as (1, batch, ...)."""
        match self:
            case Axes.STEP:
                return value.unsqueeze(0)
            case Axes.TIME_BATCH:
                return value
            case Axes.BATCH_TIME:
                return value.transpose(0, 1)
            case Axes.TIMES_BATCH:
                return value.reshape(time, -1, *value.shape[1:])
            case Axes.BATCHES_TIME:
                return value.reshape(-1, time, *value.shape[1:]).transpose(0, 1)

    @property
    def count(self) -> int:
        """How many axes they are."""
        return 2 if self in (Axes.TIME_BATCH, Axes.BATCH_TIME) else 1

    def fit(self, value: Tensor) -> bool:
        """Whether a tensor of a marked run may have these axes."""
        sizes = {Axes.STEP: (BATCH,), Axes.TIME_BATCH: (TIME, BATCH), Axes.BATCH_TIME: (BATCH, TIME)}
        return tuple(value.shape[: self.count]) == sizes.get(self, (TIME * BATCH,))


@final
@dataclass(frozen=True)
class Key:
    """A value of the network: what the module at `path` gave in its call number `place` of a timestep."""

    path: str
    place: int = 0


FRAMES = Key("", -1)
"""The frames themselves."""


@final
@dataclass(frozen=True)
class Term:
    """One summand of what enters a module.

    Args:
        delay: timesteps ago.
        scale: factor.
        is_flat: a map that arrives as a vector.
    """

    key: Key
    delay: int = 0
    scale: float = 1.0
    is_flat: bool = False


@final
class Values:
    """The values known so far, each at each timestep."""

    def __init__(self) -> None:
        self.known: dict[Key, dict[int, Tensor]] = {}
        self.states: list[tuple[str, Tensor]] = []

    def add(self, key: Key, first: int, steps: Iterable[Tensor]) -> None:
        """Remember `steps`, (batch, *shape) each, the first of them at timestep `first`."""
        for number, value in enumerate(steps):
            self.known.setdefault(key, {})[first + number] = value.detach().double()

    def shape(self, key: Key) -> Shape:
        """Shape of a value, without batch."""
        return tuple(next(iter(self.known[key].values())).shape[1:])

    def find(self, value: Tensor, time: int) -> tuple[Term, ...] | None:
        """What `value` (batch, ...) of timestep `time` is made of; () is zero, None unknown."""
        flat = value.detach().double().reshape(BATCH, -1)
        if not flat.any():
            return ()
        near = list(self._comparable(value, time))
        for term, other in near:
            scale = factor(flat, other)
            if scale is not None:
                return (Term(term.key, term.delay, scale, term.is_flat),)
        for (one, first), (two, second) in combinations(near, 2):
            if torch.allclose(flat, first + second, rtol=NEAR, atol=0):
                return (one, two)
        return None

    def _comparable(self, value: Tensor, time: int) -> Iterable[tuple[Term, Tensor]]:
        """Earlier values of the same size and shape, or of a map that `value` may be flattened from."""
        shape = tuple(value.shape[1:])
        for key, steps in self.known.items():
            is_flat = self.shape(key) != shape
            if is_flat and (len(shape) != 1 or next(iter(steps.values())).numel() != value.numel()):
                continue
            for when, other in steps.items():
                if when <= time:
                    yield Term(key, time - when, is_flat=is_flat), other.reshape(BATCH, -1)

    def owner(self, value: Tensor) -> str | None:
        """Path of the neurons whose state `value` is."""
        for path, state in self.states:
            if state.shape == value.shape and torch.equal(state, value):
                return path
        return None


def factor(value: Tensor, other: Tensor) -> float | None:
    """The one number that makes `value` of `other`, which holds no zeros; None if there is none."""
    ratio = value / other
    if not torch.allclose(ratio, ratio[:1, :1], rtol=NEAR, atol=0):
        return None
    scale = float(ratio[0, 0])
    return 1.0 if abs(scale - 1) < NEAR else scale
