"""The checks of the numbers of a profile file, and of the tables that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, final

from neurodeploy.profile.checks import Checks
from neurodeploy.profile.memory import MemoryLevel
from neurodeploy.profile.quantity import (
    KINDS,
    MEMORIES,
    PER_CORE,
    PLACE_SCOPES,
    TAGS,
    TERM_SCOPES,
    UNITS,
    WORK,
    OperatingPoint,
    Quantity,
)

Tree = Mapping[str, Any]


@final
class Quantities:
    """The numbers of one file."""

    def __init__(self, checks: Checks) -> None:
        self.checks = checks

    def section(
        self, tree: Tree, section: str, known: Mapping[str, str] | None, scopes: tuple[str, ...]
    ) -> dict[str, Quantity]:
        """Quantities of one table; `known` maps allowed names to dimensions, None allows all."""
        table = self.checks.table(tree, section)
        if known is not None:
            what = "no such kind of work exists" if section == "price" else "unknown key"
            self.checks.names(f"{section}.", table, tuple(known), what)
        found = {}
        for name in table:
            dimensions = tuple(UNITS) if known is None else (known[name],)
            row = self.checks.table(table, name, section)
            found[name] = self.quantity(f"{section}.{name}", row, dimensions, scopes)
        return found

    def quantity(self, key: str, table: Tree, dimensions: tuple[str, ...], scopes: tuple[str, ...]) -> Quantity:
        checks = self.checks
        checks.names(f"{key}.", table, tuple(field.name for field in fields(Quantity)))
        units = [unit for dimension in dimensions for unit in UNITS[dimension]]
        value = checks.number(f"{key}.value", table.get("value"))
        scope = checks.choice(f"{key}.scope", checks.text(table, "scope", key), scopes)
        return Quantity(
            value=value,
            unit=checks.choice(f"{key}.unit", checks.text(table, "unit", key), units),
            scope=scope,
            kind=checks.choice(f"{key}.kind", checks.text(table, "kind", key), KINDS),
            source=checks.text(table, "source", key),
            tag=self.tag(key, table),
            voltage=checks.number(f"{key}.voltage", table["voltage"]) if "voltage" in table else None,
            interval=self.interval(key, table, value),
            includes=self.work(key, table),
            note=checks.text(table, "note", key) if "note" in table else "",
            at=self.operating_point(key, table, scope),
        )

    def tag(self, key: str, table: Tree) -> str:
        tag = self.checks.text(table, "tag", key)
        if tag not in TAGS:
            known = ", ".join(f"{short} ({long})" for short, long in TAGS.items())
            reason = f"'{tag}' is not sure enough to be shipped; allowed: {known}"
            self.checks.refuse(f"{key}.tag", reason, "Check the source.")
        return tag

    def interval(self, key: str, table: Tree, value: float) -> tuple[float, float] | None:
        if "interval" not in table:
            return None
        found = table["interval"]
        if not isinstance(found, list) or len(found) != 2:
            self.checks.refuse(f"{key}.interval", f"found {found!r}, wanted [low, high]")
        low, high = (self.checks.number(f"{key}.interval", item) for item in found)
        if not low <= value <= high:
            self.checks.refuse(f"{key}.interval", f"[{low}, {high}] does not contain the value {value}")
        return low, high

    def work(self, key: str, table: Tree) -> tuple[str, ...]:
        found = self.checks.texts(table, "includes", key)
        for name in found:
            self.checks.choice(f"{key}.includes", name, WORK)
        return found

    def operating_point(self, key: str, table: Tree, scope: str) -> OperatingPoint | None:
        """Of an all-in number; which of them need one is a rule of `consistency`."""
        if "at" not in table:
            return None
        checks, path = self.checks, f"{key}.at"
        if scope != "all_in":
            checks.refuse(path, f"only an all-in number has an operating point, and this one is '{scope}'")
        point = checks.table(table, "at", key)
        checks.names(f"{path}.", point, tuple(field.name for field in fields(OperatingPoint)))
        rate, tolerance = (checks.number(f"{path}.{name}", point.get(name)) for name in ("rate", "tolerance"))
        if rate == 0:
            checks.refuse(f"{path}.rate", "found 0, wanted units of work per second, > 0")
        if tolerance > 1:
            checks.refuse(f"{path}.tolerance", f"found {tolerance:g}, wanted a share from 0 to 1")
        return OperatingPoint(rate, tolerance)

    def per_core(self, tree: Tree) -> dict[str, tuple[Quantity, ...]]:
        """Limits with one value for each core; all lists are of one length."""
        table = self.checks.table(tree, "per_core")
        self.checks.names("per_core.", table, PER_CORE)
        found = {}
        for name in table:
            key, row = f"per_core.{name}", dict(self.checks.table(table, name, "per_core"))
            values = row.pop("values", None)
            if not isinstance(values, list) or not values:
                self.checks.refuse(f"{key}.values", f"found {values!r}, wanted a list with a number for each core")
            rows = ({**row, "value": value} for value in values)
            found[name] = tuple(self.quantity(key, each, ("size",), PLACE_SCOPES) for each in rows)
        if len({len(quantities) for quantities in found.values()}) > 1:
            self.checks.refuse("per_core", "the lists are for different numbers of cores")
        return found

    def memory(self, tree: Tree) -> dict[str, MemoryLevel]:
        """Levels by name, in the order of the file."""
        checks, table = self.checks, self.checks.table(tree, "memory")
        found = {}
        for name in table:
            key, row = f"memory.{name}", dict(checks.table(table, name, "memory"))
            if name.partition("_")[0] not in MEMORIES:
                allowed = ", ".join(f"{kind} or {kind}_..." for kind in MEMORIES)
                checks.refuse(key, f"no such kind of memory; names are {allowed}")
            width = checks.whole(f"{key}.access_bits", row.pop("access_bits", None))
            size = row.pop("capacity_bytes", None)
            if size is not None or not name.startswith("dram"):
                size = checks.whole(f"{key}.capacity_bytes", size)
            found[name] = MemoryLevel(self.quantity(key, row, ("energy",), TERM_SCOPES), width, size)
        return found
