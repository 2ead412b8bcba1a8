"""A chip, or a model of one, as prices for work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from neurodeploy.profile.memory import MemoryLevel
from neurodeploy.profile.quantity import Quantity
from neurodeploy.profile.rules import Rules


@final
@dataclass(frozen=True)
class Profile:
    """A chip, or a model of one; see the module's text for the fields of the file.

    Args:
        name: file name without `.toml`.
        base: the shipped profile of the same chip whose limits and placement these are; empty where they are its own.
        boundary: what the numbers enclose: `core`, `chip` or `board`.
        stand_in: the prices are those of another chip.
        skips_zero_weights: whether a stored weight of zero costs nothing; None where no source says.
        prices: kind of work -> energy of one unit of it.
        overhead: power of everything around the chip; None where unknown, and then no board-level total exists.
        times: `barrier` (end of a step) and, by kind of work, the time of one operation on one core.
        memory: levels of a memory hierarchy by name, in the order of the file.
        movement: way of moving (keys of MOVEMENTS) -> energy of one bit, one hop.
        ann: precision -> energy of one multiply-accumulate of an ordinary network on this hardware.
        limits, per_core: what a network may need; `per_core` has one quantity for each core.
        rules, encoding: how a network is put on the chip, or None and nothing where that is not known.
        unknown: limit -> why no number is given; a placement names it.
    """

    name: str
    base: str
    title: str
    process: str
    boundary: str
    stand_in: bool
    skips_zero_weights: bool | None
    notes: tuple[str, ...]
    omits: tuple[str, ...]
    unpriced: Mapping[str, str]
    prices: Mapping[str, Quantity]
    static: Quantity | None
    clock_power: Quantity | None
    overhead: Quantity | None
    clock: Quantity | None
    time_per_step: Quantity | None
    times: Mapping[str, Quantity]
    memory: Mapping[str, MemoryLevel]
    movement: Mapping[str, Quantity]
    ann: Mapping[str, Quantity]
    limits: Mapping[str, Quantity]
    per_core: Mapping[str, tuple[Quantity, ...]]
    rules: Rules | None
    encoding: Mapping[str, Quantity]
    unknown: Mapping[str, str]
    facts: Mapping[str, Quantity]

    def quantities(self) -> dict[str, Quantity]:
        """Every number by its key in the file."""
        single = {
            "power.static": self.static,
            "power.clock": self.clock_power,
            "power.overhead": self.overhead,
            "timing.clock": self.clock,
            "timing.step": self.time_per_step,
        }
        found = {f"price.{name}": quantity for name, quantity in self.prices.items()}
        found |= {key: quantity for key, quantity in single.items() if quantity is not None}
        found |= {f"timing.{name}": quantity for name, quantity in self.times.items()}
        found |= {f"memory.{name}": level.quantity for name, level in self.memory.items()}
        found |= {f"movement.{name}": quantity for name, quantity in self.movement.items()}
        found |= {f"ann.{name}": quantity for name, quantity in self.ann.items()}
        found |= {f"limits.{name}": quantity for name, quantity in self.limits.items()}
        for name, quantities in self.per_core.items():
            found |= {f"per_core.{name}[{core}]": quantity for core, quantity in enumerate(quantities)}
        found |= {f"encoding.{name}": quantity for name, quantity in self.encoding.items()}
        return found | {f"facts.{name}": quantity for name, quantity in self.facts.items()}
