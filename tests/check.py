"""The one command before a commit: format, lint, types on the built copy, tests. CI runs it too."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from built_copy import ROOT, install_copy


def main() -> int:
    python = sys.executable
    steps = [
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "ruff", "check", "."],
    ]
    for step in steps:
        run(step)
    # mypy on an editable install silently skips exporters/: it lies outside the package's folder
    with tempfile.TemporaryDirectory() as folder:
        install_copy(Path(folder))
        run([python, "-m", "mypy", "-p", "neurodeploy"], MYPYPATH=folder)
    if "--no-tests" not in sys.argv:
        run([python, "-m", "pytest"])
    return 0


def run(command: list[str], **environment: str) -> None:
    print("$", " ".join(command[1:]), flush=True)
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode
    if code:
        raise SystemExit(code)


if __name__ == "__main__":
    main()
