"""Commands about hardware profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurodeploy import api
from neurodeploy.cli import show_profiles
from neurodeploy.cli.printing import Json, print_result
from neurodeploy.errors import ProfileError

profiles_app = typer.Typer(no_args_is_help=True, help="Hardware profiles: list, show, check.")


@profiles_app.command("list")
def profiles_list(as_json: Json = False) -> None:
    """Shipped hardware profiles."""
    print_result(api.profiles_list(), as_json, show_profiles.profiles_list)


@profiles_app.command("show")
def profiles_show(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE.toml")],
    as_json: Json = False,
) -> None:
    """Every constant of a profile with unit, scope and source."""
    print_result(api.profiles_show(name), as_json, show_profiles.profiles_show)


@profiles_app.command("check")
def profiles_check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.toml|NAME ...")],
    as_json: Json = False,
) -> None:
    """Are these profiles complete and consistent? What each holds, and what a report could not cover with it.

    Exit code 2 when one is not; the others are shown nevertheless.
    """
    found = api.profiles_check(files)
    print_result(found, as_json, show_profiles.profiles_check)
    if not found["valid"]:
        raise typer.Exit(ProfileError.exit_code)
