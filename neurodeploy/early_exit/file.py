"""An exit rule as JSON: in a run's folder with how it was found, and in an artefact as what its files must decide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from neurodeploy.early_exit.rule import ExitRule
from neurodeploy.errors import CheckpointError, NeuroDeployError

SCHEMA_VERSION = 1
CALIBRATION = "early_exit.json"
"""Name of the file in the folder of a run."""

KIND = "lead"
"""What is compared with the margin: highest less second highest score."""


def rule_dict(rule: ExitRule) -> dict[str, object]:
    """Plain values for JSON."""
    return {"kind": KIND, "margin": rule.margin, "min_steps": rule.min_steps}


def rule_bytes(rule: ExitRule, more: Mapping[str, object] | None = None) -> bytes:
    """The file; the same rule gives the same bytes.

    Args:
        more: kept beside the rule.
    """
    content = {"schema_version": SCHEMA_VERSION, "rule": rule_dict(rule), **(more or {})}
    return (json.dumps(content, indent=1) + "\n").encode()


def parse_rule(content: bytes) -> tuple[ExitRule, Mapping[str, object]]:
    """The rule in a file, and all that the file holds.

    Raises:
        ValueError: it is no such file; the message says why.
    """
    found = json.loads(content)
    try:
        if found["schema_version"] != SCHEMA_VERSION or found["rule"]["kind"] != KIND:
            raise ValueError(f"not an exit rule of schema version {SCHEMA_VERSION} and kind '{KIND}'")
        numbers = [found["rule"][key] for key in ("margin", "min_steps")]
        if not all(type(number) is int for number in numbers):
            raise ValueError("margin and min_steps must be integers")
        return ExitRule(*numbers), found
    except (KeyError, TypeError) as error:
        raise ValueError(f"it lacks {error}") from error
    except NeuroDeployError as error:
        raise ValueError(str(error)) from error


def read_calibration(run: Path, network: str) -> ExitRule:
    """The rule that the run in the folder `run` was calibrated to.

    Args:
        network: SHA-256 of the network that the run holds now.
    Raises:
        CheckpointError: the file is damaged, or was made for another network.
    """
    path = run / CALIBRATION
    again = f"Calibrate again (neurodeploy early-exit {run}), or remove the file."
    try:
        rule, found = parse_rule(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CheckpointError(path=path, reason=f"it cannot be read ({error})", hint=again) from error
    if found.get("network") != network:
        raise CheckpointError(path=path, reason="it was calibrated for other weights than the run holds", hint=again)
    return rule
