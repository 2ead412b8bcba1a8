"""Numbers as words: counts, times, bytes, rates; a dash for what is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

DASH: Final = "–"

TIMES: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
SIZES: Final = ((1e6, "MB"), (1e3, "KB"))
RATES: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def number_text(value: int | float | None) -> str:
    """A count with thousands separated, three digits after small numbers; a dash for None."""
    if value is None:
        return DASH
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def time_text(seconds: int | float | None) -> str:
    """A time with three digits and a fitting unit."""
    if seconds is None:
        return DASH
    scale, unit = next(((scale, unit) for scale, unit in TIMES if seconds >= scale), TIMES[-1])
    return f"{seconds / scale:.3g} {unit}"


def bytes_text(size: int | float | None) -> str:
    """A size in bytes, KB or MB (thousands)."""
    if size is None:
        return DASH
    return next((f"{size / scale:.3g} {unit}" for scale, unit in SIZES if size >= scale), f"{size:g} B")


def short_text(value: int | float | None) -> str:
    """A large number with three digits and k, M or G."""
    if value is None:
        return DASH
    return next((f"{value / scale:.3g} {unit}" for scale, unit in RATES if abs(value) >= scale), f"{value:.3g}")


def share_text(value: int | float | None) -> str:
    """A share as percent."""
    return DASH if value is None else f"{value:.1%}"


def span_text(ends: Sequence[int | float] | None) -> str:
    """Low to high end of a (low, mid, high) in seconds, or the one value where both are equal."""
    if ends is None:
        return DASH
    low, _, high = ends
    return time_text(low) if low == high else f"{time_text(low)} – {time_text(high)}"
