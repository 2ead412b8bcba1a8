"""An energy estimate: what was priced, with which number, and what was not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from neurodeploy.errors import ProfileError
from neurodeploy.profile import Profile, Quantity


@final
@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of one inference in pJ; low = mid = high where no source gives an interval."""

    low: int | float = 0.0
    mid: int | float = 0.0
    high: int | float = 0.0

    def __add__(self, other: Energy) -> Energy:
        return Energy(self.low + other.low, self.mid + other.mid, self.high + other.high)


@final
@dataclass(frozen=True)
class Line:
    """One kind of work of one node, priced.

    Args:
        node: node name, or "network" for what no single node causes.
        term: kind of work, or `static`, `clock`, `overhead`.
        amount: units of work per inference; seconds for powers.
        key, price: where the price stands in the profile, and the price.
    """

    node: str
    term: str
    amount: float
    key: str
    price: Quantity
    energy: Energy


@final
@dataclass(frozen=True, slots=True)
class Amount:
    """A result of a model that is no energy.

    Args:
        node: node name, or "network" for what no single node causes.
        term: kind of work.
        unit: "bit operations" or "cycles".
        low, mid, high: per inference, in `unit`.
    """

    node: str
    term: str
    unit: str
    low: float
    mid: float
    high: float


@final
@dataclass(frozen=True)
class NotCovered:
    """Work that was done, or exists, and has no price.

    Args:
        amount: units per inference, or None where it was not counted.
    """

    term: str
    amount: float | None
    reason: str


@final
@dataclass(frozen=True)
class Estimate:
    """Energy of one inference on one profile: an estimate, mean over the recorded samples.

    Args:
        lines: dynamic energy, by node and kind of work.
        power_lines: static, clock and overhead energy: power times `duration_s`.
        not_covered: everything that had work but no price; never counted as 0.
        included: kind of work -> key of the number that already contains it.
        assumptions: sentences a reader needs in order to use the numbers.
        duration_s: time of one inference, or None where unknown.
        duration_of: what that time is: "given", of the "chip" (its time per timestep), or of the "data" (real time).
        too_large: what the network has too much of for one chip, see `capacity`; empty where no limit is exceeded.
        model, options: the model of energy (`energy.models`) and its choices.
        amounts: what the model gives that is no energy; never to be shown in joules.
    """

    profile: Profile
    lines: tuple[Line, ...]
    power_lines: tuple[Line, ...]
    not_covered: tuple[NotCovered, ...]
    included: dict[str, str]
    assumptions: tuple[str, ...]
    duration_s: float | None
    samples: int
    steps: int | float
    duration_of: str = ""
    too_large: str = ""
    model: str = "affine"
    options: Mapping[str, str] = field(default_factory=dict)
    amounts: tuple[Amount, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether the profile has nothing to say: no price and no power that this work meets."""
        return not (self.lines or self.power_lines or self.amounts)

    @property
    def constants(self) -> dict[str, Quantity]:
        """Every number that was used, by its key: in the profile, or `model.NAME` for one of the model's own."""
        return {line.key: line.price for line in (*self.lines, *self.power_lines)}

    @property
    def dynamic(self) -> Energy | None:
        """Energy of the work that has a price; None where work was counted and none of it has one."""
        unpriced = any(item.amount for item in self.not_covered)
        return None if unpriced and not self.lines else sum((line.energy for line in self.lines), Energy())

    @property
    def static(self) -> Energy | None:
        """Static and clock power times the time of one inference; None where power or time is unknown."""
        found = [line.energy for line in self.power_lines if line.term != "overhead"]
        return sum(found, Energy()) if found else None

    @property
    def overhead(self) -> Energy | None:
        """Energy of everything around the chip, or None where unknown."""
        found = [line.energy for line in self.power_lines if line.term == "overhead"]
        return found[0] if found else None

    @property
    def total(self) -> Energy | None:
        """Dynamic and static energy within the profile's boundary; None where one of them is unknown."""
        return None if self.static is None or self.dynamic is None else self.dynamic + self.static

    def board_total(self) -> Energy:
        """Dynamic, static and overhead energy.

        Raises:
            ProfileError: the profile does not know the overhead, or the energy within its boundary is unknown.
        """
        if self.overhead is None or self.total is None:
            missing = "static" if self.static is None else "dynamic"
            key = "power.overhead" if self.overhead is None else f"{missing} energy"
            hint = "Add the measured power to a profile of your own, and give the time of one inference."
            reason = "unknown, so there is no board-level total"
            raise ProfileError(path=self.profile.name, key=key, reason=reason, hint=hint)
        return self.total + self.overhead

    def by_node(self) -> dict[str, Energy]:
        """Dynamic energy of each node."""
        found: dict[str, Energy] = {}
        for line in self.lines:
            found[line.node] = found.get(line.node, Energy()) + line.energy
        return found

    def by_term(self) -> dict[str, Energy]:
        """Dynamic energy of each kind of work."""
        found: dict[str, Energy] = {}
        for line in self.lines:
            found[line.term] = found.get(line.term, Energy()) + line.energy
        return found
