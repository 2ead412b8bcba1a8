"""The examples that import a network of another framework, each by its one command in small."""

from pathlib import Path

import pytest
from run_example import example


@pytest.mark.slow
def test_import_snntorch_from_training_to_loihi(tmp_path: Path) -> None:
    pytest.importorskip("snntorch", reason="snnTorch is not installed")
    done = example("import_snntorch", "--tiny", "--out", tmp_path / "out", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "answers that differ from the source, float: 0 of 32" in done.stdout
    verdicts = [line.split()[:2] for line in done.stdout.splitlines()]
    assert ["EXACT", "onnxruntime-integer-sequence"] in verdicts
    assert ["EXACT", "netx-file-reader"] in verdicts
    assert "MISMATCH" not in done.stdout
    assert "not expressible: target 'loihi'" in done.stdout
    assert (tmp_path / "out" / "net" / "import.json").is_file()


@pytest.mark.slow
def test_import_norse_from_training_to_every_target(tmp_path: Path) -> None:
    pytest.importorskip("norse", reason="Norse is not installed")
    done = example("import_norse", "--tiny", "--out", tmp_path / "out", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "answers that differ from the source, float: 0 of 32" in done.stdout
    verdicts = [line.split()[:2] for line in done.stdout.splitlines()]
    assert ["EXACT", "onnxruntime-integer-step"] in verdicts
    assert ["EXACT", "netx-file-reader"] in verdicts
    assert "MISMATCH" not in done.stdout
