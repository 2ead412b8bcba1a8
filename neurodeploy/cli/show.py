"""What a person sees: results as tables on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

Result = dict[str, Any]

CONFORMANCE_CODES = {"CONFORMS": 0, "MISMATCH": 5, "NOT_RUN": 3}
WRONG_SHOWN = 20


def _table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    # here and not above: `--help` prints no table
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    # a pipe or a file has no width of its own; folding at 80 columns would cut names in two
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160).print(table)


def exit_code(verdicts: Sequence[Result]) -> int:
    """0 when something was proved and nothing failed; 5 after a failure or without proof; 3 when nothing could run."""
    found = {verdict["status"] for verdict in verdicts}
    if found & {"MISMATCH", "NOT_PROVEN"}:
        return 5
    proved = any(v["samples"] and v["status"] in ("EXACT", "WITHIN_TOLERANCE") for v in verdicts)
    return 0 if proved else 3


def verdicts(rows: Sequence[Result]) -> None:
    """One line a runtime: what it ended with and what it compared; nothing for an export that was not checked."""
    if not rows:
        return
    shown = []
    for row in rows:
        compared = ""
        if row["values"] and not row["samples"]:
            compared = f"{row['layers']} layers, {row['values']:,} weights and biases"
        elif row["values"]:
            compared = f"{row['samples']} samples x {row['steps']} steps, {row['layers']} layers, "
            compared += f"{row['spikes']:,} spikes, {row['values']:,} values"
        compared += f", {row['exits']:,} early exits" if row.get("exits") else ""
        if row["largest_difference"] is not None:
            compared += f", largest difference {row['largest_difference']:.2g}"
        nothing = "the first samples" if row["status"] == "MISMATCH" else "nothing compared"
        shown.append((row["status"], row["runtime"], compared or nothing, row["reason"]))
    _table(("verdict", "runtime", "compared", "why"), shown)


def train(result: Result) -> None:
    """Accuracies and the folder of the run."""
    metrics = result["metrics"]
    found = [(key.replace("_", " "), f"{value:.2%}") for key, value in metrics.items() if "accuracy" in key]
    _table(("trained", f"{metrics['epochs']} epochs"), found)
    print(f"run: {result['run']}")


def tune(result: Result) -> None:
    """Where the new run is, and accuracies of the three networks."""
    print(f"run: {result['run']}")
    rows = [("before", "the given network"), ("changed", "its weights, new reset"), ("after", "tuned")]
    for key, text in rows:
        found = [f"{mode} {share:.1%}" for mode, share in result[key].items() if share is not None]
        print(f"{text:24} {', '.join(found) or 'no test recordings'}")
    print(f"accuracy on: {result['samples']}")


def import_model(result: Result) -> None:
    """How the network was read, how far it lies from its source, and its accuracy."""
    print(f"{result['source']}: {result['model']}, {result['timesteps']} timesteps")
    for note in result["notes"]:
        print(f"note: {note}")
    for proof in result["proof"]:
        print(f"proof on {proof['samples']}")
        columns = ("graph", "layer", "spikes in source", "in graph", "outputs that differ", "first", "largest voltage")
        found = [(graph, row) for graph in ("float", "integer") for row in proof.get(graph, {}).get("layers", ())]
        _table(columns, [_drift(graph, row) for graph, row in found])
        for graph in ("float", "integer"):
            if graph in proof:
                counts = f"{proof[graph]['answers_differing']} of {proof[graph]['answers']}"
                print(f"answers that differ from the source, {graph}: {counts}")
    if result["accuracy"]:
        shares = {key: value for key, value in result["accuracy"].items() if key != "recordings"}
        _table(("accuracy", result["accuracy"]["recordings"]), [(key, f"{value:.2%}") for key, value in shares.items()])
    print(f"import: {result['import']}")


def _drift(graph: str, row: Result) -> tuple[object, ...]:
    differing = f"{row['differing']} of {row['values']} ({row['differing'] / row['values']:.3%})"
    first = "" if row["first_timestep"] is None else f"timestep {row['first_timestep']}"
    largest = "" if row["largest_difference"] is None else f"{row['largest_difference']:.3g}"
    return graph, row["layer"], row["source_spikes"], row["graph_spikes"], differing, first, largest


def evaluate(result: Result) -> None:
    """Accuracies on the recordings."""
    rows = [(key.replace("_", " "), f"{value:.2%}") for key, value in result.items() if key.startswith("accuracy")]
    _table(("runtime", result["runtime"]), [("recordings", f"{result['samples']} ({result['source']})"), *rows])


def export(result: Result) -> None:
    """Files written and the verdicts on them."""
    print(f"{result['artefact']}: {', '.join(name for name in result['files'] if not name.startswith('reference/'))}")
    for warning in result["notes"].get("warnings", []):
        print(f"warning: {warning}")
    if "changed" in result["notes"]:
        print(f"changed: {result['notes']['changed']}")
    if "change" in result["measured"]:
        rows = [
            (when, f"{worth['accuracy']:.1%}", worth["samples"], f"{sum(worth['spikes'].values()):,}")
            for when, worth in result["measured"]["change"].items()
        ]
        _table(("network", "accuracy", "samples", "spikes"), rows)
    verdicts(result["verdicts"])
    others = [name for name in result["measured"] if name != "change"]
    if others:
        print(f"measured, see manifest.json: {'; '.join(others)}")


def verify(result: Result) -> None:
    """The verdicts."""
    print(f"{result['artefact']} on {result['samples']}")
    verdicts(result["verdicts"])


def conformance(result: Result) -> None:
    """What was refused, a row for each runtime, what could not run and what went wrong."""
    for entry in result["refused"]:
        print(f"refused: {entry['subject']}: {entry['reason'].partition('. ')[0]}")
    _networks(result["networks"], result["seed"])
    columns = ("exact", "within_tolerance", "mismatch", "failed", "not_run", "values", "states")
    rows = [(row["runtime"], row["what"], *(f"{row[c]:,}" for c in columns)) for row in result["rows"]]
    _table(("runtime", "", *columns[:-1], "checks with states"), rows)
    for reason in dict.fromkeys(f"{entry['runtime']}: {entry['reason']}" for entry in result["not_run"]):
        print(f"not run: {reason}")
    for entry in result["wrong"][:WRONG_SHOWN]:
        print(f"{entry['answer']}: {entry['subject']}: {entry['runtime'] or 'export'}: {entry['reason']}")
    if len(result["wrong"]) > WRONG_SHOWN:
        print(f"and {len(result['wrong']) - WRONG_SHOWN} more (--json lists all)")
    print(f"{result['target']}: {result['verdict']} ({len(result['refused'])} cases refused)")


def _networks(found: Result, seed: int) -> None:
    if not found["wanted"]:
        return
    had = ", ".join(f"{name} {count}" for name, count in found["features"].items() if count)
    print(
        f"random networks of seed {seed}: {found['checked']} of {found['wanted']} checked, {found['refused']} refused"
    )
    print(f"of those checked so many had: {had or 'nothing special'}")
    print(f"never accepted: {', '.join(found['never_accepted']) or 'nothing'}")


def doctor(result: Result) -> None:
    """Versions, then what is missing."""
    print(f"neurodeploy {result['neurodeploy']}, Python {result['python']}, {result['platform']}")
    rows = [
        (p["name"], p["version"] or "missing", p["enables"], "" if p["version"] else p["install"])
        for p in result["parts"]
    ]
    _table(("part", "version", "enables", "install with"), rows)


def energy(result: Result) -> None:
    """One row for each profile, then what has no price."""
    table = result["table"]
    print(f"Energy of one inference ({result['label']}), mean over {result['samples']}")
    _table(table["columns"], table["rows"])
    if result["early_exit"]:
        early = result["early_exit"]
        print(f"early exit: {early['steps']:.3g} of {early['of_steps']} timesteps on average, ", end="")
        share = early["synaptic_operations"] / max(early["of_synaptic_operations"], 1)
        print(f"{early['synaptic_operations']:,.0f} synaptic operations, {share:.0%} of those without it")
    if any("(data)" in cell for row in table["rows"] for cell in row):
        print("time: (data) as long as the recordings last, (chip) the chip's own; static energies go with it.")
    if result["silent"]:
        print(f"no price for any of this work: {', '.join(result['silent'])}")
    for estimate in result["estimates"]:
        if estimate["profile"] in result["silent"]:
            continue
        lacking = [f"{item['term']} ({item['reason']})" for item in estimate["not_covered"]]
        of_model = "" if estimate["model"] == "affine" else f" (model {estimate['model']})"
        print(f"{estimate['profile']}{of_model}: not covered: {'; '.join(lacking) or 'nothing'}")


def data_list(result: Result) -> None:
    """Names, classes and licences."""
    rows = [
        (d["name"], len(d["classes"]) or "as found", "local path" if d["path"] else "embedded", d["licence"])
        for d in result["datasets"]
    ]
    _table(("data set", "classes", "needs", "licence"), rows)


def data_fetch(result: Result) -> None:
    """Where the files are."""
    print("\n".join(result["files"]) or result["instructions"])


def data_stats(result: Result) -> None:
    """Numbers of both splits, side by side."""
    print(f"{result['dataset']}: {len(result['classes'])} classes, sensor {result['sensor']}; {result['split']}")
    keys = [key for key in result["train"] if key != "per_class"]
    _table(("", "train", "test"), [(key, result["train"][key], result["test"].get(key)) for key in keys])


def bench_methods(result: dict[str, Any]) -> None:
    print((Path(result["out"]) / "methods.md").read_text(encoding="utf-8"), end="")


def bench_code(result: dict[str, Any]) -> int:
    """0 where a method gave numbers, 1 where all failed."""
    return 0 if any("accuracy" in method for method in result["methods"]) else 1
