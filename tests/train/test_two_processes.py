"""Two processes that train together through gloo, against one: batches of 7 recordings are split into 4 and 3.

Tolerances: sums over recordings are taken in another order, and batch statistics of two processes are summed in float64,
so float32 results differ in their last bits.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import two_processes as worker
from interrupted import InterruptedAt, weights
from safetensors.torch import load_file

from neurodeploy.errors import ConfigError
from neurodeploy.train import ranks
from neurodeploy.train.launch import Launch, launch
from neurodeploy.train.methods.agree import _joined
from neurodeploy.train.progress import Silent
from neurodeploy.train.run_dir import load_run
from neurodeploy.train.training import choose_device, train_run

SIZE = 2


def launched(*words: object) -> list[tuple[int, str]]:
    """Exit code and stderr of each of two processes, started as torchrun starts them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tests = str(Path(worker.__file__).parent)
    common = {"WORLD_SIZE": str(SIZE), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "PYTHONPATH": tests}
    started = [
        subprocess.Popen(
            [sys.executable, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **common, "RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"},
        )
        for rank in range(SIZE)
    ]
    try:
        return [(process.returncode, text) for process in started for text in [process.communicate(timeout=120)[1]]]
    finally:
        for process in started:
            process.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("together")


@pytest.fixture(scope="module")
def ends(folder: Path) -> list[tuple[int, str]]:
    return launched(worker.__file__, folder)


@pytest.fixture(scope="module")
def together(folder: Path, ends: list) -> Path:
    said = "".join(text for _, text in ends)
    assert (folder / "facts-0.json").exists(), said
    assert (folder / "facts-1.json").exists(), said
    return folder


@pytest.fixture(scope="module")
def one_run(together: Path) -> Path:
    return train_run(worker.run_config(str(together / "cache")), together / "one", progress=Silent())


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def facts(together: Path, rank: int = 0) -> dict:
    return json.loads((together / f"facts-{rank}.json").read_text())


def of_both(together: Path, name: str) -> list[dict[str, torch.Tensor]]:
    return [load_file(together / f"{name}-{rank}.st") for rank in range(SIZE)]


def close(found: torch.Tensor, wanted: torch.Tensor, share: float = 2e-6) -> None:
    """Equal but for `share` of the largest value."""
    limit = share * float(wanted.double().abs().max())
    torch.testing.assert_close(found.double(), wanted.double(), rtol=0, atol=limit)


@pytest.mark.parametrize("case", worker.CASES, ids=lambda case: "-".join(map(str, case)))
def test_gradients_of_two_parts_are_those_of_the_joined_batch(case: tuple, together: Path) -> None:
    first, second = of_both(together, "-".join(map(str, case)))
    for name, wanted in worker.first_step(*case):
        if name.startswith("gradient"):
            assert torch.equal(first[name], second[name])
            close(first[name], wanted)


@pytest.mark.parametrize("case", worker.CASES, ids=lambda case: "-".join(map(str, case)))
def test_voltages_spikes_and_logits_of_two_parts_are_those_of_the_joined_batch(case: tuple, together: Path) -> None:
    parts = of_both(together, "-".join(map(str, case)))
    for name, wanted in worker.first_step(*case):
        if name.startswith("spikes"):
            assert wanted.any()
            assert torch.equal(torch.cat([part[name] for part in parts], 1), wanted)
        if name in ("voltage", "logits"):
            close(torch.cat([part[name] for part in parts], 1), wanted)


@pytest.mark.parametrize("kind", ["lif", "cuba"])
def test_batch_statistics_are_those_of_the_joined_batch(kind: str, together: Path) -> None:
    parts = of_both(together, f"True-{kind}-float")
    wanted = dict(worker.first_step(True, kind, "float"))
    close(torch.cat([part["drive"] for part in parts], 1), wanted["drive"])
    for name in [name for name in wanted if name.startswith("buffer")]:
        assert torch.equal(parts[0][name], parts[1][name])
        close(parts[0][name], wanted[name])


def test_without_the_joined_statistics_the_drives_would_differ(together: Path) -> None:
    found, joined = worker.training(), dict(worker.first_step(True, "lif", "float"))["drive"]
    part = found._batch(found._choice(1), np.arange(worker.BATCH)[:3], 1, 0.0, np.random.default_rng(1))
    stage = found.net.train().stages[0]
    alone, _ = stage._drive(stage._arriving(part.frames, stage.synapse.weight), part.frames)
    with pytest.raises(AssertionError):
        close(alone.detach(), joined[:, :3])
    close(of_both(together, "True-lif-float")[0]["drive"][:, :3], joined[:, :3])


