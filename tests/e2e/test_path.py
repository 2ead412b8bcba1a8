"""The main path: a run becomes verified files, energy figures and a report."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def test_a_run_keeps_its_configuration_and_metrics(run: Path) -> None:
    assert run.name == "digits-dvs-0001"
    config = json.loads((run / "config.json").read_text())
    assert config["config"]["data"]["limit"] == 200
    metrics = json.loads((run / "metrics.json").read_text())
    assert 0 <= metrics["test_accuracy_integer"] <= 1


def test_the_next_run_takes_the_next_number(cli: Callable, run: Path, cache: str) -> None:
    words = ["data.limit=40", "train.epochs=1", "model.channels=[2, 2, 2]", cache]
    answer = cli("train", *words, "--out", run.parent, "--seed", 5, "--json")
    assert Path(answer.json["run"]).name == "digits-dvs-0002"
    assert json.loads((Path(answer.json["run"]) / "config.json").read_text())["config"]["seed"] == 5


@pytest.mark.parametrize("target", ["loihi", "onnx"])
def test_exports_verify_on_kept_samples_and_on_the_run(
    cli: Callable, artefacts: dict[str, Path], run: Path, target: str
) -> None:
    kept = cli("verify", artefacts[target], "--json")
    assert kept.code == 0, kept.out + kept.err
    again = cli("verify", artefacts[target], "--run", run, "--samples", 20, "--json")
    assert again.code == 0, again.out
    found = {verdict["runtime"]: verdict for verdict in again.json["verdicts"]}
    assert found["reference-is-the-run"]["status"] == "EXACT"
    exact = [v for name, v in found.items() if v["status"] == "EXACT" and name != "reference-is-the-run"]
    assert exact
    assert all(v["samples"] == 20 and v["spikes"] > 0 for v in exact)


def test_an_artefact_knows_when_it_is_not_the_run(cli: Callable, artefacts: dict[str, Path], run: Path) -> None:
    other = run.parent / "digits-dvs-0002"
    if not other.exists():
        pytest.fail("the second run should be there")
    answer = cli("verify", artefacts["onnx"], "--run", other, "--samples", 4)
    assert answer.code == 5
    assert "another network" in answer.out


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("loihi", "network.net"),
        ("onnx", "integer/step.onnx"),
        ("onnx", "float/sequence.onnx"),
        ("onnx", "reference/integer.npz"),
    ],
)
def test_one_changed_byte_turns_the_verdict_red(
    cli: Callable, artefacts: dict[str, Path], tmp_path: Path, target: str, name: str
) -> None:
    shutil.copytree(artefacts[target], tmp_path / "copy")
    path = tmp_path / "copy" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    answer = cli("verify", tmp_path / "copy")
    assert answer.code == 5
    assert name in answer.out


@pytest.mark.parametrize("runtime", ["torch", "reference"])
def test_a_run_is_evaluated(cli: Callable, run: Path, runtime: str) -> None:
    answer = cli("eval", run, "--runtime", runtime, "--samples", 50, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["samples"] == 50


def test_every_runtime_of_a_network_gives_the_same_accuracy(
    cli: Callable, run: Path, artefacts: dict[str, Path]
) -> None:
    expected = cli("eval", run, "--runtime", "torch", "--json").json["accuracy_integer"]
    assert cli("eval", run, "--runtime", "reference", "--json").json["accuracy"] == expected
    for target in ("loihi", "onnx"):
        assert cli("eval", artefacts[target], "--run", run, "--json").json["accuracy"] == expected


def test_energy_is_an_estimate_with_sources(cli: Callable, run: Path, tmp_path: Path) -> None:
    table = cli("energy", run, "--all", "--samples", 10, "--csv", tmp_path / "e.csv")
    assert table.code == 0, table.err
    assert "estimate" in table.out.lower()
    assert "not covered" in table.out.lower()
    assert "loihi1" in (tmp_path / "e.csv").read_text()
    found = cli("energy", run, "--profile", "loihi1", "--samples", 10, "--json").json
    assert found["schema_version"] == 1


def test_the_report_is_one_offline_file(cli: Callable, run: Path, tmp_path: Path) -> None:
    cli("export", run, "--target", "onnx", "--out", tmp_path / "onnx", "--samples", 8)
    answer = cli("report", run, "--out", tmp_path / "report.html", "--samples", 10)
    assert answer.code == 0, answer.err
    html = (tmp_path / "report.html").read_text()
    assert not re.search(r"""(src|href)=["']https?:""", html)
    assert "EXACT" in html
    assert "loihi1" in html


def test_data_and_profiles_and_doctor_answer(cli: Callable) -> None:
    assert "digits-dvs" in cli("data", "list").out
    assert cli("data", "stats", "dataset=digits-dvs", "--json").json["classes"]
    assert "loihi1" in cli("profiles", "list").out
    assert "pJ" in cli("profiles", "show", "loihi1").out
    doctor = cli("doctor", "--json").json
    assert doctor["missing"] == []


@pytest.mark.parametrize("command", ["", "train", "export", "verify", "energy", "report", "data", "profiles"])
def test_help_answers(cli: Callable, command: str) -> None:
    answer = cli(*command.split(), "--help")
    assert answer.code == 0
    assert "Usage" in answer.out


def test_the_shipped_loop_streams_a_kept_sample(artefacts: dict[str, Path]) -> None:
    script, samples = artefacts["onnx"] / "run_step.py", artefacts["onnx"] / "reference" / "samples.npz"
    done = subprocess.run([sys.executable, str(script), str(samples), "--sample", "3"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("step ") == 8
    for words in (["absent.npz"], [str(samples), "--sample", "99"], [str(artefacts["onnx"] / "manifest.json")]):
        bad = subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True)
        assert bad.returncode == 2
        assert "Traceback" not in bad.stderr


def test_an_export_never_takes_the_place_of_another_targets(
    cli: Callable, run: Path, artefacts: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(artefacts["onnx"], tmp_path / "onnx")
    answer = cli("export", run, "--target", "loihi", "--out", tmp_path / "onnx", "--no-verify")
    assert answer.code == 2
    assert "export for onnx" in answer.err
    assert (tmp_path / "onnx" / "run_step.py").exists()
