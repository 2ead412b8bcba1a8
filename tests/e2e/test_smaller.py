"""`neurodeploy compress` and `prune`: smaller networks, still exported exactly."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neurodeploy import subject
from neurodeploy.cli import show_smaller
from neurodeploy.data.frame_set import open_frames
from neurodeploy.graph import simulate
from neurodeploy.graph.latency import longest_delay
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
    wanted += ("bit budget: mean of timesteps x weight bits", "not in it: states (24 bits each)")
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
        *((("compress", run, "--bit-budget", bad), 2, "--bit-budget") for bad in (0, -4, "nan", "inf", "-inf")),
        (("compress", run, "--bit-budget", 16, "train.layer_bits=[8]"), 2, "compress decides it"),
        (("compress", run, "--bit-budget", 16, "train.weight_bits=3"), 2, "compress decides it"),
        (("compress", run, "--bit-budget", 16, "model.channels=[3]"), 2, "the layers and neurons of the run stay"),
        (("compress", run, "--bit-budget", 16, "neuron.kind=relu"), 2, "the layers and neurons of the run stay"),
        (("compress", pruned["folder"], "--bit-budget", 16), 6, "that is an import"),
        (("prune", run, "--dead", "--epochs", 1, "neuron.kind=relu"), 2, "the network that is tuned has spikes"),
        (("prune", run, "--hyperactive", "nan"), 2, "a rate 0..1"),
        (("prune", run, "--channels", "nan"), 2, "0 <= share < 1"),
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


DELAYED = [
    "data.limit=60",
    "data.timesteps=8",
    "train.epochs=2",
    "train.quantize_from=0.5",
    "model.kind=mlp",
    "model.hidden=[24, 12]",
    "neuron.threshold=0.3",
    "neuron.max_delay=2",
]


@pytest.fixture(scope="module", params=["axon", "synapse"])
def delayed(request: pytest.FixtureRequest, cli: Cli, cache: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("delayed")
    answer = cli("train", *DELAYED, f"neuron.delays={request.param}", cache, "--out", out, "--json")
    assert answer.code == 0, answer.err
    return Path(answer.json["run"])


def delays_of(path: Path) -> set[int]:
    return {ref.delay for node in subject.deployment(path).integer.graph.nodes for ref in node.inputs}


def test_a_network_with_delays_is_compressed_with_them(cli: Cli, delayed: Path, tmp_path: Path) -> None:
    words = ("train.epochs=2", "data.timesteps=8", "--samples", 20, "--out", tmp_path)
    answer = cli("compress", delayed, "--bit-budget", 32, *words, "--json")
    assert answer.code == 0, answer.err
    found = answer.json
    assert max(delays_of(Path(found["run"]))) > 0
    assert found["table"]["after"]["bit_budget"] <= 32 < found["table"]["before"]["bit_budget"]
    assert list(found["weight_bits"]) == ["fc1", "fc2", "fc"]
    assert exact(cli, found["run"], "c", tmp_path / "c")


def test_a_network_with_delays_loses_dead_neurons_without_changing_a_spike(
    cli: Cli, delayed: Path, tmp_path: Path
) -> None:
    answer = cli("prune", delayed, "--dead", "--channels", 0.2, "--samples", 20, "--out", tmp_path / "some", "--json")
    assert answer.code == 0, answer.err
    assert max(delays_of(Path(answer.json["folder"]))) > 0
    assert exact(cli, answer.json["folder"], "loihi", tmp_path / "loihi")
    dead = cli("prune", delayed, "--dead", "--samples", 20, "--out", tmp_path / "dead", "--json").json
    whole, small = (subject.deployment(path).integer for path in (delayed, Path(dead["folder"])))
    data = np.moveaxis(open_frames(load_run(delayed).config.data).train.batch(), 0, 1)
    np.testing.assert_array_equal(simulate(small, data)["readout"], simulate(whole, data)["readout"])


def test_learned_delays_and_another_training_of_the_graph_are_refused_by_name(
    cli: Cli, delayed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "runs"
    for words, text in (
        (("prune", delayed, "--dead", "--epochs", 1), "--epochs"),
        (("tune", delayed), "train.init="),
    ):
        answer = cli(*words, "--out", out)
        assert (answer.code, text in answer.err, "delays" in answer.err) == (2, True, True), answer.err
    assert not out.exists()


def test_nobody_answers_before_all_delays_have_passed(cli: Cli, delayed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(delayed, copy)
    answer = cli("early-exit", copy, "--max-loss", 1, "--json")
    assert answer.code == 0, answer.err
    longest = longest_delay(subject.deployment(copy).integer.graph)
    assert longest > 0
    assert answer.json["rule"]["min_steps"] == longest + 1
    assert answer.json["test"]["histogram"][:longest] == [0] * longest
    assert cli("export", copy, "--target", "c", "--out", tmp_path / "c", "--samples", 6, "--no-verify").code == 0
    (verdict,) = cli("verify", tmp_path / "c", "--runtime", "gcc", "--json").json["verdicts"]
    assert (verdict["status"], verdict["exits"]) == ("EXACT", 6)
