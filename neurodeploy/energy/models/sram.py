"""Energy of one access to a memory of a given size, on each curve that implementations draw through few points."""

from __future__ import annotations

from typing import Final

from neurodeploy.energy.models.lines import refuse
from neurodeploy.profile import MemoryLevel, Profile, Quantity

WORD_BITS: Final = 32
"""Every weight, potential and event is one word of 32 bits in the formulas of the memory model."""

QUALIA: Final = Quantity(
    value=13.2,
    unit="pJ",
    scope="marginal",
    kind="derived",
    source="qualia-plugin-snn 2.6.0, default memory energy: 13.2 + 1.09e-5 x words x bits pJ an access",
    tag="S",
    note="an access of one word of 32 bits to an empty memory; the slope is 1.09e-5 pJ a bit of size",
)
QUALIA_SLOPE_PJ: Final = 1.09e-5
"""See QUALIA: pJ for each bit that the memory holds."""

MOST_BYTES: Final = float("inf")


def access(profile: Profile, size_bytes: int | float, curve: str, width: int) -> tuple[str, Quantity]:
    """(key, energy) of one access of a word of 32 bits to a memory of `size_bytes`.

    steps: the smallest level of the profile that is large enough. linear: between (0, 0) and the profile's SRAM levels,
    as spikingjelly does; beyond the largest, as steps. qualia: 13.2 + 1.09e-5 x bits of the memory, in pJ.

    Args:
        width: bits that one access of a level gives: with 64, the published width, two words share it; with 32 a word
            is charged all of it, as spikingjelly does. Not used by the curve `qualia`.
    Raises:
        ProfileError: the profile has no memory that large.
    """
    if curve == "qualia":
        value = QUALIA.value + QUALIA_SLOPE_PJ * size_bytes * 8
        return f"model.memory.qualia at {size_bytes:g} bytes", _derived(
            QUALIA, value, value, value, f"{QUALIA.source}; {size_bytes:,.0f} bytes"
        )
    levels = sorted(profile.memory.items(), key=lambda item: item[1].capacity_bytes or MOST_BYTES)
    name, level = next(
        ((n, each) for n, each in levels if size_bytes <= (each.capacity_bytes or MOST_BYTES)), (None, None)
    )
    if name is None or level is None:
        reason = f"no memory of {size_bytes:,.0f} bytes: the largest is smaller"
        refuse(profile, "memory", "memory", reason, "a profile with larger memories, such as cmos45")
    share = 1.0 if width == WORD_BITS else WORD_BITS / level.access_bits
    if curve == "linear" and level.capacity_bytes is not None:
        return f"memory.{name} at {size_bytes:g} bytes", _between(levels, level, size_bytes, share)
    low, mid, high = (each * share for each in level.quantity.range)
    return f"memory.{name}", _derived(level.quantity, low, mid, high, f"{level.quantity.source}; a word of 32 bits")


def _between(
    levels: list[tuple[str, MemoryLevel]], above: MemoryLevel, size_bytes: int | float, share: int | float
) -> Quantity:
    """On the line from the next smaller level, or from nothing, to the level `above`."""
    smaller = [each for _, each in levels if (each.capacity_bytes or MOST_BYTES) < (above.capacity_bytes or MOST_BYTES)]
    size, start = (smaller[-1].capacity_bytes or 0, smaller[-1].quantity.range) if smaller else (0, (0.0, 0.0, 0.0))
    along = (size_bytes - size) / ((above.capacity_bytes or 0) - size)
    low, mid, high = (
        (begin + along * (end - begin)) * share for begin, end in zip(start, above.quantity.range, strict=True)
    )
    source = f"{above.quantity.source}; on a line between sizes, at {size_bytes:,.0f} bytes; a word of 32 bits"
    return _derived(above.quantity, low, mid, high, source)


def _derived(origin: Quantity, low: float, mid: float, high: float, source: str) -> Quantity:
    """A number worked out from `origin`, in pJ."""
    return Quantity(
        value=mid,
        unit="pJ",
        scope="marginal",
        kind="derived",
        source=source,
        tag=origin.tag,
        voltage=origin.voltage,
        interval=None if low == high else (low, high),
    )
