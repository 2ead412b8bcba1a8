"""One level of a memory hierarchy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.profile.quantity import Quantity


@final
@dataclass(frozen=True)
class MemoryLevel:
    """Energy of one access, and what one access and the whole level hold.

    Args:
        quantity: energy of one access, read or write.
        access_bits: bits of one access, > 0; an access costs the same however few of them are wanted.
        capacity_bytes: size, > 0; None for memory outside the chip, where it is as large as needed.
    """

    quantity: Quantity
    access_bits: int
    capacity_bytes: int | None = None

    @property
    def per_bit(self) -> tuple[float, float, float]:
        """(low, value, high) in pJ of one bit of an access of which every bit is used."""
        low, value, high = self.quantity.range
        return low / self.access_bits, value / self.access_bits, high / self.access_bits

    @property
    def words(self) -> str:
        """Width and size, for tables."""
        size = "any size" if self.capacity_bytes is None else f"{self.capacity_bytes:,} bytes"
        return f"{self.access_bits} bits an access, {size}"
