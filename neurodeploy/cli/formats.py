"""`energy --format`: the work of a network in the words of other tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from neurodeploy import api
from neurodeploy.cli import show
from neurodeploy.cli.printing import print_result
from neurodeploy.errors import ConfigError

ESTIMATES: Final = "estimates"
NEUROBENCH: Final = "neurobench"

Format = Annotated[
    str,
    typer.Option("--format", help="estimates, or neurobench: NeuroBench's fields of this network as JSON; no energy."),
]


def print_work(
    form: str,
    source: Path,
    words: Sequence[str] | None,
    *,
    run: Path | None,
    samples: int,
    others: Sequence[object],
) -> NoReturn:
    """Counts in the format `form`, as one JSON object.

    Args:
        others: values of the options that belong to energy; none may be given.
    """
    if form != NEUROBENCH:
        raise ConfigError(key="--format", found=form, allowed=f"{ESTIMATES}, {NEUROBENCH}")
    if any(others):
        allowed = (
            "no --profile, --all, --csv, --model, --option, --ann or --latency: NeuroBench counts and has no energies"
        )
        raise ConfigError(key="--format", found=form, allowed=allowed)
    print_result(api.neurobench(source, words or [], run=run, samples=samples), True, show.energy)
    raise typer.Exit(0)
