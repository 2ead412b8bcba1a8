"""The command's answers, asked once for each target, and what the suite counted, told at the end of the test run."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from groups import Group

COUNTED = pytest.StashKey[list[str]]()

Told = Callable[[Group], dict[str, Any]]


@pytest.fixture(scope="session")
def told() -> Told:
    """What `neurodeploy conformance --json` says, in a process of its own: ten times faster than with types checked."""

    @cache
    def ask(group: Group) -> dict[str, Any]:
        words = ["--target", group.target, "--random", str(group.networks), "--jobs", str(group.jobs), "--json"]
        words += [word for runtime in group.runtimes for word in ("--runtime", runtime)]
        words += [word for case in group.cases for word in ("--case", case)]
        command = [sys.executable, "-W", "error", "-m", "neurodeploy", "conformance", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert done.stdout, done.stderr[-2000:]
        found: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == {"CONFORMS": 0, "MISMATCH": 5, "NOT_RUN": 3}[found["verdict"]]
        return found

    return ask


@pytest.fixture
def count(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Keep a line for the end of the run."""
    return pytestconfig.stash.setdefault(COUNTED, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in sorted(config.stash.get(COUNTED, [])):
        terminalreporter.write_line(f"conformance: {line}")
