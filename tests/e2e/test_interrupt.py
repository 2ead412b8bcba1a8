"""Ctrl-C while training: exit code 130, a checkpoint that goes on, and the same weights as without the interruption."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

WORDS = ["data.limit=60", "train.epochs=3", "train.quantize_from=0.5", "model.channels=[4, 4, 4]", "device=cpu"]


def weights(run: Path) -> bytes:
    return (run / "checkpoints" / "last" / "weights.safetensors").read_bytes()


def test_an_interrupted_run_goes_on_to_the_same_weights(cli: Callable, tmp_path: Path, cache: str) -> None:
    whole = Path(cli("train", *WORDS, cache, "--out", tmp_path / "whole", "--json").json["run"])
    command = [sys.executable, "-m", "neurodeploy", "train", *WORDS, cache, "--out", str(tmp_path / "cut")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        seen = []
        for line in process.stderr:
            seen.append(line)
            if line.startswith("epoch 1/"):
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
        assert process.wait() == 130, "".join(seen) + rest
    assert "Traceback" not in rest
    cut = tmp_path / "cut" / "digits-dvs-0001"
    assert f"neurodeploy train --resume {cut}" in rest
    assert not (cut / "metrics.json").exists()
    answer = cli("train", "--resume", cut)
    assert answer.code == 0, answer.err
    assert weights(cut) == weights(whole)


def test_a_resumed_run_takes_no_other_settings(cli: Callable, run: Path) -> None:
    answer = cli("train", "--resume", run, "train.epochs=9")
    assert answer.code == 2
    assert "keeps its own" in answer.err
