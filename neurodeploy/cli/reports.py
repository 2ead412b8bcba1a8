"""Commands that write reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from neurodeploy import api
from neurodeploy.cli.printing import Json, print_result
from neurodeploy.errors import DataError

Profiles = Annotated[
    list[str] | None, typer.Option("--profile", help="Of the figures: name or TOML file; may be given several times.")
]
Samples = Annotated[int, typer.Option(min=0, help="Test recordings to count; 0 uses all.")]
JsonOut = Annotated[Path | None, typer.Option("--json-out", help="Also every number, source and reason as JSON.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Also the figures as CSV.")]
Latex = Annotated[Path | None, typer.Option("--latex", help="Also a table for LaTeX (booktabs).")]


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Default: report.html in the run's folder.")] = None,
    profile: Profiles = None,
    samples: Samples = 0,
    json_out: JsonOut = None,
    csv: Csv = None,
    latex: Latex = None,
    bibtex: Annotated[Path | None, typer.Option("--bibtex", help="Also what the methods paragraph cites.")] = None,
    as_json: Json = False,
) -> None:
    """One offline HTML file: curves, rasters, energy against ANNs and other runs, sources, export checks.

    The JSON follows neurodeploy/report/schema.json; --latex also holds a paragraph on the methods.
    """
    options: dict[str, Any] = {"out": out, "samples": samples, "profiles": profile or []}
    files: dict[str, Any] = {"json": json_out, "csv": csv, "latex": latex, "bibtex": bibtex}
    print_result(api.report(run, **options, **files), as_json, _files)


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN RUN ...")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML file.")],
    profile: Profiles = None,
    samples: Samples = 0,
    json_out: JsonOut = None,
    csv: Csv = None,
    latex: Latex = None,
    as_json: Json = False,
) -> None:
    """Runs side by side in one offline HTML file: accuracy, timesteps, operations, energy, time, bit budget.

    A run that cannot be read is a row that says why; exit code 6 where all are. Figures show the first --profile;
    without any these are loihi1 and truenorth.
    """
    options: dict[str, Any] = {"out": out, "samples": samples, "profiles": profile or []}
    files: dict[str, Any] = {"json": json_out, "csv": csv, "latex": latex}
    result = api.compare(runs, **options, **files)
    print_result(result, as_json, _compared)
    raise typer.Exit(DataError.exit_code if all(row["error"] for row in result["runs"]) else 0)


def _files(result: dict[str, Any]) -> None:
    """Where the files are."""
    for kind in ("report", "comparison", "json", "csv", "latex", "bibtex"):
        if kind in result:
            print(result[kind])


def _compared(result: dict[str, Any]) -> None:
    """Where the files are, and the runs that failed."""
    for row in result["runs"]:
        if row["error"]:
            print(f"failed: {row['run']}: {row['error']}")
    _files(result)
