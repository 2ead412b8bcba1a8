"""Which neurons of one map meet which of another through a kernel: the arithmetic of cutting maps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import final

from neurodeploy.placement.network import Edge, Kind, Map

Span = tuple[int, int]
"""First index, and the one after the last."""


@final
@dataclass(frozen=True)
class Block:
    """A box of neurons of one layer."""

    channels: Span
    rows: Span
    columns: Span

    @property
    def sides(self) -> Map:
        """How many channels, rows and columns."""
        channels, rows, columns = (span[1] - span[0] for span in (self.channels, self.rows, self.columns))
        return (channels, rows, columns)

    @property
    def neurons(self) -> int:
        """How many there are."""
        channels, rows, columns = self.sides
        return channels * rows * columns

    def words(self, whole: Map) -> str:
        """Which part of `whole` this is."""
        if self.sides == whole:
            return "all"
        flat = whole[1:] == (1, 1)
        named = zip(("neurons" if flat else "channels", "rows", "columns"), self.spans, whole, strict=True)
        return ", ".join(f"{name} {span[0]}-{span[1] - 1}" for name, span, size in named if span != (0, size))

    @property
    def spans(self) -> tuple[Span, Span, Span]:
        """Channels, rows, columns."""
        return self.channels, self.rows, self.columns


def whole(map_: Map) -> Block:
    """All neurons of a map."""
    return Block((0, map_[0]), (0, map_[1]), (0, map_[2]))


@lru_cache(maxsize=4096)
def taps(size: int, kernel: int, stride: int, padding: int, dilation: int, span: Span) -> dict[tuple[int, ...], int]:
    """Positions of a source axis of `size` by the kernel taps through which they reach outputs of `span`.

    Taps -> how many positions use exactly these; positions that reach nothing are left out. At the border, and with a
    stride, positions use other taps than in the middle.
    """
    used: dict[int, list[int]] = {}
    for target in range(*span):
        for tap in range(kernel):
            position = target * stride - padding + tap * dilation
            if 0 <= position < size:
                used.setdefault(position, []).append(tap)
    return dict(Counter(tuple(sorted(found)) for found in used.values()))


@lru_cache(maxsize=4096)
def field(size: int, kernel: int, stride: int, padding: int, dilation: int, span: Span) -> Span:
    """Positions of a source axis between the first and the last that outputs of `span` can see."""
    first = span[0] * stride - padding
    last = (span[1] - 1) * stride - padding + (kernel - 1) * dilation
    return max(0, first), min(size, last + 1)


def axis_taps(edge: Edge, axis: int, span: Span) -> dict[tuple[int, ...], int]:
    """`taps` along rows (0) or columns (1) of a convolution."""
    size = edge.seen[1 + axis]
    return taps(size, edge.kernel[axis], edge.stride[axis], edge.padding[axis], edge.dilation[axis], span)


def seen_by(edge: Edge, target: Block) -> Block:
    """The part of the source map that neurons of `target` see."""
    if edge.kind is Kind.DENSE:
        return whole(edge.seen)
    if edge.kind is Kind.DIRECT:
        return target
    rows, columns = (
        field(edge.seen[1 + a], edge.kernel[a], edge.stride[a], edge.padding[a], edge.dilation[a], span)
        for a, span in enumerate((target.rows, target.columns))
    )
    each_in, each_out = edge.seen[0] // edge.groups, edge.out // edge.groups
    first, last = target.channels[0] // each_out, (target.channels[1] - 1) // each_out
    return Block((first * each_in, (last + 1) * each_in), rows, columns)


def common(one: Block, two: Block) -> Map:
    """Channels, rows and columns that two boxes of one map share; zeros where they share nothing."""
    channels = min(one.channels[1], two.channels[1]) - max(one.channels[0], two.channels[0])
    rows = min(one.rows[1], two.rows[1]) - max(one.rows[0], two.rows[0])
    columns = min(one.columns[1], two.columns[1]) - max(one.columns[0], two.columns[0])
    return (channels, rows, columns) if channels > 0 and rows > 0 and columns > 0 else (0, 0, 0)
