"""Two traces of one network: equal in every value, or the first place where they differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.errors import MismatchError
from neurodeploy.graph import Trace
from neurodeploy.graph.numeric import Array


@final
@dataclass(frozen=True)
class Compared:
    """What was compared: value names, and how many numbers."""

    names: tuple[str, ...]
    values: int


def compare(expected: Trace, found: Trace, order: Iterable[str]) -> Compared:
    """Check that every value in `found` equals `expected`, exactly.

    Args:
        order: names in the order of computation, so that the first difference reported is the cause, not a consequence.
    Raises:
        MismatchError: the earliest timestep and first node at which they differ, or an array of another shape.
    """
    names = tuple(name for name in order if name in found)
    unknown = set(found.values) - set(names)
    if unknown:
        raise ValueError(f"the trace holds values that the graph does not have: {sorted(unknown)}")
    total = differing = 0
    first: tuple[int, int, str, tuple[int, ...]] | None = None
    for rank, name in enumerate(names):
        _same_shape(name, expected[name], found[name])
        bad = expected[name] != found[name]
        total, differing = total + bad.size, differing + int(bad.sum())
        if bad.any():
            place = tuple(int(i) for i in np.argwhere(bad)[0])
            candidate = (place[0], rank, name, place)
            first = candidate if first is None or candidate[:2] < first[:2] else first
    if first is not None:
        _, _, name, place = first
        raise MismatchError(
            node=name,
            timestep=place[0],
            index=place[1:],
            expected=expected[name][place].item(),
            found=found[name][place].item(),
            differing=differing,
            compared=total,
        )
    return Compared(names, total)


def _same_shape(name: str, expected: Array, found: Array) -> None:
    if expected.shape != found.shape:
        raise MismatchError(
            node=f"{name} (shape {found.shape}, expected {expected.shape})",
            timestep=0,
            index=(),
            expected=expected.size,
            found=found.size,
            differing=abs(expected.size - found.size),
            compared=0,
        )
