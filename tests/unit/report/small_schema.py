"""The part of JSON Schema 2020-12 that `schema.json` uses, so that tests need no package for it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}

WORDS = frozenset({"$schema", "$id", "$defs", "title", "description"})
"""Keywords that ask for nothing."""


def problems(
    value: Any, schema: Mapping[str, Any], root: Mapping[str, Any] | None = None, place: str = "$"
) -> list[str]:
    """What is wrong with `value`; empty where it is as the schema says.

    Raises:
        KeyError: the schema uses a keyword that is not known here.
    """
    whole = schema if root is None else root
    return [text for key, wanted in schema.items() for text in _one(key, wanted, value, schema, whole, place)]


def _one(
    key: str, wanted: Any, value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str
) -> Iterator[str]:
    if key in WORDS:
        return
    if key == "$ref":
        yield from problems(value, root["$defs"][wanted.removeprefix("#/$defs/")], root, place)
    elif key in ("anyOf", "oneOf"):
        found = [problems(value, each, root, place) for each in wanted]
        good = sum(not each for each in found)
        if good == 0 or (key == "oneOf" and good > 1):
            yield f"{place}: {good} of {key} ({min(found, key=len)[:3]})"
    elif key == "type":
        if not TYPES[wanted](value):
            yield f"{place}: {value!r} is no {wanted}"
    else:
        yield from {
            "object": _object,
            "array": _array,
            "string": _plain,
            "number": _plain,
            "integer": _plain,
            None: _plain,
        }[schema.get("type")](key, wanted, value, schema, root, place)


def _object(
    key: str, wanted: Any, value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str
) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    if key == "required":
        yield from (f"{place}: no {name}" for name in wanted if name not in value)
    elif key == "properties":
        for name in value.keys() & wanted.keys():
            yield from problems(value[name], wanted[name], root, f"{place}.{name}")
    elif key == "additionalProperties":
        for name in value.keys() - schema.get("properties", {}).keys():
            if wanted is False:
                yield f"{place}: {name} is unknown"
            else:
                yield from problems(value[name], wanted, root, f"{place}.{name}")
    else:
        raise KeyError(key)


def _array(
    key: str, wanted: Any, value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str
) -> Iterator[str]:
    if not isinstance(value, list):
        return
    if key == "items":
        for index, each in enumerate(value):
            yield from problems(each, wanted, root, f"{place}[{index}]")
    elif key in ("minItems", "maxItems"):
        if (len(value) < wanted) == (key == "minItems") and len(value) != wanted:
            yield f"{place}: {len(value)} items, {key} {wanted}"
    else:
        raise KeyError(key)


def _plain(
    key: str, wanted: Any, value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str
) -> Iterator[str]:
    number = TYPES["number"](value)
    checks = {
        "const": lambda: value == wanted,
        "enum": lambda: value in wanted,
        "minimum": lambda: not number or value >= wanted,
        "maximum": lambda: not number or value <= wanted,
        "minLength": lambda: not isinstance(value, str) or len(value) >= wanted,
    }
    if not checks[key]():
        yield f"{place}: {value!r}, {key} {wanted}"
