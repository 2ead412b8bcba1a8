"""`neurodeploy tune`: a network that subtracts its threshold becomes one that Loihi can express."""

from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable  # returns conftest's Answer


@pytest.fixture(scope="module")
def subtracting(cli: Cli, tiny: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run with reset by subtraction."""
    answer = cli("train", *tiny, "neuron.reset=subtract", "--out", tmp_path_factory.mktemp("runs"), "--json")
    assert answer.code == 0, answer.err
    return Path(answer.json["run"])


@pytest.fixture(scope="module")
def tuned(cli: Cli, subtracting: Path) -> dict:
    answer = cli("tune", subtracting, "--reset", "zero", "train.epochs=2", "--out", subtracting.parent, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def test_the_tuned_network_exports_to_loihi_where_the_source_was_refused(
    cli: Cli, subtracting: Path, tuned: dict, tmp_path: Path
) -> None:
    refused = cli("export", subtracting, "--target", "loihi", "--out", tmp_path / "no")
    assert (refused.code, "neuron.reset=zero" in refused.err) == (4, True)
    assert not (tmp_path / "no").exists()
    written = cli("export", tuned["run"], "--target", "loihi", "--out", tmp_path / "yes", "--no-verify")
    assert written.code == 0, written.err


def test_accuracies_before_and_after_are_those_that_eval_finds(cli: Cli, subtracting: Path, tuned: dict) -> None:
    before, after = (cli("eval", run, "--json").json for run in (subtracting, tuned["run"]))
    assert tuned["before"]["float"] == before["accuracy_float"]
    assert tuned["after"] == {mode: after[f"accuracy_{mode}"] for mode in ("float", "integer")}
    assert all(0 <= share <= 1 for share in tuned["changed"].values())


def test_the_start_is_kept_so_that_the_run_can_be_resumed(cli: Cli, tuned: dict) -> None:
    assert (Path(tuned["run"]) / "start" / "graph.json").is_file()
    assert cli("train", "--resume", tuned["run"]).code == 0


def test_bad_input_of_tune_is_named(cli: Cli, subtracting: Path, tmp_path: Path) -> None:
    cases = {
        ("--reset", "soft"): (2, "allowed: zero, subtract"),
        ("dataset=nowhere",): (2, "nowhere"),
        ("train.epochs=0",): (2, "train.epochs"),
        ("data.size=20",): (2, ""),
    }
    for words, (code, text) in cases.items():
        answer = cli("tune", subtracting, *words, "--out", tmp_path / "runs")
        assert (answer.code, text in answer.err) == (code, True), answer.err
        assert not list((tmp_path / "runs").glob("*"))
    assert cli("tune", tmp_path, "--out", tmp_path / "runs").code == 6
    assert cli("train", "model.kind=graph", "--out", tmp_path / "runs").code == 2


def test_a_damaged_start_is_named(cli: Cli, tuned: dict) -> None:
    path = Path(tuned["run"]) / "start" / "graph.json"
    text = path.read_text()
    try:
        path.write_text(text[:100])
        answer = cli("eval", tuned["run"])
        assert (answer.code, str(path) in answer.err) == (6, True)
    finally:
        path.write_text(text)
