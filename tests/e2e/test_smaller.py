"""`neurodeploy compress` and `prune`: smaller networks, still exported exactly."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neurodeploy import subject
from neurodeploy.cli import show_smaller
from neurodeploy.data.frame_set import open_frames
from neurodeploy.graph import simulate
from neurodeploy.train.run_dir import load_run

Cli = Callable  # returns conftest's Answer
RUNTIMES = {
    "c": "gcc",
    "onnx": "onnxruntime-integer-step",
    "loihi": "netx-file-reader",
    "nir": "nir-interpreter",
}
"""The fastest runtime of each target."""


@pytest.fixture(scope="module")
def mlp(cli: Cli, cache: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run of dense layers, some of whose neurons never fire."""
    words = ["data.limit=60", "data.timesteps=4", "train.epochs=2", "model.kind=mlp", "model.hidden=[40, 20]", cache]
    answer = cli("train", *words, "neuron.threshold=0.8", "--out", tmp_path_factory.mktemp("runs"), "--json")
    assert answer.code == 0, answer.err
    return Path(answer.json["run"])


@pytest.fixture(scope="module")
def compressed(cli: Cli, run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    out = tmp_path_factory.mktemp("small")
    answer = cli("compress", run, "--bit-budget", 20, "train.epochs=2", "--samples", 30, "--out", out, "--json")
    assert answer.code == 0, answer.err
    return answer.json


@pytest.fixture(scope="module")
def pruned(cli: Cli, mlp: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    answer = cli("prune", mlp, "--dead", "--out", tmp_path_factory.mktemp("pruned"), "--json")
    assert answer.code == 0, answer.err
    return answer.json


def test_the_compressed_network_keeps_the_budget_and_costs_less(compressed: dict) -> None:
    table = compressed["table"]
    assert table["after"]["bit_budget"] <= compressed["bit_budget"] <= 20 < table["before"]["bit_budget"] == 64
    assert table["after"]["weight_bytes"] < table["before"]["weight_bytes"]
    assert table["after"]["ns_ace"] < table["before"]["ns_ace"]
    assert table["after"]["timesteps"] == compressed["timesteps"]
    assert all(table["after"]["weight_bits"][name] <= bits for name, bits in compressed["weight_bits"].items())
    assert all(0 <= found["accuracy"] <= 1 for found in table.values())


def test_the_compressed_run_begins_with_the_weights_of_the_given_one(compressed: dict, run: Path) -> None:
    config = load_run(Path(compressed["run"])).config
    assert config.train.init == str(run.resolve())
    assert config.train.layer_bits == tuple(compressed["weight_bits"].values())
    assert config.train.quantizer == "lsq"


def exact(cli: Cli, network: str, target: str, out: Path) -> bool:
    """Whether the exported files compute the network: in every value, or in NIR within its rounding."""
    answer = cli("export", network, "--target", target, "--out", out, "--samples", 6, "--no-verify")
    assert answer.code == 0, answer.err
    checked = cli("verify", out, "--runtime", RUNTIMES[target], "--json")
    assert checked.code == 0, checked.err
    (verdict,) = checked.json["verdicts"]
    # NIR's decays do not round
    allowed = {"EXACT", "WITHIN_TOLERANCE"} if target == "nir" else {"EXACT"}
    return verdict["status"] in allowed and verdict["spikes"] > 0


@pytest.mark.parametrize("target", RUNTIMES)
def test_the_compressed_network_is_exported_exactly(cli: Cli, compressed: dict, target: str, tmp_path: Path) -> None:
    assert exact(cli, compressed["run"], target, tmp_path / target)


def test_what_was_measured_and_chosen_is_printed(compressed: dict, capsys: pytest.CaptureFixture[str]) -> None:
    show_smaller.compress(compressed)
    text = capsys.readouterr().out
    wanted = ("the given run", "its weights, rounded", "fine-tuned", "NS-ACE", "divergence with", "chosen: ")
    assert all(words in text for words in wanted)


def test_dead_neurons_go_without_changing_a_spike(pruned: dict, mlp: Path) -> None:
    assert sum(each["dead"] for each in pruned["removed"].values()) > 0
    table = pruned["table"]
    assert table["pruned"]["weights"] < table["before"]["weights"]
    assert table["pruned"]["neurons"] < table["before"]["neurons"]
    whole, small = (subject.deployment(path).integer for path in (mlp, Path(pruned["folder"])))
    data = np.moveaxis(open_frames(load_run(mlp).config.data).train.batch(), 0, 1)
    before, after = simulate(whole, data), simulate(small, data)
    np.testing.assert_array_equal(after["readout"], before["readout"])
    for name in ("cuba1", "cuba2"):
        fired = before[name].any((0, 1))
        np.testing.assert_array_equal(after[name], before[name][:, :, fired])


@pytest.mark.parametrize("target", RUNTIMES)
def test_the_pruned_network_is_exported_exactly(cli: Cli, pruned: dict, target: str, tmp_path: Path) -> None:
    assert exact(cli, pruned["folder"], target, tmp_path / target)


def test_the_pruned_network_is_evaluated_and_counted(cli: Cli, pruned: dict) -> None:
    evaluated = cli("eval", pruned["folder"], "--json")
    assert evaluated.json["accuracy"] == pruned["table"]["pruned"]["accuracy"]
    assert cli("energy", pruned["folder"], "--samples", 10, "--json").code == 0


def test_pruned_channels_are_gone_after_fine_tuning(
    cli: Cli, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--channels", 0.25, "--dead", "--epochs", 1, "--samples", 20, "--out", tmp_path)
    answer = cli("prune", run, *words, "--json")
    assert answer.code == 0, answer.err
    found = answer.json
    assert found["is_run"]
    assert found["left"] == {"cuba1": 6, "cuba2": 6, "cuba3": 6}
    graph = subject.deployment(Path(found["folder"])).integer.graph
    assert [graph.shapes[name][0] for name in found["left"]] == [6, 6, 6]
    assert found["table"]["after"]["synaptic_operations"] < found["table"]["before"]["synaptic_operations"]
    show_smaller.prune(found)
    assert "fine-tuned" in capsys.readouterr().out


def test_bad_input_is_named_and_leaves_nothing(cli: Cli, run: Path, pruned: dict, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    cases = [
        (("compress", run, "--bit-budget", 1.5), 2, "allowed: 2 or more"),
        (("compress", run, "--bit-budget", 16, "train.layer_bits=[8]"), 2, "compress decides it"),
        (("compress", run, "--bit-budget", 16, "train.epochs=0"), 2, "train.epochs"),
        (("compress", tmp_path, "--bit-budget", 16), 6, "config.json"),
        (("prune", run), 2, "--dead"),
        (("prune", run, "--channels", 1.0), 2, "0 <= share < 1"),
        (("prune", run, "--dead", "train.lr=1e-3"), 2, "--epochs"),
        (("prune", tmp_path, "--dead"), 6, "config.json"),
        (("prune", pruned["folder"], "--dead"), 6, "config.json"),
    ]
    for words, code, text in cases:
        answer = cli(*words, "--out", out)
        assert (answer.code, text in answer.err) == (code, True), (words, answer.err)
        assert not out.exists() or not list(out.glob("*"))
