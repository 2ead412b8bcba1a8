"""How a synapse's weights are stored: the smallest type that holds them exactly, and the layout of its kernel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.exporters._c_text import smallest_type, table, width
from neurodeploy.graph.numeric import Array

TILE = 8
"""Outputs that a dense kernel keeps in registers."""


@final
@dataclass(frozen=True, eq=False)
class Packed:
    """Weights = `factor` * values, values of C type `kind`."""

    values: Array
    kind: str
    factor: int


@final
@dataclass(frozen=True, eq=False)
class Table:
    """A constant array of the generated file.

    Args:
        in_words: it begins at a multiple of four bytes, so that words of it may be loaded.
    """

    kind: str
    name: str
    values: Array
    in_words: bool = False

    @property
    def text(self) -> str:
        """Its definition."""
        return table(self.kind, self.name, self.values, " @NAME@_IN_WORDS" if self.in_words else "")

    @property
    def bytes(self) -> int:
        """What it takes of flash."""
        return width(self.kind) * int(np.asarray(self.values).size)


def index_table(name: str, values: Array) -> Table:
    """A table of the narrowest type that holds `values`."""
    return Table(smallest_type(int(values.min()), int(values.max())), name, values)


def pack(weight: Array) -> Packed:
    """One byte for each weight where a common power of two, or a common sign, allows it; otherwise two."""
    low, high = int(weight.min()), int(weight.max())
    for shift in _common_shifts(weight):
        if low >> shift >= -128 and high >> shift <= 127:
            return Packed(weight >> shift, "int8_t", 1 << shift)
        if low >= 0 and high >> shift <= 255:
            return Packed(weight >> shift, "uint8_t", 1 << shift)
        if high <= 0 and -low >> shift <= 255:
            return Packed(-weight >> shift, "uint8_t", -1 << shift)
    return Packed(weight, "int16_t", 1)


def _common_shifts(weight: Array) -> Iterable[int]:
    """0 and up, as long as all weights are whole multiples of two to that power."""
    bits = int(np.bitwise_or.reduce(np.abs(weight).reshape(-1)))
    return range((bits & -bits).bit_length() if bits else 1)


def tiled(weight: Array) -> Array:
    """(outputs, inputs) as tiles of eight outputs, [tile][input][8]; the last tile is as narrow as it needs to be."""
    tiles = [weight[start : start + TILE].T.reshape(-1) for start in range(0, len(weight), TILE)]
    return np.concatenate(tiles)


@final
@dataclass(frozen=True, eq=False)
class Sparse:
    """Weights that are not zero, input by input.

    Args:
        starts: (inputs + 1,): where each input's weights begin.
        places, values: output and weight of each.
    """

    starts: Array
    places: Array
    values: Array

    @property
    def bytes(self) -> int:
        """Flash, for weights of one byte."""
        numbers = (self.starts, self.places)
        return len(self.values) + sum(width(smallest_type(0, int(n.max(initial=0)))) * n.size for n in numbers)


def sparse(weight: Array) -> Sparse:
    """`weight` (outputs, inputs) without its zeros."""
    inputs, places = np.nonzero(weight.T)
    counts = np.bincount(inputs, minlength=weight.shape[1])
    starts = np.concatenate([[0], np.cumsum(counts)])
    return Sparse(starts, places, weight[places, inputs])
