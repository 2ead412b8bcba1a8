"""The environment that holds the other counters (make counters), and what is run in it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
VARIABLE = "NEURODEPLOY_COUNTERS_PYTHON"


def counters_python() -> Path | None:
    """The interpreter of .venv-counters, or the one that the variable names; None where there is none."""
    given = os.environ.get(VARIABLE)
    place = Path(given) if given else HERE.parents[1] / ".venv-counters" / "bin" / "python"
    return place if place.is_file() else None


def asked(script: str, request: object) -> Any:
    """What a script of this folder answers to `request`, both JSON; the test is skipped without the environment."""
    return json.loads(_run(script, [], json.dumps(request)))


def answers_of(script: str, *arguments: object, times: int) -> list[Any]:
    """Answers of a script that gives a line of JSON for each line that it reads."""
    lines = _run(script, [str(argument) for argument in arguments], "\n" * times).splitlines()
    assert len(lines) == times
    return [json.loads(line) for line in lines]


def _run(script: str, arguments: list[str], given: str) -> str:
    python = counters_python()
    if python is None:
        pytest.skip(f"the other counters are absent: make counters, or set {VARIABLE}")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [str(python), "-I", str(HERE / script), *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
