"""Whole runs on a few generated recordings: what is written, and that an interrupted run ends as an uninterrupted one."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from interrupted import InterruptedAt, assert_same_weights

from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.errors import CheckpointError, ConfigError, DataError, OutputError
from neurodeploy.graph import predictions, simulate
from neurodeploy.train import training as module
from neurodeploy.train.checkpoint import load_checkpoint
from neurodeploy.train.complete import cpu_threads
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.progress import Silent
from neurodeploy.train.run_dir import deployment, load_run
from neurodeploy.train.training import choose_device, resume_run, train_run


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    return RunConfig(
        data=DataConfig(dataset="digits-dvs", timesteps=4, limit=60, cache=str(tmp_path_factory.mktemp("cache"))),
        model=ModelConfig(channels=(4,), kernels=(5,), strides=(3,), paddings=(1,)),
        neuron=NeuronConfig(threshold=0.5),
        train=TrainConfig(epochs=4, batch_size=20, quantize_from=0.5),
        augment=AugmentConfig(),
        device="cpu",
    )


@pytest.fixture(scope="module")
def finished(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_run(config, tmp_path_factory.mktemp("runs"), command=["train", "this"], progress=Silent())


def timeless(metrics: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in metrics.items() if not key.endswith("_s")}


def names(run: Path) -> Sequence[str]:
    return sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())


def test_a_run_holds_what_it_should(finished: Path) -> None:
    assert names(finished) == [
        "checkpoints/best/state.json",
        "checkpoints/best/weights.safetensors",
        "checkpoints/last/optimizer.safetensors",
        "checkpoints/last/state.json",
        "checkpoints/last/weights.safetensors",
        "config.json",
        "metrics.json",
        "metrics.jsonl",
        "plots/accuracy.png",
        "plots/firing_rate.png",
        "plots/loss.png",
    ]


def test_metrics_are_complete(finished: Path, config: RunConfig) -> None:
    run = load_run(finished)
    assert run.config == config
    metrics = run.metrics
    assert metrics["epochs"] == len(run.history) == 4
    assert metrics["best_phase"] == "integer"
    confusion = np.array(metrics["confusion"])
    assert confusion.sum() == metrics["recordings"]["test"]
    assert np.trace(confusion) / confusion.sum() == metrics["test_accuracy_integer"]
    assert metrics["recordings"]["train"] + metrics["recordings"]["validation"] == 60
    assert 0 <= metrics["test_accuracy_float"] <= 1
    assert len(metrics["per_class"]) == len(metrics["classes"]) == 10
    assert metrics["wall_s"] > 0


def test_the_deployed_integers_have_the_reported_accuracy(finished: Path) -> None:
    run = load_run(finished)
    network = deployment(run).integer
    test = module.open_frames(run.config.data).test
    answers = predictions(network.graph, simulate(network, np.moveaxis(test.batch(), 0, 1)))
    assert (answers == test.labels).mean() == run.metrics["test_accuracy_integer"]


def test_timesteps_last_a_share_of_the_recordings(finished: Path, config: RunConfig) -> None:
    found = load_run(finished).task.timestep_us
    assert found == module.timestep_us(config.data)
    assert 1e3 < found < 1e6
    assert module.timestep_us(replace(config.data, duration_us=8000)) == 2000.0


@pytest.mark.parametrize("steps", [1, 3, 11])
def test_an_interrupted_run_goes_on_to_the_same_weights(
    steps: int, finished: Path, config: RunConfig, tmp_path: Path
) -> None:
    reporter = InterruptedAt(steps)
    with pytest.raises(KeyboardInterrupt):
        train_run(config, tmp_path, progress=reporter)
    run = tmp_path / "digits-dvs-0001"
    assert reporter.notes[-1] == f"interrupted; go on with: neurodeploy train --resume {run}"
    assert len(load_checkpoint(run / "checkpoints/last").state["history"]) == (steps - 1) // 3
    assert not (run / "metrics.json").exists()
    assert resume_run(run, progress=Silent()) == run
    assert_same_weights(run, finished)
    assert names(run) == names(finished)
    ours, theirs = load_run(run).metrics, load_run(finished).metrics
    assert timeless(ours) == timeless(theirs)


def test_another_seed_gives_other_weights(finished: Path, config: RunConfig, tmp_path: Path) -> None:
    """So the test above compares something."""
    run = train_run(replace(config, seed=1), tmp_path, progress=Silent())
    with pytest.raises(AssertionError):
        assert_same_weights(run, finished)


@pytest.fixture
def unfinished(finished: Path, tmp_path: Path) -> Path:
    """A run killed before its last words."""
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "run/metrics.json").unlink()
    return tmp_path / "run"


def test_a_run_killed_before_its_last_words_is_completed(finished: Path, unfinished: Path) -> None:
    resume_run(unfinished, progress=Silent())
    assert load_run(unfinished).metrics == load_run(finished).metrics


def test_a_complete_run_is_left_alone(finished: Path) -> None:
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    reporter = InterruptedAt(1)
    assert resume_run(finished, progress=reporter) == finished
    assert "is complete" in reporter.notes[-1]
    assert before == {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}


def test_a_run_whose_recordings_changed_is_not_continued(unfinished: Path) -> None:
    head = json.loads((unfinished / "config.json").read_text())
    head["task"]["content_key"] = "of other recordings"
    (unfinished / "config.json").write_text(json.dumps(head))
    with pytest.raises(DataError, match="changed"):
        resume_run(unfinished, progress=Silent())


def test_a_damaged_checkpoint_is_not_continued(unfinished: Path) -> None:
    path = unfinished / "checkpoints/last/weights.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="truncated"):
        resume_run(unfinished, progress=Silent())


def test_bad_settings_leave_no_folder(config: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        train_run(replace(config, train=TrainConfig(epochs=0)), tmp_path / "runs", progress=Silent())
    with pytest.raises(DataError, match="at least two"):
        train_run(replace(config, data=replace(config.data, limit=1)), tmp_path / "runs", progress=Silent())
    assert not (tmp_path / "runs").exists()


def test_a_full_disk_is_one_clear_error(config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left"):
        train_run(config, tmp_path, progress=Silent())


def test_threads_are_set_for_the_training_only() -> None:
    before = torch.get_num_threads()
    with cpu_threads(3) as found:
        assert found == torch.get_num_threads() == 3
    with cpu_threads(0) as found:
        assert found == min(before, 4)
    assert torch.get_num_threads() == before


def test_cuda_is_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == choose_device("cpu").type == "cpu"
    with pytest.raises(ConfigError, match="CUDA"):
        choose_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == choose_device("cuda").type == "cuda"


@pytest.mark.parametrize(
    "changed",
    [
        {"neuron": NeuronConfig(kind="cuba", threshold=0.3, reset="subtract", surrogate="arctan", readout="spikes")},
        {"model": ModelConfig(kind="mlp", hidden=(20,)), "train": TrainConfig(epochs=2, loss="tet", tet_lambda=0.05)},
        {"train": TrainConfig(epochs=1)},
        {"train": TrainConfig(epochs=2, quantize_from=1.0, weight_bits=4)},
    ],
    ids=["cuba-spikes", "mlp-tet", "one-epoch", "never-integer"],
)
def test_other_recipes_run_to_the_end(changed: dict[str, object], config: RunConfig, tmp_path: Path) -> None:
    run = train_run(replace(config, **changed), tmp_path, progress=Silent())
    assert "test_accuracy_integer" in load_run(run).metrics


def test_counts_of_events_can_be_learned(config: RunConfig, tmp_path: Path) -> None:
    counted = replace(config, data=replace(config.data, binary=False), train=TrainConfig(epochs=2))
    run = load_run(train_run(counted, tmp_path, progress=Silent()))
    assert run.task.high == 255
    assert deployment(run).integer.graph.input.high == 255
