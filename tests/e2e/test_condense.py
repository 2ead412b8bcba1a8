"""A condensed data set from the command line, and every command that takes it as a data set."""

import json
from pathlib import Path

import numpy as np
import pytest
from e2e.conftest import call

SMALL = ["model.channels=[4,4,4]", "neuron.threshold=0.3"]
TINY = ["data.limit=60", "condense.pairs=1", "condense.pretrain_steps=3", "condense.iterations=4", *SMALL]
LEARN = ["train.epochs=3", "train.batch_size=32", "train.quantize_from=0.4", *SMALL]


@pytest.fixture(scope="module")
def condensed(tmp_path_factory: pytest.TempPathFactory, cache: str) -> Path:
    folder = tmp_path_factory.mktemp("condensed") / "set"
    answer = call("distill-data", "dataset=digits-dvs", *TINY, cache, "--out", folder)
    assert answer.code == 0, answer.err
    assert "storage ratio items" in answer.out
    assert "iteration 4 of 4" in answer.err
    return folder


@pytest.fixture(scope="module")
def taught(condensed: Path, tmp_path_factory: pytest.TempPathFactory, cache: str) -> Path:
    out = tmp_path_factory.mktemp("runs")
    answer = call("train", f"dataset={condensed}", *LEARN, cache, "--out", out, "--json")
    assert answer.code == 0, answer.err
    return Path(answer.json["run"])


def test_ten_items_are_learned_and_the_test_is_that_of_the_source(taught: Path) -> None:
    metrics = json.loads((taught / "metrics.json").read_text())
    assert metrics["recordings"] == {"train": 10, "validation": 0, "test": 355}
    assert 0 <= metrics["test_accuracy_integer"] <= 1


def test_the_folder_says_what_it_is(condensed: Path) -> None:
    found = json.loads((condensed / "condensed.json").read_text())
    assert found["facts"]["source"]["dataset"] == "digits-dvs"
    assert (found["facts"]["timesteps"], found["facts"]["levels"], found["facts"]["per_class"]) == (4, 15, 1)
    assert set(found["seconds"]) == {"pretraining", "matching"}
    assert found["ratios"] == {"storage_ratio_items": 6.0, "storage_ratio_bytes": 6.0}
    assert found["settings"]["condense"]["iterations"] == 4
    assert np.load(condensed / "frames.npy").shape == (10, 4, 2, 34, 34)


def test_the_same_seed_gives_the_same_files(condensed: Path, tmp_path: Path, cache: str) -> None:
    assert call("distill-data", "dataset=digits-dvs", *TINY, cache, "--out", tmp_path / "again").code == 0
    for name in ("frames.npy", "labels.npy"):
        assert (tmp_path / "again" / name).read_bytes() == (condensed / name).read_bytes()


def test_stats_of_a_condensed_set(condensed: Path) -> None:
    answer = call("data", "stats", "dataset=condensed", f"data.path={condensed}", "--json")
    assert answer.json["train"]["recordings"] == 10
    assert answer.json["test"]["recordings"] == 355


@pytest.mark.parametrize("command", [["eval"], ["energy"]])
def test_a_network_trained_on_items_is_tried_on_recordings(taught: Path, command: list[str]) -> None:
    answer = call(*command, taught, "--samples", 5, "--json")
    assert answer.code == 0, answer.err
    assert "test split of condensed" in answer.out


def test_a_network_trained_on_items_exports_exactly(taught: Path, tmp_path: Path) -> None:
    answer = call("export", taught, "--target", "onnx", "--out", tmp_path / "onnx", "--samples", 4, "--json")
    assert answer.code == 0, answer.err
    assert "EXACT" in {verdict["status"] for verdict in answer.json["verdicts"]}


def test_windows_that_the_items_do_not_have_are_refused(condensed: Path, tmp_path: Path) -> None:
    answer = call("train", f"dataset={condensed}", "data.timesteps=8", "--out", tmp_path)
    assert answer.code == 2
    assert "data.timesteps" in answer.err
    assert not any(tmp_path.iterdir())


def test_nothing_is_computed_for_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    answer = call("distill-data", "dataset=digits-dvs", "--out", tmp_path)
    assert answer.code == 2
    assert "not empty" in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_set_without_its_source_trains_and_names_what_is_missing(condensed: Path, tmp_path: Path, cache: str) -> None:
    found = json.loads((condensed / "condensed.json").read_text())
    found["facts"]["source"] |= {"dataset": "nmnist", "path": "/nowhere/at/all"}
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("frames.npy", "labels.npy"):
        (alone / name).write_bytes((condensed / name).read_bytes())
    (alone / "condensed.json").write_text(json.dumps(found))
    answer = call("train", f"dataset={alone}", *LEARN, "train.epochs=1", cache, "--out", tmp_path / "runs", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["metrics"]["recordings"]["test"] == 0
    refused = call("eval", answer.json["run"])
    assert refused.code == 6
    assert "/nowhere/at/all" in refused.err
