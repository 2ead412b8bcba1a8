"""Commands that hold estimates against measurements, and that measure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from neurodeploy import api
from neurodeploy.cli import show_evidence
from neurodeploy.cli.printing import Json, print_result
from neurodeploy.errors import ConfigError

Validate = Annotated[
    bool,
    typer.Option(
        "--validate",
        help="Instead: published measurements against what the profiles predict; takes CASE.toml files, no RUN. "
        "Exit code 5 where a case fails.",
    ),
]


def validate(first: Path | None, more: Sequence[str] | None, *, others: Sequence[object], as_json: bool) -> NoReturn:
    """`energy --validate [CASE.toml ...]`: the shipped cases, or a user's own.

    Args:
        others: values of the options that belong to a network; none may be given.
    """
    if any(others):
        allowed = "nothing but case files and --json: a case names its profiles, and brings its work"
        raise ConfigError(key="--validate", found="an option of a network", allowed=allowed)
    files = ([first] if first else []) + [Path(word) for word in more or ()]
    result = api.validate(files)
    print_result(result, as_json, show_evidence.validation)
    raise typer.Exit(show_evidence.validation_code(result))


def needed(source: Path | None) -> Path:
    """The network that a command is about."""
    if source is None:
        raise ConfigError(key="RUN", found=None, allowed="a run, an import or an artefact", hint="Or give --validate.")
    return source


def measure(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND", help="What to run, after --.")],
    idle: Annotated[float, typer.Option(min=0, help="Seconds of rest before, subtracted; 0: none.")] = 5.0,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of the command, for a spread.")] = 1,
    as_json: Json = False,
) -> None:
    """Energy that this machine uses while a command runs: RAPL of the processor, NVML of NVIDIA GPUs.

    Meters that cannot be read are NOT_RUN, with the reason. Exit code: the command's; 3 where it is 0 but no meter
    could be read. With --json the command's output goes to stderr.
    """
    result = api.measure(command, idle_s=idle, repeats=repeats, quiet=as_json)
    print_result(result, as_json, show_evidence.measured)
    raise typer.Exit(result["exit_code"] or show_evidence.measured_code(result))
