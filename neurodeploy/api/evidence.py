"""Estimates held against measurements: published ones, and those of this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def validate(cases: Sequence[Path] = ()) -> dict[str, Any]:
    """What the profiles predict for published measurements: predicted, measured, ratio and verdict of each case.

    Args:
        cases: files of cases; none means those that come with the package.
    Raises:
        DataError: a case breaks a rule; file, key and reason are named.
        ProfileError: a case names a profile that does not exist or breaks a rule.
    """
    from neurodeploy.energy.validation import as_dict, judge, read_case, shipped_cases

    found = [read_case(path) for path in cases] or shipped_cases()
    return as_dict([judge(case) for case in found])


def measure(
    command: Sequence[str], *, idle_s: int | float = 5.0, repeats: int = 1, quiet: bool = False
) -> dict[str, Any]:
    """Energy that this machine used while a command ran, from the meters that can be read; NOT_RUN for the others.

    Args:
        idle_s: seconds of rest before, whose power is subtracted; 0 subtracts nothing.
        repeats: runs of the command, for a spread; a run that fails is the last.
        quiet: the command's output goes to stderr.
    Raises:
        ConfigError: the command cannot be started, or a number is out of range.
    """
    from neurodeploy.measure import run_command

    return run_command(command, idle_s=idle_s, repeats=repeats, quiet=quiet)


def measured(work: Callable[[], dict[str, Any]], *, idle_s: int | float = 5.0) -> dict[str, Any]:
    """The result of `work`, with the energy that this machine used for it as "measured"."""
    from neurodeploy.measure import Meter

    with Meter(idle_s=idle_s) as meter:
        result = work()
    return {**result, "measured": meter.result().as_dict()}
