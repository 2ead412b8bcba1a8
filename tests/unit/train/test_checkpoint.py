import json
from pathlib import Path

import numpy as np
import pytest
import torch

from neurodeploy.errors import CheckpointError, OutputError
from neurodeploy.train import checkpoint as module
from neurodeploy.train.checkpoint import (
    Checkpoint,
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    restore_weights,
    save_checkpoint,
)
from neurodeploy.train.config import ModelConfig, NeuronConfig, TrainConfig
from neurodeploy.train.loop import make_optimizer, train_step
from neurodeploy.train.model import SpikingNet, build_model

MODEL = ModelConfig(channels=(3,), kernels=(3,), strides=(1,), paddings=(0,))


def build(model: ModelConfig = MODEL, seed: int = 0) -> SpikingNet:
    return build_model(model, NeuronConfig(threshold=0.2), (2, 6, 6), 3, torch.Generator().manual_seed(seed))


def step(net: SpikingNet, optimizer: torch.optim.Optimizer) -> None:
    frames = torch.rand((2, 4, 2, 6, 6), generator=torch.Generator().manual_seed(1))
    train_step(optimizer, net(frames).logits.square().mean(), 0.01, 1.0)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    net = build()
    optimizer = make_optimizer(net, TrainConfig())
    step(net, optimizer)
    save_checkpoint(tmp_path / "last", Checkpoint(net.state_dict(), optimizer_tensors(optimizer, net), {"epoch": 3}))
    return tmp_path / "last"


def test_a_restored_training_goes_on_to_the_same_weights(saved: Path) -> None:
    straight, restored = build(), build(seed=9)
    optimizers = [make_optimizer(net, TrainConfig()) for net in (straight, restored)]
    step(straight, optimizers[0])
    found = load_checkpoint(saved)
    restore_weights(restored, found.weights, saved)
    restore_optimizer(optimizers[1], restored, found.optimizer, saved)
    assert found.state["epoch"] == 3
    for _ in range(3):
        for net, optimizer in zip((straight, restored), optimizers, strict=True):
            step(net, optimizer)
    for name, value in straight.state_dict().items():
        assert torch.equal(value, restored.state_dict()[name]), name
        assert value.stride() == restored.state_dict()[name].stride(), name


def test_without_the_optimizer_the_training_goes_elsewhere(saved: Path) -> None:
    """So the test above would notice a lost optimizer state."""
    nets = build(seed=1), build(seed=2)
    found = load_checkpoint(saved)
    for net, tensors in zip(nets, (found.optimizer, {}), strict=True):
        restore_weights(net, found.weights, saved)
        optimizer = make_optimizer(net, TrainConfig())
        restore_optimizer(optimizer, net, tensors, saved)
        step(net, optimizer)
    assert not torch.equal(nets[0].readout.weight, nets[1].readout.weight)


def test_files_are_safetensors_and_json(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == [
        "optimizer.safetensors",
        "state.json",
        "weights.safetensors",
    ]
    assert json.loads((saved / "state.json").read_text())["format"] == "neurodeploy checkpoint"


@pytest.mark.parametrize("name", ["weights.safetensors", "optimizer.safetensors", "state.json"])
@pytest.mark.parametrize("keep", [0, 5, 0.5, 0.999])
def test_a_truncated_file_is_refused(saved: Path, name: str, keep: float) -> None:
    content = (saved / name).read_bytes()
    (saved / name).write_bytes(content[: int(keep if keep > 1 else keep * len(content))])
    with pytest.raises(CheckpointError, match=name):
        load_checkpoint(saved)


@pytest.mark.parametrize("name", ["weights.safetensors", "state.json"])
def test_a_missing_file_is_refused(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        load_checkpoint(saved)


@pytest.mark.parametrize("text", ["[]", '{"format": "other", "version": 1}', '{"format": "neurodeploy checkpoint"}'])
def test_a_foreign_state_is_refused(saved: Path, text: str) -> None:
    (saved / "state.json").write_text(text)
    with pytest.raises(CheckpointError, match="version 1"):
        load_checkpoint(saved)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    net = build()
    with torch.no_grad():
        net.readout.weight[0, 0] = value
    save_checkpoint(tmp_path / "bad", Checkpoint(net.state_dict(), {}, {}))
    with pytest.raises(CheckpointError, match=r"readout\.weight"):
        load_checkpoint(tmp_path / "bad")


def test_another_model_is_refused_by_names(saved: Path) -> None:
    found = load_checkpoint(saved)
    net = build(ModelConfig(kind="mlp", hidden=(4,), batch_norm=False))
    before = net.readout.weight.clone()
    with pytest.raises(CheckpointError) as caught:
        restore_weights(net, found.weights, saved)
    assert "stages.0.bias" in caught.value.missing
    assert "stages.0.norm.weight" in caught.value.unknown
    assert torch.equal(net.readout.weight, before)
    with pytest.raises(CheckpointError):
        restore_optimizer(make_optimizer(net, TrainConfig()), net, found.optimizer, saved)


def test_a_model_of_another_size_is_refused_by_shape(saved: Path) -> None:
    found = load_checkpoint(saved)
    wider = ModelConfig(channels=(5,), kernels=(3,), strides=(1,), paddings=(0,))
    with pytest.raises(CheckpointError, match="has shape"):
        restore_weights(build(wider), found.weights, saved)


def test_saving_over_an_old_checkpoint_replaces_all_of_it(saved: Path) -> None:
    save_checkpoint(saved, Checkpoint(build().state_dict(), {}, {"epoch": 4}))
    assert load_checkpoint(saved).state["epoch"] == 4
    assert not load_checkpoint(saved).optimizer


def test_a_failing_write_keeps_the_old_checkpoint(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space"):
        save_checkpoint(saved, Checkpoint(build().state_dict(), {}, {"epoch": 4}))
    monkeypatch.undo()
    assert load_checkpoint(saved).state["epoch"] == 3


def test_an_interrupt_waits_until_the_checkpoint_is_whole(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import signal

    write = module.write_folder

    def interrupted(*args: object, **kwargs: object) -> None:
        signal.raise_signal(signal.SIGINT)
        write(*args, **kwargs)

    monkeypatch.setattr(module, "write_folder", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(saved, Checkpoint(build().state_dict(), {}, {"epoch": 4}))
    assert load_checkpoint(saved).state["epoch"] == 4