def test_what_a_method_noted_is_whole_and_the_same_in_both(together: Path) -> None:
    first, second = of_both(together, "state")
    wanted, history = worker.two_epochs()
    assert all(first[name].equal(second[name]) for name in first if name != "table")
    assert torch.equal(first["visits"], wanted["visits"])
    assert first["epoch"] == 2
    torch.testing.assert_close(first["table"], second["table"], rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(first["table"], wanted["table"], rtol=1e-3, atol=1e-3, equal_nan=True)
    assert facts(together)["history"] == facts(together, 1)["history"]
    assert facts(together)["history"][1]["loss"] == pytest.approx(history[1]["loss"], rel=1e-3)


@pytest.mark.parametrize("delays", worker.DELAYS)
def test_delays_are_learned_from_the_whole_batch(delays: str, together: Path) -> None:
    """A thousandth: after four steps of AdamW, rounding in the first gradients has grown."""
    first, second = of_both(together, delays)
    wanted = dict(worker.delays_after_an_epoch(delays))
    assert set(first) == set(wanted)
    for name, value in wanted.items():
        assert torch.equal(first[name], second[name])
        close(first[name], value, share=1e-3)
    assert all((wanted[name] != wanted[f"before.{name[6:]}"]).any() for name in wanted if name.startswith("after."))


@pytest.mark.parametrize("select", worker.CHOOSING)
def test_both_choose_the_same_recordings_by_what_each_saw_a_part_of(select: str, together: Path) -> None:
    first, second = (facts(together, rank)["choices"][select] for rank in range(SIZE))
    assert first == second
    alone = worker.chosen(select)
    assert len(set(first) & set(alone)) >= 0.8 * len(alone)


def test_a_network_keeps_no_state_of_neurons_that_processes_could_exchange() -> None:
    net = worker.training().net
    assert {name.rpartition(".")[2] for name, _ in net.named_buffers()} == {
        "running_mean",
        "running_var",
        "num_batches_tracked",
    }


def test_joining_takes_values_of_one_process_means_of_floats_and_sums_of_counts() -> None:
    nan = float("nan")
    kept = torch.tensor([nan, 1.0, 2.0, 3.0])
    found = [torch.tensor([nan, 1.0, 4.0, 5.0]), torch.tensor([7.0, 1.0, 2.0, 9.0])]
    torch.testing.assert_close(_joined("x", kept, found), torch.tensor([7.0, 1.0, 4.0, 7.0]))
    counts = _joined("x", torch.tensor([0, 5, 1]), [torch.tensor([2, 6, 1]), torch.tensor([3, 6, 0])])
    assert counts.tolist() == [5, 6, 0]
    flags = _joined("x", torch.tensor([False, True]), [torch.tensor([True, True]), None])
    assert flags.tolist() == [True, True]


def test_other_weights_in_one_process_raise_the_alarm(together: Path) -> None:
    for rank in range(SIZE):
        assert "process 1 of 2: its weights are not those of process 0" in facts(together, rank)["alarm"]


def test_statistics_that_drifted_apart_get_their_mean_and_others_stay_to_the_last_bit(together: Path) -> None:
    assert facts(together)["drifted"] == facts(together, 1)["drifted"] == [0.5, float(torch.tensor(0.1))]


def test_a_run_of_two_processes_is_the_run_of_one(together: Path, one_run: Path) -> None:
    run = Path(facts(together)["run"])
    assert facts(together, 1)["run"] == str(run)
    assert [path.name for path in run.parent.iterdir()] == ["digits-dvs-0001"]
    both, one = load_run(run), load_run(one_run)
    names = [sorted(str(p.relative_to(each.path)) for p in each.path.rglob("*")) for each in (both, one)]
    assert names[0] == names[1]
    for name, wanted in weights(one_run).items():
        close(weights(run)[name], wanted, share=1e-3)
    for ours, theirs in zip(both.history, one.history, strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-4)
        assert ours["learned"] == theirs["learned"]
    assert both.metrics["recordings"] == one.metrics["recordings"]
    assert abs(both.metrics["test_accuracy_integer"] - one.metrics["test_accuracy_integer"]) < 0.02


def test_batches_too_small_for_all_are_refused_before_there_is_a_folder(together: Path) -> None:
    assert "batches of at least 2 recordings" in facts(together)["refused"]
    assert not (together / "small").exists()


def test_torchrun_goes_on_with_the_interrupted_run_of_one_process(together: Path, one_run: Path) -> None:
    torn = together / "torn"
    with pytest.raises(KeyboardInterrupt):
        train_run(worker.run_config(str(together / "cache")), torn, progress=InterruptedAt(4))
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "-m", "neurodeploy"]
    words = ["train", "--resume", str(torn / "digits-dvs-0001"), "--json"]
    answer = subprocess.run([*torchrun, *words], capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["metrics"]["epochs"] == 2
    for name, wanted in weights(one_run).items():
        close(weights(torn / "digits-dvs-0001")[name], wanted, share=1e-3)


def test_one_failure_ends_both_with_one_message(together: Path, ends: list) -> None:
    (first, quiet), (second, said) = ends
    assert (first, second) == (1, 6)
    assert said.strip() == "error: the second disk: it is gone."
    assert quiet == ""
    assert (together / "failed/digits-dvs-0001/checkpoints/last/state.json").exists()


def test_one_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert launch() == Launch(0, 0, 1)
    with ranks.together():
        assert (ranks.rank(), ranks.size(), ranks.part(5)) == (0, 1, slice(0, 5))


@pytest.mark.parametrize("found", [("1", "0", "x"), ("2", "0", "2"), ("0", "1", "2"), ("-1", "0", "2")])
def test_an_environment_that_fits_no_launch_is_refused(found: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(("RANK", "LOCAL_RANK", "WORLD_SIZE"), found, strict=True):
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match="as torchrun sets them"):
        launch()


def test_more_processes_than_cuda_devices_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(ranks, "size", lambda: 2)
    for name, value in (("RANK", "1"), ("LOCAL_RANK", "1"), ("WORLD_SIZE", "2")):
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match="at most 1 processes"):
        choose_device("auto")
    assert choose_device("cpu") == torch.device("cpu")
