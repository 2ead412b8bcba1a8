"""Bad input: the right exit code and one clear message, never a traceback, a half-written file, or a lost old one."""

import errno
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from neurodeploy.errors import ToolchainMissingError


def one_message(answer: object, code: int, *parts: str) -> None:
    assert answer.code == code, answer.out + answer.err
    assert answer.err.startswith("error: ")
    assert "Traceback" not in answer.err
    assert all(part in answer.err for part in parts), answer.err


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("train.epoch=3", ("train.epoch", "Did you mean 'train.epochs'")),
        ("train.epochs=many", ("train.epochs", "an integer")),
        ("data.timesteps=0", ("data.timesteps", "1..1024")),
        ("dataset=nmnits", ("nmnits", "nmnist")),
        ("neuron.reset=sometimes", ("zero, subtract",)),
    ],
)
def test_a_bad_setting_is_named(cli: Callable, tmp_path: Path, word: str, parts: tuple[str, ...]) -> None:
    one_message(cli("train", word, "--out", tmp_path / "runs"), 2, *parts)
    assert not (tmp_path / "runs").exists() or not any((tmp_path / "runs").iterdir())


def test_errors_are_json_too(cli: Callable, tmp_path: Path) -> None:
    answer = cli("train", "data.timesteps=0", "--out", tmp_path, "--json")
    assert answer.code == 2
    assert answer.json["error"]["type"] == "ConfigError"


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ("empty",)),
        (b"\x01\x02\x03", ("byte",)),
        (b"\xff\xff\x80\x00\x01", ("byte 0",)),
        (b"\x01\x01\x00\x00\x09\x01\x01\x00\x00\x01", ("byte 5", "backwards")),
    ],
)
def test_a_broken_recording_is_named_with_its_byte(
    cli: Callable, tmp_path: Path, content: bytes, parts: tuple[str, ...]
) -> None:
    for split, digit in (("Train", "0"), ("Test", "0")):
        folder = tmp_path / "NMNIST" / split / digit
        folder.mkdir(parents=True)
        (folder / "00001.bin").write_bytes(content)
    answer = cli("data", "stats", "dataset=nmnist", f"data.path={tmp_path}")
    one_message(answer, 6, "00001.bin", *parts)


def test_missing_data_says_where_it_should_be(cli: Callable, tmp_path: Path) -> None:
    one_message(cli("train", "dataset=nmnist", "--out", tmp_path), 6, "data.path")
    one_message(cli("train", "dataset=nmnist", f"data.path={tmp_path / 'absent'}", "--out", tmp_path), 6, "absent")


@pytest.mark.parametrize(
    "command", [("export", "--target", "onnx", "--out", "x"), ("energy", "--all"), ("report",), ("eval",)]
)
def test_a_folder_that_is_no_run_is_refused(cli: Callable, tmp_path: Path, command: tuple[str, ...]) -> None:
    one_message(cli(command[0], tmp_path, *command[1:]), 6, str(tmp_path))


def test_a_folder_that_is_no_artefact_is_refused(cli: Callable, tmp_path: Path) -> None:
    one_message(cli("verify", tmp_path), 6, "manifest.json")


@pytest.mark.parametrize("damage", ["truncated", "another model", "NaN"])
def test_a_damaged_checkpoint_is_refused(cli: Callable, run: Path, tmp_path: Path, damage: str) -> None:
    import numpy as np
    from safetensors.numpy import load_file, save_file

    shutil.copytree(run, tmp_path / "run")
    path = tmp_path / "run" / "checkpoints" / "best" / "weights.safetensors"
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-10])
    else:
        tensors = load_file(path)
        first = sorted(name for name in tensors if tensors[name].dtype == np.float32)[0]
        if damage == "NaN":
            tensors[first] = np.full_like(tensors[first], np.nan)
        else:
            tensors["stranger"] = tensors.pop(first)
        save_file(tensors, path)
    answer = cli("export", tmp_path / "run", "--target", "onnx", "--out", tmp_path / "out")
    one_message(answer, 6, "best")
    assert not (tmp_path / "out").exists()


def test_an_unknown_target_or_profile_lists_the_known_ones(cli: Callable, run: Path, tmp_path: Path) -> None:
    one_message(cli("export", run, "--target", "loihy", "--out", tmp_path / "o"), 2, "loihi", "onnx")
    one_message(cli("energy", run, "--profile", "loihi9", "--samples", 2), 2, "loihi2")


def test_a_network_that_the_target_cannot_express_is_refused_with_the_way_out(
    cli: Callable, run: Path, tmp_path: Path, cache: str
) -> None:
    words = ["neuron.reset=subtract", "data.limit=40", "train.epochs=1", "model.channels=[2, 2, 2]", cache]
    soft = cli("train", *words, "--out", tmp_path / "runs", "--json").json["run"]
    answer = cli("export", soft, "--target", "loihi", "--out", tmp_path / "out")
    one_message(answer, 4, "cuba1", "neuron.reset=zero")
    assert not (tmp_path / "out").exists()


def test_an_export_never_takes_the_place_of_foreign_files(cli: Callable, run: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    one_message(cli("export", run, "--target", "onnx", "--out", tmp_path), 2, "not empty")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_full_disk_keeps_the_old_export(
    cli: Callable, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "onnx"
    cli("export", run, "--target", "onnx", "--out", out, "--no-verify")
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    real = Path.write_bytes

    def write(self: Path, content: bytes) -> int:
        if self.suffix == ".npz":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, content)

    monkeypatch.setattr(Path, "write_bytes", write)
    one_message(cli("export", run, "--target", "onnx", "--out", out, "--no-verify"), 2, "No space left")
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["onnx"]


@pytest.mark.parametrize("target", ["loihi", "onnx"])
def test_a_missing_runtime_is_not_run_and_not_a_pass(
    cli: Callable, artefacts: dict[str, Path], monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    from neurodeploy.targets import find

    def missing(*words: object) -> None:
        raise ToolchainMissingError(tool="the runtime", install="make it")

    monkeypatch.setattr(type(find(target)), "run", missing)
    answer = cli("verify", artefacts[target])
    assert answer.code == 3
    assert "NOT_RUN" in answer.out
    assert "make it" in answer.out
    assert "EXACT" not in answer.out


def test_the_installed_program_prints_one_line_and_its_code(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "neurodeploy", "verify", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 6
    assert done.stderr.count("\n") == 1
