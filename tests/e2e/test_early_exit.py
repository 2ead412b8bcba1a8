"""Early exit from the command line: calibrated on validation recordings, exported, verified, counted."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neurodeploy import api, subject
from neurodeploy.data.frame_set import open_frames
from neurodeploy.errors import CheckpointError, ConfigError, DataError
from neurodeploy.exiting import kept_answers, trained_network
from neurodeploy.train.loop import Training
from neurodeploy.train.run_dir import load_run


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory, cli: Callable, run: Path) -> Path:
    """A copy of the tiny run with an exit rule."""
    copy = tmp_path_factory.mktemp("calibrated") / run.name
    shutil.copytree(run, copy)
    answer = cli("early-exit", copy, "--max-loss", "0.1", "--json")
    assert answer.code == 0, answer.err
    return copy


def test_a_calibration_says_what_was_chosen_and_what_it_does(calibrated: Path) -> None:
    found = json.loads((calibrated / "early_exit.json").read_text())
    shown, test = found["calibration"], found["test"]
    assert found["validation"]["source"].startswith("validation split")
    assert test["source"].startswith("test split")
    (chosen,) = (point for point in shown["curve"] if point["chosen"])
    assert chosen["lost"] <= 0.1
    assert chosen["accuracy"] >= shown["accuracy_full"] - 0.1
    assert chosen["margin"] == found["rule"]["margin"]
    assert shown["samples"] == found["validation"]["recordings"] * (1 + shown["copies"])
    assert sum(test["histogram"]) == test["recordings"]
    assert test["steps"] == pytest.approx(np.average(np.arange(1, 9), weights=test["histogram"]))
    assert 1 <= test["oracle"]["steps"] <= 8
    assert test["oracle"]["accuracy"] >= test["accuracy"]
    assert 0 <= test["calibration_error"]["value"] <= 1
    assert (calibrated / "plots" / "early_exit.png").read_bytes().startswith(b"\x89PNG")


def test_a_calibration_is_the_same_each_time(cli: Callable, calibrated: Path, tmp_path: Path) -> None:
    shutil.copytree(calibrated, tmp_path / "again")
    assert cli("early-exit", tmp_path / "again", "--max-loss", "0.1").code == 0
    for name in ("early_exit.json", "plots/early_exit.png"):
        assert (tmp_path / "again" / name).read_bytes() == (calibrated / name).read_bytes()


def test_a_person_sees_curve_choice_test_and_that_the_recordings_are_few(
    cli: Callable, run: Path, tmp_path: Path
) -> None:
    shutil.copytree(run, tmp_path / "run")
    answer = cli("early-exit", tmp_path / "run")
    assert answer.code == 0, answer.err
    for word in ("chosen for: lost at most 0.50%", "recordings are few", "oracle", "expected exit time", "leave when"):
        assert word in answer.out


def test_a_budget_of_timesteps_is_kept(cli: Callable, run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    found = cli("early-exit", tmp_path / "run", "--steps", "2.5", "--json").json
    (chosen,) = (point for point in found["calibration"]["curve"] if point["chosen"])
    assert chosen["steps"] <= 2.5
    assert found["chosen_by"] == {"steps": 2.5}


def test_the_validation_recordings_are_those_that_training_kept(run: Path) -> None:
    loaded = load_run(run)
    frames = open_frames(loaded.config.data).train
    training = Training(loaded.config, loaded.model, frames, loaded.task.graph)
    found = subject.validation(run)
    assert found.ids == tuple(frames.ids[place] for place in training.validated)
    np.testing.assert_array_equal(found.labels, frames.labels[training.validated])
    np.testing.assert_array_equal(np.moveaxis(found.frames[:, :], 0, 1), frames.batch(training.validated))


@pytest.mark.parametrize("target", ["c", "onnx"])
def test_exports_stop_and_are_proved_to(cli: Callable, calibrated: Path, tmp_path: Path, target: str) -> None:
    runtime = {"c": "gcc", "onnx": "onnxruntime-integer-step"}[target]
    words = ["--target", target, "--out", tmp_path / target, "--samples", 8, "--no-verify"]
    assert cli("export", calibrated, *words).code == 0
    answer = cli("verify", tmp_path / target, "--run", calibrated, "--samples", 12, "--runtime", runtime, "--json")
    assert answer.code == 0, answer.out
    found = {verdict["runtime"]: verdict for verdict in answer.json["verdicts"]}
    assert (found[runtime]["status"], found[runtime]["exits"]) == ("EXACT", 12)
    told = cli("verify", tmp_path / target, "--samples", 2, "--runtime", runtime)
    assert "2 early exits" in told.out


def test_loihi_leaves_the_exit_to_the_host(cli: Callable, calibrated: Path, tmp_path: Path) -> None:
    answer = cli("export", calibrated, "--target", "loihi", "--out", tmp_path / "loihi", "--no-verify")
    assert answer.code == 0
    assert "warning: the early exit" in answer.out


def test_a_run_calibrated_again_is_not_the_artefacts_any_more(cli: Callable, calibrated: Path, tmp_path: Path) -> None:
    shutil.copytree(calibrated, tmp_path / "run")
    cli("export", tmp_path / "run", "--target", "onnx", "--out", tmp_path / "onnx", "--no-verify", "--samples", 4)
    assert cli("early-exit", tmp_path / "run", "--steps", "8").code == 0
    answer = cli("verify", tmp_path / "onnx", "--run", tmp_path / "run", "--samples", 4)
    assert answer.code == 5
    assert "another exit rule" in answer.out


def test_energy_counts_up_to_the_exit(cli: Callable, calibrated: Path, tmp_path: Path) -> None:
    answer = cli("energy", calibrated, "--profile", "loihi1", "--samples", 20, "--csv", tmp_path / "e.csv", "--json")
    found = answer.json["early_exit"]
    assert found["steps"] <= found["of_steps"] == 8
    assert found["synaptic_operations"] <= found["of_synaptic_operations"]
    full, early = answer.json["estimates"]
    assert (full["profile"], early["profile"]) == ("loihi1", "loihi1, early exit")
    assert early["dynamic"]["mid"] <= full["dynamic"]["mid"]
    assert "loihi1, early exit" in (tmp_path / "e.csv").read_text()
    assert "timesteps on average" in cli("energy", calibrated, "--profile", "loihi1", "--samples", 20).out


def test_the_report_shows_the_exit(cli: Callable, calibrated: Path, tmp_path: Path) -> None:
    answer = cli("report", calibrated, "--samples", 10, "--out", tmp_path / "report.html")
    assert answer.code == 0, answer.err
    page, test = (
        (tmp_path / "report.html").read_text(),
        json.loads((calibrated / "early_exit.json").read_text())["test"],
    )
    section = page[page.index('<section id="early-exit">') : page.index('<section id="spikes">')]
    assert f"{test['steps']:.2f} of 8 timesteps on average" in section
    assert f"{test['accuracy']:.1%}" in section
    assert "right answers against average timesteps" in section
    assert "dynamic energy, loihi1" in section
    assert "<dt>early exit</dt>" in page


def test_the_report_of_a_run_without_an_exit_says_how_to_find_one(cli: Callable, run: Path, tmp_path: Path) -> None:
    assert cli("report", run, "--samples", 4, "--out", tmp_path / "report.html").code == 0
    page = (tmp_path / "report.html").read_text()
    assert "neurodeploy early-exit RUN" in page
    assert "<dt>early exit</dt>" not in page


def test_a_calibration_without_its_curve_gives_no_report(cli: Callable, calibrated: Path, tmp_path: Path) -> None:
    shutil.copytree(calibrated, tmp_path / "run")
    path, out = tmp_path / "run" / "early_exit.json", tmp_path / "report.html"
    found = json.loads(path.read_text())
    for part in ("calibration", "test", "notes"):
        path.write_text(json.dumps({**found, part: 3}))
        answer = cli("report", tmp_path / "run", "--samples", 4, "--out", out)
        assert answer.code == 6
        assert "Calibrate again" in answer.err
        assert not out.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", '{"wall_s": 3}'),
        ("metrics.json", '{"confusion": 4}'),
        ("metrics.json", "[]"),
        ("metrics.jsonl", "3\n"),
        ("exports/onnx.json", "{}"),
        ("exports/onnx.json", '{"verdicts": [1]}'),
    ],
)
def test_damaged_files_of_a_run_give_no_report(
    cli: Callable, run: Path, tmp_path: Path, name: str, content: str
) -> None:
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "run" / name).write_text(content)
    answer = cli("report", tmp_path / "run", "--samples", 2)
    assert answer.code == 6
    assert name.partition("/")[0] in answer.err
    assert not (tmp_path / "run" / "report.html").exists()


def test_energy_without_a_calibration_is_as_before(cli: Callable, run: Path) -> None:
    found = cli("energy", run, "--profile", "loihi1", "--samples", 4, "--json").json
    assert found["early_exit"] is None
    assert len(found["estimates"]) == 1


def test_output_spikes_have_a_lead_too(cli: Callable, spiking_run: Path, tmp_path: Path) -> None:
    shutil.copytree(spiking_run, tmp_path / "run")
    found = cli("early-exit", tmp_path / "run", "--max-loss", "1", "--json").json
    assert found["unit"] == "output spikes"
    assert found["test"]["steps"] <= 5


def test_a_calibration_of_other_weights_is_refused(calibrated: Path, tmp_path: Path) -> None:
    shutil.copytree(calibrated, tmp_path / "run")
    path = tmp_path / "run" / "early_exit.json"
    found = json.loads(path.read_text())
    path.write_text(json.dumps({**found, "network": "0" * 64}))
    with pytest.raises(CheckpointError, match="other weights"):
        subject.deployment(tmp_path / "run")


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--max-loss", "2"], 2, "max-loss"),
        (["--steps", "0.5"], 2, "--steps"),
        (["--steps", "inf"], 2, "--steps"),
        (["--steps", "nan"], 2, "--steps"),
        (["--max-loss", "nan"], 2, "max-loss"),
        (["--steps", "2", "--max-loss", "0.1"], 2, "Leave one out"),
        (["data.validation=0.5"], 2, "another split"),
    ],
)
def test_bad_settings_change_nothing(
    cli: Callable, calibrated: Path, tmp_path: Path, words: list[str], code: int, reason: str
) -> None:
    shutil.copytree(calibrated, tmp_path / "run")
    before = (tmp_path / "run" / "early_exit.json").read_bytes()
    answer = cli("early-exit", tmp_path / "run", *words)
    assert answer.code == code
    assert reason in answer.err
    assert (tmp_path / "run" / "early_exit.json").read_bytes() == before


def test_nobody_leaves_before_the_longest_delay_has_passed(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(run, tmp_path / "run")
    monkeypatch.setattr("neurodeploy.exiting.longest_delay", lambda graph: 3)
    found = api.early_exit(tmp_path / "run", max_loss=1)
    assert found["rule"]["min_steps"] == 4
    assert found["test"]["histogram"][:3] == [0, 0, 0]
    assert "no answer before timestep 4: the longest delay in the network is 3 timesteps" in found["notes"]


def test_where_delays_are_as_long_as_a_recording_the_reason_is_told(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(run, tmp_path / "run")
    monkeypatch.setattr("neurodeploy.exiting.longest_delay", lambda graph: 9)
    found = api.early_exit(tmp_path / "run", max_loss=1)
    assert found["rule"]["min_steps"] == 8
    assert found["test"]["steps"] == 8
    assert any("nobody can leave early: the longest delay in the network is 9" in note for note in found["notes"])


def test_few_recordings_are_copied_as_training_changes_them(run: Path) -> None:
    network = trained_network(run)
    kept = kept_answers(run, network, max_loss=0.1)
    count = len(kept.recordings.labels)
    assert kept.copies == -(-5 // (0.1 * count)) - 1
    assert kept.pool.prefix.shape[0] == count * (1 + kept.copies)
    np.testing.assert_array_equal(kept.pool.prefix[:count], kept.recordings.prefix)
    assert (kept.pool.prefix[count : 2 * count] != kept.recordings.prefix).any()
    np.testing.assert_array_equal(kept.pool.labels[count : 2 * count], kept.recordings.labels)
    np.testing.assert_array_equal(kept.pool.prefix, kept_answers(run, network, max_loss=0.1).pool.prefix)
    assert kept_answers(run, network, max_loss=1.0).copies == 0


def test_what_training_did_not_change_is_not_copied(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    path = tmp_path / "run" / "config.json"
    config = json.loads(path.read_text())
    config["config"]["augment"] = dict.fromkeys(config["config"]["augment"], 0.0)
    path.write_text(json.dumps(config))
    assert kept_answers(tmp_path / "run", trained_network(tmp_path / "run")).copies == 0


def test_a_run_without_validation_recordings_is_refused(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    path = tmp_path / "run" / "config.json"
    config = json.loads(path.read_text())
    config["config"]["data"]["validation"] = 0.0
    path.write_text(json.dumps(config))
    with pytest.raises(DataError, match="kept no recordings"):
        subject.validation(tmp_path / "run")


def test_other_recordings_than_those_trained_on_are_refused(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    path = tmp_path / "run" / "config.json"
    config = json.loads(path.read_text())
    config["task"]["content_key"] = "other"
    path.write_text(json.dumps(config))
    with pytest.raises(DataError, match="changed since"):
        subject.validation(tmp_path / "run")


def test_another_cache_is_no_other_split(run: Path, tmp_path: Path) -> None:
    assert subject.validation(run, [f"data.cache={tmp_path}"]).ids == subject.validation(run).ids
    with pytest.raises(ConfigError, match="another split"):
        subject.validation(run, ["data.limit=20"])


def test_what_is_no_run_is_refused(cli: Callable, artefacts: dict[str, Path], tmp_path: Path) -> None:
    assert cli("early-exit", artefacts["onnx"]).code == 6
    assert cli("early-exit", tmp_path).code == 6
