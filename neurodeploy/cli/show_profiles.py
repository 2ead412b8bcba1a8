"""What a person sees of hardware profiles."""

from __future__ import annotations

import sys

from neurodeploy.cli.show import Result, _table


def profiles_list(result: Result) -> None:
    """Names and titles."""
    words = {"prices": "yes", "ann": "yes", "placement": "yes", "stand_in": "stand-in"}
    rows = [
        (p["name"], p["title"], p["boundary"], *(word if p[key] else "" for key, word in words.items()))
        for p in result["profiles"]
    ]
    _table(("profile", "title", "boundary", "energy", "ann", "fit", ""), rows)


def profiles_show(result: Result) -> None:
    """Every number with its source."""
    print(f"{result['name']}: {result['title']}")
    rows = [(q["key"], _value(q), _interval(q), _scope(q), q["source"]) for q in result["quantities"]]
    _table(("key", "value", "interval", "scope, kind, tag", "source"), rows)
    for note in result["notes"]:
        print(f"note: {note}")
    if result["base"]:
        print(f"base: limits and placement are those of {result['base']}")
    if result["placement"]:
        print(f"placement: {result['placement']['model']} ({result['placement']['source']})")
    for name, why in result["unpriced"].items():
        print(f"no price: {name}: {why}")
    for name, why in result["unknown"].items():
        print(f"unknown: {name}: {why}")


def _value(row: Result) -> str:
    level = row.get("level")
    return f"{row['value']:.12g} {row['unit']}" + (f" ({level['words']})" if level else "")


def _interval(row: Result) -> str:
    return "" if row["interval"] is None else " to ".join(f"{end:.12g}" for end in row["interval"])


def _scope(row: Result) -> str:
    at = f" at {row['at']['rate']:.4g} per second ± {row['at']['tolerance']:.0%}" if row["at"] else ""
    return f"{row['scope']}{at}, {row['kind']}, {row['tag']}"


def profiles_check(result: Result) -> None:
    """What each valid profile holds and lacks; what is wrong with the others goes to stderr."""
    for row in result["profiles"]:
        if not row["valid"]:
            print(f"error: {row['error']['message']}", file=sys.stderr)
            continue
        print(f"{row['name']}: valid (quantities: {row['quantities']})")
        for part, names in row["holds"].items():
            print(f"  {part}: {', '.join(names) or 'none'}")
        print("  a report does not cover:" if row["gaps"] else "  a report covers everything")
        for name, why in row["gaps"].items():
            print(f"    {name}: {why}")
