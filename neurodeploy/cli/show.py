"""What a person sees: results as tables on stdout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

Result = dict[str, Any]


def _table(headers: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console(highlight=False, markup=False)
    console.print(table)


def exit_code(verdicts: Sequence[Result]) -> int:
    """0 when something was proved and nothing failed; 5 after a failure or without proof; 3 when nothing could run."""
    found = {verdict["status"] for verdict in verdicts}
    if found & {"MISMATCH", "NOT_PROVEN"}:
        return 5
    return 0 if "EXACT" in found else 3


def verdicts(rows: Sequence[Result]) -> None:
    """One line a runtime: what it ended with and what it compared."""
    shown = []
    for row in rows:
        compared = ""
        if row["values"]:
            compared = f"{row['samples']} samples x {row['steps']} steps, {row['layers']} layers, "
            compared += f"{row['spikes']:,} spikes, {row['values']:,} values"
        if row["largest_difference"] is not None:
            compared += f", largest difference {row['largest_difference']:.2g}"
        shown.append((row["status"], row["runtime"], compared or "nothing compared", row["reason"]))
    _table(("verdict", "runtime", "compared", "why"), shown)


def train(result: Result) -> None:
    """Accuracies and the folder of the run."""
    metrics = result["metrics"]
    _table(("test accuracy", ""), [(key, value) for key, value in metrics.items() if "accuracy" in key])
    print(f"run: {result['run']}")


def evaluate(result: Result) -> None:
    """Accuracies on the recordings."""
    rows = [(key, f"{value:.4f}") for key, value in result.items() if key.startswith("accuracy")]
    _table(("runtime", result["runtime"]), [("recordings", f"{result['samples']} ({result['source']})"), *rows])


def export(result: Result) -> None:
    """Files written and the verdicts on them."""
    print(f"{result['artefact']}: {', '.join(name for name in result['files'] if not name.startswith('reference/'))}")
    for warning in result["notes"].get("warnings", []):
        print(f"warning: {warning}")
    verdicts(result["verdicts"])


def verify(result: Result) -> None:
    """The verdicts."""
    print(f"{result['artefact']} on {result['samples']}")
    verdicts(result["verdicts"])


def report(result: Result) -> None:
    """Where the report is."""
    print(result["report"])


def doctor(result: Result) -> None:
    """Versions, then what is missing."""
    print(f"neurodeploy {result['neurodeploy']}, Python {result['python']}, {result['platform']}")
    rows = [
        (p["name"], p["version"] or "missing", p["enables"], "" if p["version"] else p["install"])
        for p in result["parts"]
    ]
    _table(("part", "version", "enables", "install with"), rows)
