"""The smallest single change after which a network fits: fewer channels, a larger stride, a smaller input, fewer bits.

Each kind of change of each layer is tried on the sizes of the network, by bisection where more of it takes less. What
is returned was tried: the changed network keeps the limit. Weights keep their widths; changed layers count as full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

from neurodeploy.errors import GraphError
from neurodeploy.placement.network import Kind, Layer, Map, Network
from neurodeploy.placement.plan import Violation
from neurodeploy.placement.resize import resized

STRIDES: Final = 8
"""Largest stride that is tried."""
SHOWN: Final = 4
"""Changes that are listed for a network."""


@final
@dataclass(frozen=True)
class Judged:
    """The limits that a network exceeds: (layer, limit)."""

    wrong: frozenset[tuple[str, str]]


@final
@dataclass(frozen=True)
class Change:
    """One change of one size.

    Args:
        kind: `channels`, `stride`, `input` or `bits`.
        layer: which layer, or the input.
        old, new: sizes before and after.
        fits: whether the whole network then keeps every limit, not only the one in question.
    """

    kind: str
    layer: str
    old: tuple[int, ...]
    new: tuple[int, ...]
    fits: bool

    @property
    def cut(self) -> float:
        """Share of the size that is lost; the measure of what is smaller."""
        if self.kind == "stride":
            return 1 - self.old[0] / self.new[0]
        return 1 - self.new[0] / self.old[0]

    @property
    def text(self) -> str:
        """What to do, in words."""
        old, new = (" x ".join(map(str, sizes)) for sizes in (self.old, self.new))
        words = {
            "channels": f"{self.layer}: {new} instead of {old} channels or neurons",
            "stride": f"{self.layer}: stride {new} instead of {old}",
            "input": f"an input of {new} instead of {old}",
            "bits": f"{self.layer}: weights of {new} instead of {old} bits",
        }
        return words[self.kind]


@final
@dataclass(frozen=True)
class Family:
    """One kind of change of one layer, from the smallest to the largest."""

    kind: str
    layer: str
    old: tuple[int, ...]
    news: tuple[tuple[int, ...], ...]
    apply: Callable[[tuple[int, ...]], Network]


Judge = Callable[[Network], Judged]


def smallest_changes(
    network: Network, violations: Sequence[Violation], judge: Judge
) -> tuple[tuple[Change, ...], tuple[Change | None, ...]]:
    """(changes after which everything fits, for each violation the smallest change that removes it).

    Args:
        judge: says which limits a network exceeds.
    """
    tried = [_Tried(family, judge) for family in families(network)]
    whole = [change for each in tried if (change := each.first(None)) is not None]
    whole.sort(key=lambda change: change.cut)
    remedies = []
    for violation in violations:
        key = (violation.layer, violation.limit)
        found = [change for each in tried if (change := each.first(key)) is not None]
        remedies.append(min(found, key=lambda change: (change.cut, not change.fits), default=None))
    return tuple(whole[:SHOWN]), tuple(remedies)


@final
class _Tried:
    """A family with the judgements of what was tried of it."""

    def __init__(self, family: Family, judge: Judge) -> None:
        self.family, self.judge = family, judge
        self.known: dict[int, Judged | None] = {}

    def at(self, place: int) -> Judged | None:
        """The judgement of one change; None where no such network exists."""
        if place not in self.known:
            try:
                self.known[place] = self.judge(self.family.apply(self.family.news[place]))
            except GraphError:
                self.known[place] = None
        return self.known[place]

    def good(self, place: int, key: tuple[str, str] | None) -> bool:
        found = self.at(place)
        return found is not None and (not found.wrong if key is None else key not in found.wrong)

    def first(self, key: tuple[str, str] | None) -> Change | None:
        """The smallest change of the family that removes `key`, or everything for None."""
        if self.family.kind == "stride":
            places = [place for place in range(len(self.family.news)) if self.good(place, key)]
            return self.change(places[0]) if places else None
        # a change that goes too far leaves no network: a map vanishes
        valid = _first(len(self.family.news), lambda place: self.at(place) is None)
        place = _first(valid, lambda place: self.good(place, key))
        return self.change(place) if place < valid else None

    def change(self, place: int) -> Change:
        family, found = self.family, self.at(place)
        fits = found is not None and not found.wrong
        return Change(family.kind, family.layer, family.old, family.news[place], fits)


def _first(count: int, is_true: Callable[[int], bool]) -> int:
    """The first of 0..count-1 that is true, when all after it are; `count` where none is."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_true(middle) else (middle + 1, high)
    return low


def families(network: Network) -> list[Family]:
    """Every kind of change that the network allows."""
    if not network.layers:
        return []
    found = [_input(network), _all_bits(network)]
    for layer in network.layers[:-1]:
        found.append(_channels(network, layer))
    for layer in network.layers:
        found.append(_bits(network, layer))
        if any(edge.kind is Kind.CONV for edge in layer.edges):
            found.append(_stride(network, layer))
    return [family for family in found if family.news]


def _channels(network: Network, layer: Layer) -> Family:
    old = layer.edges[0].out
    follows = any(edge.kind is Kind.DIRECT or edge.groups > 1 for edge in layer.edges)
    news = () if follows else tuple((size,) for size in range(old - 1, 0, -1))
    return Family("channels", layer.name, (old,), news, lambda new: resized(network, out={layer.name: new[0]}))


def _stride(network: Network, layer: Layer) -> Family:
    old = max(max(edge.stride) for edge in layer.edges)
    news = tuple((size,) for size in range(old + 1, STRIDES + 1))
    return Family("stride", layer.name, (old,), news, lambda new: resized(network, stride={layer.name: new[0]}))


def _bits(network: Network, layer: Layer) -> Family:
    old = layer.weight_bits
    has = any(edge.kind is not Kind.DIRECT for edge in layer.edges)
    news = tuple((size,) for size in range(old - 1, 0, -1)) if has else ()
    return Family("bits", layer.name, (old,), news, lambda new: resized(network, bits={layer.name: new[0]}))


def _all_bits(network: Network) -> Family:
    """Fewer bits in every layer: one setting of a training."""
    old = max(layer.weight_bits for layer in network.layers)
    names = [layer.name for layer in network.layers]
    news = tuple((size,) for size in range(old - 1, 0, -1)) if len(names) > 1 else ()
    return Family("bits", "all layers", (old,), news, lambda new: resized(network, bits=dict.fromkeys(names, new[0])))


def _input(network: Network) -> Family:
    """A smaller input: a map keeps its proportions, its channels stay."""
    channels, rows, columns = network.input_map
    if (rows, columns) == (1, 1):
        news = tuple((size,) for size in range(channels - 1, 0, -1))
        return Family("input", network.input, (channels,), news, lambda new: resized(network, input_map=(new[0], 1, 1)))
    sizes = tuple((size, max(1, columns * size // rows)) for size in range(rows - 1, 0, -1))

    def smaller(new: tuple[int, ...]) -> Network:
        wanted: Map = (channels, new[0], new[1])
        return resized(network, input_map=wanted)

    return Family("input", network.input, (rows, columns), sizes, smaller)
