"""The examples, each by its one command in small; test_onnx_web.py has the page."""

import subprocess
import sys
from pathlib import Path

import pytest
from run_example import EXAMPLES, damage, example

from neurodeploy.errors import ToolchainMissingError
from neurodeploy.exporters._lava import lava_python


@pytest.mark.slow
@pytest.mark.lava
def test_loihi_nmnist_ends_with_the_verdict_of_real_lava_on_real_recordings(tmp_path: Path, data_dir: Path) -> None:
    try:
        lava_python()
    except ToolchainMissingError as error:
        pytest.skip(str(error))
    archive = data_dir / "nmnist-small" / "nmnist-small.tar.gz"
    places = ("--out", tmp_path / "out", "--runs", tmp_path / "runs", f"data.cache={tmp_path / 'cache'}")
    done = example("loihi_nmnist", "--tiny", "--data", archive, *places)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 (test split of nmnist)" in done.stdout
    verdicts = [line.split()[:2] for line in done.stdout.splitlines()]
    assert ["EXACT", "netx-file-reader"] in verdicts
    assert ["EXACT", "lava-cpu"] in verdicts


def test_loihi_nmnist_without_lava_says_how_to_get_it(tmp_path: Path, run: Path) -> None:
    words = ("--run", run, "--samples", 2, "--out", tmp_path / "out")
    done = example("loihi_nmnist", *words, NEURODEPLOY_LAVA_PYTHON=str(tmp_path / "absent"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT_RUN" in done.stdout
    assert "make lava" in done.stdout


def test_onnx_stream_runs_from_nothing(tmp_path: Path) -> None:
    done = example("onnx_stream", "--tiny", "--out", tmp_path / "out", "--runs", tmp_path / "runs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\nstep ") == 8
    assert "latency of 800 steps: median" in done.stdout
    assert done.stdout.endswith("EXACT: all 80 scores are the simulator's\n")


def test_onnx_stream_adds_up_spikes(tmp_path: Path, spiking_run: Path) -> None:
    done = example("onnx_stream", "--run", spiking_run, "--passes", 1, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("EXACT: all 50 scores are the simulator's\n")


def test_onnx_stream_takes_a_real_recording(tmp_path: Path, run: Path, data_dir: Path) -> None:
    file = data_dir / "event-file-samples" / "nmnist_sample.bin"
    done = example("onnx_stream", file, "--run", run, "--passes", 1, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("EXACT: all 80 scores are the simulator's\n")


def test_onnx_stream_says_which_event_of_a_file_is_wrong(tmp_path: Path, run: Path, data_dir: Path) -> None:
    file = data_dir / "event-file-samples" / "ncars_sample.dat"
    done = example("onnx_stream", file, "--run", run, "--passes", 1, "--out", tmp_path / "out")
    assert done.returncode == 6
    assert done.stderr.count("\n") == 1
    assert "outside 0..33" in done.stderr


def test_onnx_stream_notices_other_weights(tmp_path: Path, run: Path, artefacts: dict[str, Path]) -> None:
    damage(artefacts["onnx"] / "integer" / "step.onnx", tmp_path / "damaged.onnx")
    # the same program, but with a damaged file in the place of the one it has just exported
    program = "import runpy, sys, onnxruntime as o; made = o.InferenceSession; sys.argv = sys.argv[2:]\n"
    program += f"o.InferenceSession = lambda path, *a, **k: made({str(tmp_path / 'damaged.onnx')!r}, *a, **k)\n"
    program += "runpy.run_path(sys.argv[0], run_name='__main__')"
    script = str(EXAMPLES / "onnx_stream" / "run.py")
    words = ["--", script, "--run", str(run), "--passes", "1", "--out", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, cwd=EXAMPLES.parent)
    assert done.returncode == 5, done.stdout + done.stderr
    assert "MISMATCH" in done.stdout
