"""The demo as `make demo` runs it, in small."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_demo_runs_from_data_to_report(tmp_path: Path) -> None:
    places = ["--out", str(tmp_path / "build"), "--runs", str(tmp_path / "runs")]
    command = [sys.executable, str(ROOT / "examples" / "demo" / "run.py"), "--tiny", *places]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "EXACT" in done.stdout
    assert "MISMATCH" not in done.stdout
    assert (tmp_path / "runs" / "digits-dvs-0001" / "report.html").stat().st_size > 10_000
