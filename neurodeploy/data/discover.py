"""Plugins are files in a folder: their names are listed without importing them, one is imported when it is chosen."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Sequence
from types import ModuleType

from neurodeploy.errors import ConfigError


def module_names(package: ModuleType, without: Sequence[str]) -> tuple[str, ...]:
    """Sorted names of the modules of `package`, except `without`; none of them is imported."""
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name for name in found if name not in without))


def load_module(package: ModuleType, name: str, names: Sequence[str], key: str) -> ModuleType:
    """The module of `package` called `name` ('-' and '_' are the same letter here).

    Raises:
        ConfigError: `name` is not in `names`; says which there are and which one is close.
    """
    stem = name.replace("-", "_")
    if stem not in names:
        close = difflib.get_close_matches(stem, names, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else ""
        raise ConfigError(key=key, found=name, allowed=", ".join(names), hint=hint)
    return importlib.import_module(f"{package.__name__}.{stem}")
