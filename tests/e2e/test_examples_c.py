"""The examples in C, each by its one command in small: embedded recordings, real ones, and files that are none."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from neurodeploy.errors import ToolchainMissingError
from neurodeploy.exporters._c_boards import BOARDS, HOST
from neurodeploy.exporters._c_build import tool

ROOT = Path(__file__).resolve().parents[2]


def example(name: str, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "examples" / name / "run.py"), *map(str, words)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=300)


@pytest.fixture(autouse=True)
def _tools() -> None:
    try:
        for board in (HOST, *BOARDS):
            for name in (*board.compiler[:1], *board.emulator[:1]):
                tool(name, board)
    except ToolchainMissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Run, output folder and what was printed by `c_host` in small."""
    folder = tmp_path_factory.mktemp("c_host")
    done = example("c_host", "--tiny", "--out", folder / "out", "--runs", folder / "runs")
    assert done.returncode == 0, done.stdout + done.stderr
    return next((folder / "runs").iterdir()), folder / "out", done.stdout


@pytest.mark.slow
def test_the_c_program_answers_files_as_the_simulator_answers_frames(host: tuple[Path, Path, str]) -> None:
    _, out, text = host
    assert "C program and simulator agree" in text
    assert "EXACT" in text
    assert text.count(".bin") >= 20
    assert len(list((out / "recordings").glob("*.bin"))) == 20


@pytest.mark.slow
def test_the_c_program_reads_real_recordings(host: tuple[Path, Path, str], data_dir: Path, tmp_path: Path) -> None:
    run, _, _ = host
    archive = data_dir / "nmnist-small" / "nmnist-small.tar.gz"
    done = example("c_host", "--run", run, "--data", archive, "--recordings", 10, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "C program and simulator agree" in done.stdout
    with tarfile.open(archive) as tar:
        members = sorted(m.name for m in tar.getmembers() if "/Test/" in m.name and m.name.endswith(".bin"))
        first = tar.extractfile(members[0])
        assert first is not None
        assert (tmp_path / "out" / "recordings" / "000.bin").read_bytes() == first.read()


@pytest.mark.slow
def test_a_network_with_other_frames_is_refused(host: tuple[Path, Path, str], tmp_path: Path) -> None:
    run, _, _ = host
    shutil.copytree(run, tmp_path / "run")
    config = tmp_path / "run" / "config.json"
    config.write_text(config.read_text().replace('"duration"', '"count"'))
    done = example("c_host", "--run", tmp_path / "run", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "window=count" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_c_program_refuses_what_is_no_recording(host: tuple[Path, Path, str], tmp_path: Path) -> None:
    _, out, _ = host
    good = (out / "recordings" / "000.bin").read_bytes()
    bad = {
        "cut": (good[:-2], "the file is cut"),
        "empty": (b"", "the file is empty"),
        "outside": (bytes([200]) + good[1:], "outside the network's input"),
        "backwards": (good[-5:] + good[:5], "back in time"),
    }
    for name, (content, reason) in bad.items():
        (tmp_path / name).write_bytes(content)
        done = subprocess.run([out / "digit", tmp_path / name], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (1, "")
        assert reason in done.stderr
    assert subprocess.run([out / "digit", tmp_path / "absent"], capture_output=True).returncode == 1
    assert subprocess.run([out / "digit"], capture_output=True).returncode == 2


@pytest.mark.slow
def test_the_clock_of_the_camera_may_run_over(host: tuple[Path, Path, str], tmp_path: Path) -> None:
    """A mark (y = 240) between two halves of a recording moves the second by 2^13 µs, and is no event itself."""
    _, out, _ = host
    mark = bytes([0, 240, 0, 0, 0])
    events = b"".join(bytes([x, 5, 128, 0, 100 + x]) for x in range(20))
    moved = b"".join(bytes([x, 5, 128, (8192 + 100 + x) >> 8, (8192 + 100 + x) & 255]) for x in range(20, 30))
    again = b"".join(bytes([x, 5, 128, 0, 100 + x]) for x in range(20, 30))
    (tmp_path / "plain.bin").write_bytes(events + moved)
    (tmp_path / "marked.bin").write_bytes(events + mark + again)
    said = [
        subprocess.check_output([out / "digit", tmp_path / f"{n}.bin"], text=True).split()[:2]
        for n in ("plain", "marked")
    ]
    assert said[0] == said[1]


@pytest.mark.slow
def test_the_firmware_passes_and_its_instructions_are_told(tmp_path: Path) -> None:
    done = example("cortex_m4_qemu", "--tiny", "--out", tmp_path / "out", "--runs", tmp_path / "runs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "golden vectors on cortex-m4: PASS" in done.stdout
    assert "MISMATCH" not in done.stdout
    assert done.stdout.count("in 8 steps, over 4 recordings") == len(BOARDS)


@pytest.mark.slow
def test_a_damaged_firmware_fails(host: tuple[Path, Path, str], tmp_path: Path) -> None:
    _, out, _ = host
    shutil.copytree(out / "export", tmp_path / "export")
    source = next(p for p in (tmp_path / "export").glob("*.c") if p.with_suffix(".h").exists())
    text = source.read_text()
    assert " > " in text
    source.write_text(text.replace(" > ", " >= "))
    done = subprocess.run(["make", "-C", tmp_path / "export" / "boards", "cortex-m3"], capture_output=True, text=True)
    assert done.returncode != 0
