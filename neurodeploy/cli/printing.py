"""How every command gives its result: tables for a person, or one JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

SCHEMA_VERSION = 1

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object.")]


def print_result(result: dict[str, Any], as_json: bool, shown: Callable[[dict[str, Any]], None]) -> None:
    """Print `result` on stdout, by `shown` or as JSON."""
    if as_json:
        print(json.dumps({"schema_version": SCHEMA_VERSION, **result}))
    else:
        shown(result)
