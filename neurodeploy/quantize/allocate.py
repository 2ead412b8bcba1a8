"""How many bits each layer gets, so that all together stay within a budget and the loss grows least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class LayerChoice:
    """What can be chosen for one layer.

    Args:
        cost: of one bit per weight, > 0.
        losses: bits -> by how much the loss grows with so many bits in this layer alone.
    """

    cost: int
    losses: Mapping[int, float]


@final
@dataclass(frozen=True, slots=True)
class Allocation:
    """Bits of every layer, what they cost together, and the sum of the losses."""

    bits: tuple[int, ...]
    cost: int
    loss: float


def allocate(layers: Sequence[LayerChoice], budget: float) -> Allocation | None:
    """The allocation of least loss whose cost is at most `budget`; None where there is none.

    Exact: layer by layer, only choices that no cheaper one matches in loss are kept. Equal losses: the cheapest.
    """
    front = [Allocation((), 0, 0.0)]
    for layer in layers:
        grown = [
            Allocation((*known.bits, bits), known.cost + bits * layer.cost, known.loss + loss)
            for known in front
            for bits, loss in sorted(layer.losses.items())
        ]
        front = _undominated([choice for choice in grown if choice.cost <= budget])
    return front[-1] if front else None


def _undominated(choices: Sequence[Allocation]) -> list[Allocation]:
    """In order of cost, each with less loss than all before."""
    kept: list[Allocation] = []
    for choice in sorted(choices, key=lambda choice: (choice.cost, choice.loss)):
        if not kept or choice.loss < kept[-1].loss:
            kept.append(choice)
    return kept
