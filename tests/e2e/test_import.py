"""`neurodeploy import` and the commands that take its folder, as a user types them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from neurodeploy import api

pytest.importorskip("snntorch", reason="snnTorch is not installed")

MODEL = """
import snntorch as snn
import torch
from torch import nn

def net(reset="zero"):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = [nn.Linear(2 * 34 * 34, 16), nn.Linear(16, 10)]
    neurons = [snn.Leaky(beta=0.75, threshold=t, init_hidden=True, reset_mechanism=reset) for t in (0.3, 0.1)]
    return nn.Sequential(layers[0], neurons[0], layers[1], neurons[1])

def subtracting():
    return net("subtract")

def refused():
    return nn.Sequential(nn.Linear(2 * 34 * 34, 16), nn.ReLU(), nn.Linear(16, 10), snn.Leaky(beta=0.75, init_hidden=True))
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.py"
    path.write_text(MODEL)
    return path


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, model: Path, cache: str) -> Path:
    """An import tried on recordings."""
    out = tmp_path_factory.mktemp("imports") / "net"
    api.import_model(f"{model}:net", ["dataset=digits-dvs", "data.timesteps=5", cache], out=out, samples=20)
    return out


def test_an_import_is_proved_on_random_frames_and_on_recordings(
    cli: Callable, model: Path, cache: str, tmp_path: Path
) -> None:
    words = ("dataset=digits-dvs", "data.timesteps=5", cache, "--samples", 20)
    answer = cli("import", f"{model}:net", "--out", tmp_path / "net", *words, "--json")
    assert answer.code == 0, answer.err
    proofs = answer.json["proof"]
    assert ["random" in proof["samples"] for proof in proofs] == [True, False]
    for proof in proofs:
        assert [row["differing"] for row in proof["float"]["layers"]] == [0, 0]
        assert all(row["source_spikes"] > 0 for row in proof["integer"]["layers"])
    accuracy = answer.json["accuracy"]
    assert accuracy["recordings"] == "20 of the 355 recordings of the test split of digits-dvs"
    assert accuracy["source"] == accuracy["float"]
    assert json.loads((tmp_path / "net" / "import.json").read_text())["accuracy"] == accuracy


def test_without_a_data_set_no_accuracy_is_claimed(cli: Callable, model: Path, tmp_path: Path) -> None:
    answer = cli("import", f"{model}:net", "--out", tmp_path / "net", "--timesteps", 4)
    assert answer.code == 0, answer.err
    assert "random samples (seed 0, 25% of the inputs 1), no recordings" in answer.out
    assert "accuracy" not in answer.out
    evaluated = cli("eval", tmp_path / "net")
    assert evaluated.code == 6
    assert "no classes, so there is no accuracy" in evaluated.err
    assert cli("export", tmp_path / "net", "--target", "onnx", "--out", tmp_path / "onnx").code == 0
    assert cli("eval", tmp_path / "onnx").code == 6


