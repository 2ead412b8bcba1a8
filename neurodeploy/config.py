"""Configuration: TOML and key=value into nested frozen dataclasses, with errors that name the key."""

from __future__ import annotations

import dataclasses
import difflib
import json
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from neurodeploy.errors import ConfigError, DataError

T = TypeVar("T")

SHORT = {"dataset": "data.dataset"}
"""Keys that may be written without their table."""


def read_config(kind: type[T], path: Path | None, overrides: Sequence[str] = ()) -> T:
    """Defaults, overridden by the TOML file, overridden by `key=value` words.

    Args:
        kind: a frozen dataclass of values and further dataclasses; a method `check()` of any of them is called, and
            before that a class method `complete(tree)`, which may add to what was given.
    Raises:
        ConfigError: unknown key, wrong type, out of range, or not TOML.
        DataError: the file does not exist.
    """
    tree = {} if path is None else _merge(read_toml(path), {})
    return build(kind, _overridden(tree, overrides))


def override(config: T, words: Sequence[str]) -> T:
    """`config` with other values for the keys in `words` (key=value).

    Raises:
        ConfigError: unknown key, wrong type or out of range.
    """
    return build(type(config), _overridden(as_tree(config), words)) if words else config


def _overridden(tree: dict[str, Any], words: Sequence[str]) -> dict[str, Any]:
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not key:
            raise ConfigError(key=word, found=word, allowed="key=value, for instance train.epochs=10")
        _set(tree, SHORT.get(key, key).split("."), _parse(text))
    return tree


def read_toml(path: Path) -> dict[str, Any]:
    """The tree in a TOML file.

    Raises:
        ConfigError: it is not TOML.
        DataError: it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(source=path, reason=f"the configuration cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(key=str(path), found="the file", allowed=f"valid TOML ({error})") from error


def _merge(tree: Mapping[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    for key, value in tree.items():
        if key in SHORT:
            _set(target, SHORT[key].split("."), value)
        else:
            target[key] = {**target.get(key, {}), **value} if isinstance(value, Mapping) else value
    return target


def _parse(text: str) -> Any:
    """The TOML value of `text`; a bare word is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _set(tree: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
        if not isinstance(tree, dict):
            raise ConfigError(key=".".join(path), found=tree, allowed=f"a table named '{name}'")
    tree[path[-1]] = value


def build(kind: type[T], tree: Mapping[str, Any], prefix: str = "") -> T:
    """`kind` from a tree of plain values, for instance a saved configuration.

    Raises:
        ConfigError: unknown key, wrong type or out of range.
    """
    complete = getattr(kind, "complete", None)
    tree = tree if complete is None else complete(tree)
    hints = typing.get_type_hints(kind)
    known = [item.name for item in dataclasses.fields(kind)]  # type: ignore[arg-type]  # T is always a dataclass
    for key in tree:
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            hint = f"Did you mean '{prefix}{close[0]}'?" if close else ""
            raise ConfigError(key=prefix + key, found="an unknown key", allowed=", ".join(known), hint=hint)
    values = {key: _value(hints[key], value, prefix + key) for key, value in tree.items()}
    made = kind(**values)
    check = getattr(made, "check", None)
    if check is not None:
        check()
    return made


def _value(kind: Any, value: Any, key: str) -> Any:
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise ConfigError(key=key, found=value, allowed="a table")
        return build(typing.cast(type[Any], kind), value, key + ".")
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        if value not in arguments:
            raise ConfigError(key=key, found=value, allowed=", ".join(map(str, arguments)))
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(key=key, found=value, allowed=f"a list of {arguments[0].__name__}")
        return tuple(_value(arguments[0], item, f"{key}[{place}]") for place, item in enumerate(value))
    return _scalar(kind, value, key)


def _scalar(kind: Any, value: Any, key: str) -> Any:
    allowed = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    if float in allowed and type(value) is int:
        value = float(value) if int not in allowed else value
    if type(value) not in allowed:
        names = " or ".join(
            {bool: "true or false", int: "an integer", float: "a number", str: "a word"}[k] for k in allowed
        )
        raise ConfigError(key=key, found=value, allowed=names)
    return value


def as_tree(config: Any) -> dict[str, Any]:
    """Plain values of a configuration, ready for JSON."""
    tree: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(config)))
    return tree
