"""The plainest checks of a profile file: names, texts, flags, numbers. What fails is named by file, key and reason."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, final

from neurodeploy.errors import ProfileError


def close_names(found: str, names: Iterable[str]) -> str:
    """A hint: the one known name that looks like `found`, or all of them."""
    close = difflib.get_close_matches(found, list(names), 1)
    return f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(sorted(names))}."


@final
class Checks:
    """Checks of the values of one file; `path` is for the messages."""

    def __init__(self, path: str) -> None:
        self.path = path

    def refuse(self, key: str, reason: str, hint: str = "") -> NoReturn:
        raise ProfileError(path=self.path, key=key, reason=reason, hint=hint)

    def names(self, prefix: str, table: Mapping[str, Any], known: Iterable[str], what: str = "unknown key") -> None:
        for name in table:
            if name not in known:
                self.refuse(prefix + name, what, close_names(name, known))

    def table(self, tree: Mapping[str, Any], key: str, prefix: str = "") -> Mapping[str, Any]:
        found = tree.get(key, {})
        if not isinstance(found, Mapping):
            self.refuse(_path(prefix, key), f"found {found!r}, wanted a table")
        return found

    def text(self, table: Mapping[str, Any], key: str, prefix: str = "") -> str:
        path = _path(prefix, key)
        if key not in table:
            self.refuse(path, "missing")
        if not isinstance(table[key], str) or not table[key].strip():
            self.refuse(path, f"found {table[key]!r}, wanted text")
        return str(table[key])

    def texts(self, table: Mapping[str, Any], key: str, prefix: str = "") -> tuple[str, ...]:
        found = table.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
            self.refuse(_path(prefix, key), f"found {found!r}, wanted a list of texts")
        return tuple(found)

    def flag(self, table: Mapping[str, Any], key: str, prefix: str = "") -> bool | None:
        found = table.get(key)
        if found is not None and not isinstance(found, bool):
            self.refuse(_path(prefix, key), f"found {found!r}, wanted true or false")
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

    def whole(self, key: str, found: object) -> int:
        if found is None:
            self.refuse(key, "missing")
        if isinstance(found, bool) or not isinstance(found, int) or found < 1:
            self.refuse(key, f"found {found!r}, wanted a whole number >= 1")
        return found


def _path(prefix: str, key: str) -> str:
    return f"{prefix}.{key}" if prefix else key
