"""The energy of a command."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

from neurodeploy.errors import ConfigError
from neurodeploy.measure.meter import Meter

BY_SIGNAL = 128
"""Added to the number of the signal that ended a command, as shells do."""

STDERR = 2
"""The process's own, whatever `sys.stderr` stands for at the moment."""


def run_command(
    command: Sequence[str],
    *,
    idle_s: int | float = 5.0,
    repeats: int = 1,
    quiet: bool = False,
    meter: Meter | None = None,
) -> dict[str, Any]:
    """Run a command some times and measure; a run that fails is the last.

    Args:
        idle_s: seconds of rest before the first run.
        repeats: runs, >= 1.
        quiet: the command's output goes to stderr.
        meter: instead of a new one.
    Returns:
        the measurement as `Measurement.as_dict` gives it, with `command`, `exit_codes` (one for each run) and
        `exit_code` (of the last).
    Raises:
        ConfigError: the command cannot be started, or a number is out of range.
    """
    if repeats < 1:
        raise ConfigError(key="repeats", found=repeats, allowed="a whole number >= 1")
    if not command or shutil.which(command[0]) is None:
        found = command[0] if command else None
        raise ConfigError(
            key="COMMAND", found=found, allowed="a program that can be started", hint="Is it on the PATH?"
        )
    used = meter or Meter(idle_s=idle_s)
    codes: list[int] = []
    while len(codes) < repeats and not any(codes):
        with used:
            codes.append(_run(command, quiet))
    return {"command": list(command), "exit_codes": codes, "exit_code": codes[-1], **used.result().as_dict()}


def _run(command: Sequence[str], quiet: bool) -> int:
    try:
        code = subprocess.run(list(command), stdout=STDERR if quiet else None, check=False).returncode
    except OSError as error:
        allowed = "a program that can be started"
        raise ConfigError(key="COMMAND", found=command[0], allowed=allowed, hint=str(error.strerror)) from error
    return code if code >= 0 else BY_SIGNAL - code
