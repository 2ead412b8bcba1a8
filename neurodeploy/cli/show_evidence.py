"""What a person sees of estimates held against measurements, and of measurements."""

from __future__ import annotations

from typing import Any

from neurodeploy.cli import show
from neurodeploy.cli.show import _table

Result = dict[str, Any]

FAILED = 5
NOTHING_MEASURED = 3


def validation(result: Result) -> None:
    """A row for each point, then what each case says and what limits it."""
    print("Predictions of the shipped profiles (estimates) against published measurements")
    _table(result["table"]["columns"], result["table"]["rows"])
    print(f"naive: {result['naive']}; for comparison only")
    for case in result["cases"]:
        print(f"\n{case['name']}: {case['title']}: {case['verdict'].upper()}")
        print(f"  {case['statement']}")
        bounds = ", ".join(dict.fromkeys(point["profile_boundary"] for point in case["points"]))
        print(f"  measured ({case['boundary']}; predicted: {bounds}): {case['source']} [{case['tag']}]")
        print(f"  work: {case['workload_source']} [{case['workload_tag']}]")
        for point in case["points"]:
            for term, reason in point["not_covered"].items():
                print(f"  not priced by {point['profile']}, {point['name']}: {term} ({reason})")
        for caveat in case["caveats"]:
            print(f"  caveat: {caveat}")
    failed = f"failed: {', '.join(result['failed'])}" if result["failed"] else "none failed"
    print(f"\npassed: {', '.join(result['passed']) or 'none'}; {failed}; recorded: {', '.join(result['recorded'])}")


def validation_code(result: Result) -> int:
    """0, or 5 where a case with a band failed."""
    return FAILED if result["failed"] else 0


def measured(result: Result) -> None:
    """A row for each meter, the sum of them, and the meters that gave no number."""
    runs = len(result["wall_s"]["values"]) if result["wall_s"] else 0
    print(f"{result['label']}: {result['status']}, {runs} run{'s' * (runs != 1)}, {_value(result['wall_s'], 's')}")
    if result["meters"]:
        columns = ("meter", "of", "method", "energy", "at rest", "above rest", "mean power", "")
        rows = [(m["name"], m["boundary"], m["method"], *_energies(m)) for m in result["meters"]]
        _table(columns, [*rows, ("all meters", "", "", *_energies(result["total"]))])
    if result["idle_s"]:
        print(f"rest: measured for {result['idle_s']:g} s before the first run")
    for item in result["not_run"]:
        print(f"NOT_RUN: {item['name']}: {item['reason']}. {item['hint']}".rstrip())
    for note in result["notes"]:
        print(f"note: {note}")


def measured_code(result: Result) -> int:
    """3 where no meter gave a number, else 0."""
    return 0 if result["status"] == "MEASURED" else NOTHING_MEASURED


def _energies(found: Result) -> tuple[str, ...]:
    energies = (_value(found[key], "J") for key in ("energy_j", "idle_j", "above_idle_j"))
    return (*energies, _value(found["mean_w"], "W"), found["note"])


def _value(spread: Result | None, unit: str) -> str:
    """The mean, with least and most where there are several."""
    if spread is None:
        return "–"
    text = f"{spread['mean']:.4g} {unit}"
    if spread["deviation"] is None:
        return text
    return f"{text} ({spread['least']:.4g} – {spread['most']:.4g})"


def evaluate(result: Result) -> None:
    """Accuracies, and the energy measured for them where it was."""
    show.evaluate(result)
    if "measured" in result:
        measured(result["measured"])
