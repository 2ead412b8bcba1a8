"""The checks of one profile file: every rule names file, key and reason."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, NoReturn, final

from neurodeploy.errors import ProfileError
from neurodeploy.profile.profile import Profile
from neurodeploy.profile.quantity import (
    COST_SCOPES,
    ENCODINGS,
    KINDS,
    LIMITS,
    PER_CORE,
    PLACE_SCOPES,
    POWERS,
    TAGS,
    TIMINGS,
    UNITS,
    WORK,
    Quantity,
)
from neurodeploy.profile.rules import CONVOLUTIONS, CUTS, MODELS, Rules


def close_names(found: str, names: Iterable[str]) -> str:
    """A hint: the one known name that looks like `found`, or all of them."""
    close = difflib.get_close_matches(found, list(names), 1)
    return f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(sorted(names))}."


@final
class Reader:
    """The checks of one file; `path` is for the messages."""

    def __init__(self, path: str) -> None:
        self.path = path

    def refuse(self, key: str, reason: str, hint: str = "") -> NoReturn:
        raise ProfileError(path=self.path, key=key, reason=reason, hint=hint)

    def profile(self, name: str, text: str) -> Profile:
        try:
            tree = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self.refuse("file", f"is not TOML ({error})")
        top = ("title", "process", "boundary", "stand_in", "skips_zero_weights", "notes", "omits", "unpriced")
        placing = ("limits", "per_core", "placement", "encoding", "unknown")
        self.names("", tree, (*top, "price", "power", "timing", *placing, "facts"))
        power = self.section(tree, "power", POWERS, PLACE_SCOPES)
        timing = self.section(tree, "timing", TIMINGS, PLACE_SCOPES)
        made = Profile(
            name=name,
            title=self.text(tree, "title"),
            process=self.text(tree, "process"),
            boundary=self.choice("boundary", self.text(tree, "boundary"), PLACE_SCOPES),
            stand_in=bool(self.flag(tree, "stand_in")),
            skips_zero_weights=self.flag(tree, "skips_zero_weights"),
            notes=self.texts(tree, "notes"),
            omits=self.texts(tree, "omits"),
            unpriced=self.unpriced(tree),
            prices=self.section(tree, "price", dict.fromkeys(WORK, "energy"), COST_SCOPES),
            static=power.get("static"),
            clock_power=power.get("clock"),
            overhead=power.get("overhead"),
            clock=timing.get("clock"),
            time_per_step=timing.get("step"),
            limits=self.section(tree, "limits", dict.fromkeys(LIMITS, "size"), PLACE_SCOPES),
            per_core=self.per_core(tree),
            rules=self.rules(tree),
            encoding=self.section(tree, "encoding", dict.fromkeys(ENCODINGS, "size"), PLACE_SCOPES),
            unknown=self.unknown(tree),
            facts=self.section(tree, "facts", None, (*COST_SCOPES, *PLACE_SCOPES)),
        )
        self.consistent(made)
        return made

    def section(
        self, tree: Mapping[str, Any], section: str, known: Mapping[str, str] | None, scopes: tuple[str, ...]
    ) -> dict[str, Quantity]:
        """Quantities of one table; `known` maps allowed names to dimensions, None allows all."""
        table = self.table(tree, section)
        if known is not None:
            self.names(f"{section}.", table, tuple(known))
        found = {}
        for name in table:
            dimensions = tuple(UNITS) if known is None else (known[name],)
            found[name] = self.quantity(f"{section}.{name}", self.table(table, name, section), dimensions, scopes)
        return found

    def quantity(
        self, key: str, table: Mapping[str, Any], dimensions: tuple[str, ...], scopes: tuple[str, ...]
    ) -> Quantity:
        self.names(f"{key}.", table, tuple(field.name for field in fields(Quantity)))
        units = [unit for dimension in dimensions for unit in UNITS[dimension]]
        value = self.number(f"{key}.value", table.get("value"))
        tag = self.text(table, "tag", key)
        if tag not in TAGS:
            known = ", ".join(f"{short} ({long})" for short, long in TAGS.items())
            self.refuse(
                f"{key}.tag", f"'{tag}' is not sure enough to be shipped; allowed: {known}", "Check the source."
            )
        return Quantity(
            value=value,
            unit=self.choice(f"{key}.unit", self.text(table, "unit", key), units),
            scope=self.choice(f"{key}.scope", self.text(table, "scope", key), scopes),
            kind=self.choice(f"{key}.kind", self.text(table, "kind", key), KINDS),
            source=self.text(table, "source", key),
            tag=tag,
            voltage=self.number(f"{key}.voltage", table["voltage"]) if "voltage" in table else None,
            interval=self.interval(key, table, value),
            includes=self.work(key, table),
            note=self.text(table, "note", key) if "note" in table else "",
        )

    def interval(self, key: str, table: Mapping[str, Any], value: float) -> tuple[float, float] | None:
        if "interval" not in table:
            return None
        found = table["interval"]
        if not isinstance(found, list) or len(found) != 2:
            self.refuse(f"{key}.interval", f"found {found!r}, wanted [low, high]")
        low, high = (self.number(f"{key}.interval", item) for item in found)
        if not low <= value <= high:
            self.refuse(f"{key}.interval", f"[{low}, {high}] does not contain the value {value}")
        return low, high

    def work(self, key: str, table: Mapping[str, Any]) -> tuple[str, ...]:
        found = self.texts(table, "includes", key)
        for name in found:
            self.choice(f"{key}.includes", name, WORK)
        return found

    def unpriced(self, tree: Mapping[str, Any]) -> dict[str, str]:
        table = self.table(tree, "unpriced")
        self.names("unpriced.", table, tuple(WORK))
        return {name: self.text(table, name, "unpriced") for name in table}

    def per_core(self, tree: Mapping[str, Any]) -> dict[str, tuple[Quantity, ...]]:
        """Limits with one value for each core; all lists are of one length."""
        table = self.table(tree, "per_core")
        self.names("per_core.", table, PER_CORE)
        found = {}
        for name in table:
            row = dict(self.table(table, name, "per_core"))
            values = row.pop("values", None)
            if not isinstance(values, list) or not values:
                self.refuse(f"per_core.{name}.values", f"found {values!r}, wanted a list with a number for each core")
            found[name] = tuple(
                self.quantity(f"per_core.{name}", {**row, "value": value}, ("size",), PLACE_SCOPES) for value in values
            )
        if len({len(quantities) for quantities in found.values()}) > 1:
            self.refuse("per_core", "the lists are for different numbers of cores")
        return found

    def rules(self, tree: Mapping[str, Any]) -> Rules | None:
        if "placement" not in tree:
            return None
        table = self.table(tree, "placement")
        self.names("placement.", table, tuple(field.name for field in fields(Rules)))
        cut = self.texts(table, "cut", "placement")
        for axis in cut:
            self.choice("placement.cut", axis, CUTS)
        convolution = self.text(table, "convolution", "placement") if "convolution" in table else ""
        return Rules(
            model=self.choice("placement.model", self.text(table, "model", "placement"), MODELS),
            source=self.text(table, "source", "placement"),
            tag=self.choice("placement.tag", self.text(table, "tag", "placement"), TAGS),
            convolution=self.choice("placement.convolution", convolution, CONVOLUTIONS),
            cut=cut or CUTS,
            powers_of_two=bool(self.flag(table, "powers_of_two", "placement")),
        )

    def unknown(self, tree: Mapping[str, Any]) -> dict[str, str]:
        table = self.table(tree, "unknown")
        limits = self.table(tree, "limits")
        for name in table:
            if name in limits:
                self.refuse(f"unknown.{name}", "the same limit has a number")
        return {name: self.text(table, name, "unknown") for name in table}

    def consistent(self, profile: Profile) -> None:
        """No work charged twice, nothing added to a price that contains everything, no clock power without a clock."""
        powers = {"power.static": profile.static, "power.clock": profile.clock_power}
        quantities = {f"price.{name}": q for name, q in profile.prices.items()}
        quantities |= {key: q for key, q in powers.items() if q is not None}
        for key, quantity in quantities.items():
            for name in quantity.includes:
                if name in profile.prices:
                    self.refuse(f"{key}.includes", f"'{name}' has a price of its own and would be charged twice")
            others = [k for k in quantities if k not in ("price.accumulate", "price.multiply_accumulate", key)]
            if quantity.scope == "all_in" and others:
                reason = f"an all-in constant already contains '{others[0]}'; the two cannot be added"
                self.refuse(f"{key}.scope", reason, "Give a marginal price, or remove the other term.")
        for name in profile.unpriced:
            if name in profile.prices:
                self.refuse(f"unpriced.{name}", "the same work has a price")
        if profile.clock_power is not None and profile.clock is None:
            self.refuse("timing.clock", "missing, but power.clock is given per frequency")

    def names(self, prefix: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
        for name in table:
            if name not in known:
                what = "no such kind of work exists" if prefix == "price." else "unknown key"
                self.refuse(prefix + name, what, close_names(name, known))

    def table(self, tree: Mapping[str, Any], key: str, prefix: str = "") -> Mapping[str, Any]:
        found = tree.get(key, {})
        if not isinstance(found, Mapping):
            self.refuse(f"{prefix}.{key}" if prefix else key, f"found {found!r}, wanted a table")
        return found

    def text(self, table: Mapping[str, Any], key: str, prefix: str = "") -> str:
        path = f"{prefix}.{key}" if prefix else key
        if key not in table:
            self.refuse(path, "missing")
        if not isinstance(table[key], str) or not table[key].strip():
            self.refuse(path, f"found {table[key]!r}, wanted text")
        return str(table[key])

    def texts(self, table: Mapping[str, Any], key: str, prefix: str = "") -> tuple[str, ...]:
        found = table.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
            self.refuse(f"{prefix}.{key}" if prefix else key, f"found {found!r}, wanted a list of texts")
        return tuple(found)

    def flag(self, table: Mapping[str, Any], key: str, prefix: str = "") -> bool | None:
        found = table.get(key)
        if found is not None and not isinstance(found, bool):
            self.refuse(f"{prefix}.{key}" if prefix else key, f"found {found!r}, wanted true or false")
        return found

    def choice(self, key: str, found: str, allowed: Iterable[str]) -> str:
        if found not in allowed:
            self.refuse(key, f"found '{found}', allowed: {', '.join(allowed)}")
        return found

    def number(self, key: str, found: object) -> float:
        if found is None:
            self.refuse(key, "missing")
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found) or found < 0:
            self.refuse(key, f"found {found!r}, wanted a finite number >= 0")
        return float(found)
