"""Reading validation cases: every rule names the file, the key and the reason."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from statistics import linear_regression
from typing import Any, Final, NoReturn, final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.node_counts import NodeCounts, Uses
from neurodeploy.energy.validation.case import KINDS, QUANTITIES, Case, Point
from neurodeploy.errors import DataError
from neurodeploy.profile.quantity import PLACE_SCOPES, TAGS, WORK

TOP: Final = ("title", "kind", "quantity", "unit", "boundary", "source", "tag", "workload_source", "workload_tag")
POINT: Final = ("name", "profile", "measured", "steps", "duration_s", "clock_mhz", "judged", "rate", "totals", "node")
COUNTED: Final = tuple(name for name in WORK if name != "cycle")


def shipped_cases() -> list[Case]:
    """The cases that come with the package, sorted by name."""
    folder = resources.files("neurodeploy.energy.validation").joinpath("cases")
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda item: item.name)
    return [_Reader(item.name).case(item.read_text(encoding="utf-8")) for item in files]


def read_case(path: Path) -> Case:
    """The case in a file.

    Raises:
        DataError: the file is absent, is not TOML, or breaks a rule; file, key and reason are named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(source=path, reason=f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(source=path, reason="is not UTF-8 text") from error
    return _Reader(str(path)).case(text)


@final
class _Reader:
    """The checks of one file; `path` is for the messages."""

    def __init__(self, path: str) -> None:
        self.path = path

    def refuse(self, key: str, reason: str, hint: str = "") -> NoReturn:
        raise DataError(source=f"validation case {self.path}", reason=f"key '{key}': {reason}", hint=hint)

    def case(self, text: str) -> Case:
        try:
            tree = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise DataError(source=f"validation case {self.path}", reason=f"is not TOML ({error})") from error
        self.names("", tree, (*TOP, "band", "caveats", "slope", "point"))
        kind = self.choice(tree, "kind", KINDS)
        quantity = self.choice(tree, "quantity", QUANTITIES)
        return Case(
            name=Path(self.path).name.removesuffix(".toml").upper(),
            title=self.text(tree, "title"),
            kind=kind,
            quantity=quantity,
            unit=self.choice(tree, "unit", QUANTITIES[quantity]),
            boundary=self.choice(tree, "boundary", PLACE_SCOPES),
            source=self.text(tree, "source"),
            tag=self.choice(tree, "tag", TAGS),
            workload_source=self.text(tree, "workload_source"),
            workload_tag=self.choice(tree, "workload_tag", TAGS),
            band=self.band(tree, kind),
            caveats=self.caveats(tree),
            points=self.points(tree, kind),
        )

    def band(self, tree: Mapping[str, Any], kind: str) -> tuple[float, float] | None:
        if kind != "band":
            if "band" in tree:
                self.refuse("band", f"a case of kind '{kind}' is recorded and cannot pass")
            return None
        found = tree.get("band")
        if not isinstance(found, list) or len(found) != 2:
            self.refuse("band", f"found {found!r}, wanted [least ratio, greatest ratio]")
        low, high = (self.number("band", item) for item in found)
        if not 0 < low < 1 < high:
            self.refuse("band", f"[{low:g}, {high:g}] does not lie around 1")
        return low, high

    def caveats(self, tree: Mapping[str, Any]) -> tuple[str, ...]:
        found = tree.get("caveats")
        if not isinstance(found, list) or not found or not all(isinstance(item, str) and item for item in found):
            self.refuse("caveats", f"found {found!r}, wanted a list of sentences", "No published case is without one.")
        return tuple(found)

    def points(self, tree: Mapping[str, Any], kind: str) -> tuple[Point, ...]:
        tables = self.tables(tree, "point", "point")
        slope = self.slope(tree)
        found = tuple(self.point(f"point {place}", table, slope) for place, table in enumerate(tables, 1))
        if not any(point.judged for point in found):
            self.refuse("point", "none of them is judged")
        rates = tuple(point.rate for point in found)
        if kind == "rate" and rates != (0.0, 1.0):
            self.refuse("point", f"a case of kind 'rate' has two points of rate 0 and 1, found {list(rates)}")
        if kind != "rate" and any(rate is not None for rate in rates):
            self.refuse("point", f"a case of kind '{kind}' has no 'rate'")
        return found

    def slope(self, tree: Mapping[str, Any]) -> float | None:
        """Slope of the line through the measured series, which then is the measured value of every point."""
        if "slope" not in tree:
            return None
        table = self.table("slope", tree["slope"])
        self.names("slope.", table, ("of", "x", "y"))
        self.text(table, "of", "slope.")
        series = []
        for key in ("x", "y"):
            values = table.get(key)
            if not isinstance(values, list) or len(values) < 3:
                self.refuse(f"slope.{key}", f"found {values!r}, wanted a list of at least three numbers")
            series.append([self.number(f"slope.{key}", value) for value in values])
        x, y = series
        if len(x) != len(y) or len(set(x)) < 3:
            self.refuse("slope", "x and y must be equally long, with at least three different x")
        found = linear_regression(x, y).slope
        return found if found > 0 else self.refuse("slope", f"the line falls ({found:g})")

    def point(self, key: str, table: Mapping[str, Any], slope: float | None) -> Point:
        self.names(f"{key}.", table, POINT)
        if slope is not None and "measured" in table:
            self.refuse(f"{key}.measured", "the slope is the measured value")
        clock = self.positive(f"{key}.clock_mhz", table["clock_mhz"]) * 1e6 if "clock_mhz" in table else None
        judged = table.get("judged", True)
        if not isinstance(judged, bool):
            self.refuse(f"{key}.judged", f"found {judged!r}, wanted true or false")
        return Point(
            name=self.text(table, "name", f"{key}."),
            profile=self.text(table, "profile", f"{key}."),
            measured=self.positive(f"{key}.measured", table.get("measured")) if slope is None else slope,
            counts=self.counts(key, table),
            duration_s=self.positive(f"{key}.duration_s", table["duration_s"]) if "duration_s" in table else None,
            clock_hz=clock,
            judged=judged,
            rate=self.number(f"{key}.rate", table["rate"]) if "rate" in table else None,
        )

    def counts(self, key: str, table: Mapping[str, Any]) -> Counts:
        steps = self.whole(f"{key}.steps", table.get("steps"))
        if steps < 1:
            self.refuse(f"{key}.steps", f"found {steps}, wanted a whole number >= 1")
        rows = enumerate(self.tables(table, "node", f"{key}.node"), 1)
        counts = Counts(tuple(self.node(f"{key}.node {place}", row) for place, row in rows), 1, steps)
        self.totals(key, table, counts)
        return counts

    def totals(self, key: str, table: Mapping[str, Any], counts: Counts) -> None:
        """What the source states of the whole network must be the sum of the rows."""
        stated = self.table(f"{key}.totals", table.get("totals", {}))
        self.names(f"{key}.totals.", stated, COUNTED)
        for name in stated:
            uses, found = self.uses(f"{key}.totals.{name}", stated[name]), counts.total(name)
            if uses != found:
                reason = f"the rows add up to {found.stored} stored, {found.nonzero} non-zero"
                self.refuse(f"{key}.totals.{name}", f"found {stated[name]}, but {reason}")

    def node(self, key: str, table: Mapping[str, Any]) -> NodeCounts:
        self.names(f"{key}.", table, ("name", "neurons", *COUNTED))
        return NodeCounts(
            name=self.text(table, "name", f"{key}."),
            kind="published",
            neurons=self.whole(f"{key}.neurons", table.get("neurons")),
            work={name: self.uses(f"{key}.{name}", table[name]) for name in COUNTED if name in table},
        )

    def uses(self, key: str, found: object) -> Uses:
        """One number, or [on stored weights, on non-zero weights]."""
        values = found if isinstance(found, list) else [found, found]
        if len(values) != 2:
            self.refuse(key, f"found {found!r}, wanted a number or [stored, non-zero]")
        stored, nonzero = (self.whole(key, value) for value in values)
        if nonzero > stored:
            self.refuse(key, f"{nonzero} uses of non-zero weights are more than the {stored} of all weights")
        return Uses(stored, nonzero)

    def tables(self, tree: Mapping[str, Any], name: str, key: str) -> list[Mapping[str, Any]]:
        found = tree.get(name)
        if not isinstance(found, list) or not found or not all(isinstance(item, Mapping) for item in found):
            self.refuse(key, f"missing, wanted at least one [[{key.rpartition('.')[2]}]]")
        return found

    def table(self, key: str, found: object) -> Mapping[str, Any]:
        if not isinstance(found, Mapping):
            self.refuse(key, f"found {found!r}, wanted a table")
        return found

    def names(self, prefix: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
        allowed = tuple(known)
        for name in table:
            if name not in allowed:
                self.refuse(prefix + name, "unknown key", f"Known: {', '.join(allowed)}.")

    def text(self, table: Mapping[str, Any], key: str, prefix: str = "") -> str:
        found = table.get(key)
        if not isinstance(found, str) or not found.strip():
            self.refuse(prefix + key, "missing" if found is None else f"found {found!r}, wanted text")
        return found

    def choice(self, table: Mapping[str, Any], key: str, allowed: Iterable[str]) -> str:
        found, names = self.text(table, key), tuple(allowed)
        if found not in names:
            self.refuse(key, f"found '{found}', allowed: {', '.join(names)}")
        return found

    def number(self, key: str, found: object) -> float:
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found) or found < 0:
            self.refuse(key, "missing" if found is None else f"found {found!r}, wanted a finite number >= 0")
        return float(found)

    def positive(self, key: str, found: object) -> float:
        number = self.number(key, found)
        return number if number > 0 else self.refuse(key, f"found {found!r}, wanted a number > 0")

    def whole(self, key: str, found: object) -> int:
        if isinstance(found, bool) or not isinstance(found, int) or found < 0:
            self.refuse(key, "missing" if found is None else f"found {found!r}, wanted a whole number >= 0")
        return found