@pytest.mark.parametrize("target", ["onnx", "loihi"])
def test_an_import_is_exported_and_verified_like_a_run(
    cli: Callable, imported: Path, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURODEPLOY_LAVA_PYTHON", str(tmp_path / "absent"))
    exported = cli("export", imported, "--target", target, "--out", tmp_path / target, "--samples", 4, "--json")
    assert exported.code == 0, exported.err
    assert "EXACT" in {verdict["status"] for verdict in exported.json["verdicts"]}
    verified = cli("verify", tmp_path / target, "--run", imported, "--samples", 4)
    assert verified.code == 0, verified.err
    assert "reference-is-the-run" in verified.out


def test_an_exported_file_is_imported_again_with_its_own_integers(
    cli: Callable, imported: Path, tmp_path: Path
) -> None:
    api.export(imported, "loihi", tmp_path / "loihi", check=False, samples=4)
    answer = cli("import", tmp_path / "loihi" / "network.net", "--out", tmp_path / "again", "--timesteps", 5, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["source"] == "netx"
    assert answer.json["weight_bits"] is None
    integer = answer.json["proof"][0]["integer"]
    assert [(row["differing"], row["largest_difference"]) for row in integer["layers"]] == [(0, 0.0), (0, 0.0)]
    exported = cli("export", tmp_path / "again", "--target", "onnx", "--out", tmp_path / "onnx", "--samples", 4)
    assert exported.code == 0, exported.err


def test_an_exported_nir_file_is_imported_again(cli: Callable, imported: Path, tmp_path: Path) -> None:
    api.export(imported, "nir", tmp_path / "nir", check=False, samples=4)
    file = tmp_path / "nir" / "network.nir"
    answer = cli("import", file, "--out", tmp_path / "again", "--timesteps", 5, "--dt", "1e-4", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["source"].startswith("nir")
    assert [row["differing"] for row in answer.json["proof"][0]["float"]["layers"]] == [0, 0]


def test_an_artefact_of_another_import_is_noticed(
    cli: Callable, imported: Path, model: Path, cache: str, tmp_path: Path
) -> None:
    words = ["dataset=digits-dvs", "data.timesteps=5", cache]
    api.import_model(f"{model}:subtracting", words, out=tmp_path / "other", samples=4)
    api.export(tmp_path / "other", "onnx", tmp_path / "onnx", check=False, samples=4)
    verified = cli("verify", tmp_path / "onnx", "--run", imported, "--samples", 4)
    assert verified.code == 5
    assert "the artefact holds another network" in verified.out


def test_accuracy_and_energy_of_an_import(cli: Callable, imported: Path) -> None:
    evaluated = cli("eval", imported, "--samples", 20, "--json")
    assert evaluated.code == 0, evaluated.err
    assert evaluated.json["runtime"] == "fast"
    kept = json.loads((imported / "import.json").read_text())["accuracy"]["integer"]
    assert evaluated.json["accuracy"] == kept
    priced = cli("energy", imported, "--samples", 4)
    assert priced.code == 0, priced.err


def test_an_import_is_tuned_on_its_own_recordings(cli: Callable, model: Path, cache: str, tmp_path: Path) -> None:
    words = ["dataset=digits-dvs", "data.timesteps=5", "data.validation=0.25", cache]
    api.import_model(f"{model}:subtracting", words, out=tmp_path / "net", samples=4)
    short = ("train.epochs=2", "data.limit=40")
    tuned = cli("tune", tmp_path / "net", *short, "--reset", "zero", "--out", tmp_path / "runs", "--json")
    assert tuned.code == 0, tuned.err
    config = json.loads((Path(tuned.json["run"]) / "config.json").read_text())["config"]
    assert (config["data"]["timesteps"], config["data"]["validation"]) == (5, 0.25)
    exported = cli("export", tuned.json["run"], "--target", "loihi", "--out", tmp_path / "loihi", "--no-verify")
    assert exported.code == 0, exported.err


def test_an_import_has_no_report_and_no_torch_runtime(cli: Callable, imported: Path) -> None:
    report = cli("report", imported)
    assert report.code == 6
    assert "no training to report on" in report.err
    assert cli("eval", imported, "--runtime", "torch", "--samples", 4).code == 2


def test_a_reset_that_loihi_lacks_is_refused_by_loihi_only(cli: Callable, model: Path, tmp_path: Path) -> None:
    api.import_model(f"{model}:subtracting", out=tmp_path / "net", timesteps=4)
    refused = cli("export", tmp_path / "net", "--target", "loihi", "--out", tmp_path / "loihi")
    assert refused.code == 4
    assert not (tmp_path / "loihi").exists()
    assert cli("export", tmp_path / "net", "--target", "onnx", "--out", tmp_path / "onnx").code == 0


BAD: list[tuple[list[str], int, str]] = [
    (["{model}:refused"], 4, "node '1' (ReLU)"),
    (["{model}:absent"], 2, "a torch.nn.Module, or a function without arguments"),
    (["{model}"], 2, "file.py:name, file.nir or file.net"),
    (["absent.py:net"], 6, "there is no such file"),
    (["absent.net"], 6, "there is no such file"),
    (["{model}:net", "--framework", "sinabs"], 2, "auto, snntorch"),
    (["{model}:net", "--shape", "2,a"], 2, "integers with commas"),
    (["{model}:net", "--weights", "absent.pt"], 6, "it is no state dict"),
    (["{model}:net", "--weight-bits", "9"], 2, "an integer 2..8"),
    (["{model}:net", "--timesteps", "0"], 2, "data.timesteps"),
    (["{model}:net", "data.timestep=4"], 2, "Did you mean 'data.timesteps'?"),
    (["{model}:net", "dataset=digits-dvs", "--shape", "1,8,8"], 2, "which the recordings have"),
]


@pytest.mark.parametrize(("words", "code", "message"), BAD, ids=[" ".join(words) for words, _, _ in BAD])
def test_what_cannot_be_imported_leaves_nothing_behind(
    cli: Callable, model: Path, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    answer = cli("import", *[word.format(model=model) for word in words], "--out", tmp_path / "net")
    assert answer.code == code, answer.err
    assert message in answer.err
    assert not (tmp_path / "net").exists()
