import json
from pathlib import Path

import numpy as np
import pytest
import torch

from neurodeploy.data.config import DataConfig
from neurodeploy.errors import CheckpointError, OutputError
from neurodeploy.graph import simulate
from neurodeploy.train.checkpoint import Checkpoint, save_checkpoint
from neurodeploy.train.config import ModelConfig, RunConfig, TrainConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.run_dir import Task, create_run, deployment, load_run, new_model, record_export

TASK = Task((2, 6, 6), 1, ("left", "right"), 1500.0, "key", "by hand")
CONFIG = RunConfig(
    data=DataConfig(dataset="folder", timesteps=4),
    model=ModelConfig(channels=(3,), kernels=(3,), strides=(1,), paddings=(0,)),
    train=TrainConfig(weight_bits=5),
    seed=7,
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = create_run(tmp_path / "runs", CONFIG, TASK, ["neurodeploy", "train"])
    net = new_model(CONFIG, TASK)
    save_checkpoint(path / "checkpoints/best", Checkpoint(net.state_dict(), {}, {}))
    return path


def test_runs_are_numbered_and_never_written_over(tmp_path: Path) -> None:
    names = [create_run(tmp_path, CONFIG, TASK, []).name for _ in range(3)]
    assert names == ["folder-0001", "folder-0002", "folder-0003"]
    (tmp_path / "folder-0041").mkdir()
    (tmp_path / "folder-old").mkdir()
    assert create_run(tmp_path, CONFIG, TASK, []).name == "folder-0042"


def test_the_configuration_is_kept_with_versions_and_command(run: Path) -> None:
    head = json.loads((run / "config.json").read_text())
    assert head["command"] == ["neurodeploy", "train"]
    assert set(head["versions"]) == {"python", "numpy", "torch", "neurodeploy", "safetensors"}
    assert head["config"]["seed"] == 7
    loaded = load_run(run)
    assert (loaded.config, loaded.task) == (CONFIG, TASK)
    assert loaded.metrics == {}


def test_the_model_has_the_best_weights(run: Path) -> None:
    wanted, found = new_model(CONFIG, TASK).state_dict(), load_run(run).model
    assert not found.training
    assert found.weight_bits == 5
    assert all(torch.equal(value, wanted[name]) for name, value in found.state_dict().items())


def test_a_deployment_is_the_model_in_integers(run: Path, rng: np.random.Generator) -> None:
    found = deployment(load_run(run))
    assert (found.timesteps, found.classes, found.name) == (4, ("left", "right"), "folder-0001")
    assert found.integer.graph.timestep_us == 1500.0
    assert found.float_graph is not None
    assert np.abs(found.integer.graph["conv1"].weight).max() <= 32
    recordings = (rng.random((3, 4, 2, 6, 6)) < 0.5).astype(np.uint8)
    model = load_run(run).model
    model.is_integer = True
    spikes = model(as_input(recordings, torch.device("cpu"))).spikes[0].detach().numpy()
    np.testing.assert_array_equal(spikes, simulate(found.integer, np.moveaxis(recordings, 0, 1))["cuba1"])


def test_the_latest_export_of_each_target_is_kept(run: Path) -> None:
    record_export(run, "onnx", {"verdicts": [1]})
    record_export(run, "onnx", {"verdicts": [2]})
    record_export(run, "loihi", {"verdicts": []})
    assert load_run(run).exports == {"loihi": {"verdicts": []}, "onnx": {"verdicts": [2]}}


def test_history_is_read_line_by_line(run: Path) -> None:
    (run / "metrics.jsonl").write_text('{"epoch": 1}\n{"epoch": 2}\n')
    assert load_run(run).history == [{"epoch": 1}, {"epoch": 2}]
    (run / "metrics.jsonl").write_text('{"epoch": 1}\n{"epo')
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl"):
        _ = load_run(run).history


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"task": 3, "config": {}}', '{"task": {"shape": [1]}, "config": {}}']
)
def test_a_damaged_configuration_is_refused(run: Path, text: str) -> None:
    (run / "config.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"config\.json"):
        load_run(run)


def test_a_configuration_with_unknown_keys_is_refused(run: Path) -> None:
    head = json.loads((run / "config.json").read_text())
    head["config"]["train"]["speed"] = 3
    (run / "config.json").write_text(json.dumps(head))
    with pytest.raises(CheckpointError, match=r"train\.speed"):
        load_run(run)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="folder of a run"):
        load_run(tmp_path)


def test_a_run_without_a_checkpoint_has_no_model(tmp_path: Path) -> None:
    loaded = load_run(create_run(tmp_path, CONFIG, TASK, []))
    with pytest.raises(CheckpointError, match="no checkpoint"):
        _ = loaded.model


def test_a_checkpoint_of_another_model_is_refused(run: Path) -> None:
    other = RunConfig(data=CONFIG.data, model=ModelConfig(kind="mlp", hidden=(3,)))
    save_checkpoint(run / "checkpoints/best", Checkpoint(new_model(other, TASK).state_dict(), {}, {}))
    with pytest.raises(CheckpointError, match="another model|has shape"):
        _ = load_run(run).model


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        create_run(tmp_path / "file", CONFIG, TASK, [])
