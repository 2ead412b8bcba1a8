"""The hooks of the loop, with a method that uses all of them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from held import Held
from torch import Tensor, nn

from neurodeploy.errors import CheckpointError
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.loop import Training
from neurodeploy.train.methods import Batch, Choice, Method
from neurodeploy.train.model import Output, SpikingNet, build_model
from neurodeploy.train.to_graph import to_graph

SHAPE = (2, 6, 6)
CONFIG = RunConfig(
    model=ModelConfig(channels=(4,), kernels=(3,), strides=(1,), paddings=(0,)),
    neuron=NeuronConfig(threshold=0.5),
    train=TrainConfig(epochs=4, batch_size=5, lr=0.01, quantize_from=0.5),
)


class Everything(Method):
    name = "everything"

    def __init__(self, weight: float = 1.0) -> None:
        self.weight, self.seen, self.visits = weight, [], torch.zeros(24)
        self.scale = nn.Linear(1, 1, bias=False)

    @property
    def module(self) -> nn.Module:
        return self.scale

    def chosen(self, epoch: int, learned: np.ndarray, rng: np.random.Generator) -> Choice:
        indices = rng.permutation(learned)[: len(learned) // 2]
        return Choice(indices, np.full(len(indices), self.weight))

    def loss(self, net: SpikingNet, batch: Batch, output: Output) -> Tensor:
        return self.scale(output.logits.mean().reshape(1, 1)).square().sum()

    def observe(self, batch: Batch, output: Output, losses: Tensor) -> None:
        self.seen.append((batch, losses))
        self.visits[batch.indices] += 1

    def facts(self) -> Mapping[str, float]:
        return {"visits": float(self.visits.sum())}

    def state(self) -> Mapping[str, Tensor]:
        return {"visits": self.visits}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.visits = state["visits"].clone()


def training(*methods: Method, skip: int = 0) -> Training:
    rng = np.random.default_rng(0)
    labels = np.arange(24) % 3
    frames = (rng.random((24, 5, *SHAPE)) < 0.2 + 0.2 * labels[:, None, None, None, None]).astype(np.uint8)
    config = replace(CONFIG, data=replace(CONFIG.data, timesteps=5, skip=skip))
    torch.manual_seed(3)
    net = build_model(config.model, config.neuron, SHAPE, 3, torch.Generator().manual_seed(0))
    return Training(config, net, Held(frames, labels, slice(skip, 5)), lambda net: to_graph(net, SHAPE), methods)


def run_epochs(found: Training, count: int) -> Training:
    for _ in range(count):
        found.run_epoch(lambda: None)
    return found


def test_a_method_chooses_what_an_epoch_learns() -> None:
    method = Everything()
    found = run_epochs(training(method), 1)
    seen = np.concatenate([batch.indices for batch, _ in method.seen])
    assert len(seen) == len(set(seen)) == len(found.learned) // 2
    assert found.history[0]["learned"] == len(seen)


def test_another_epoch_chooses_others() -> None:
    method = Everything()
    run_epochs(training(method), 2)
    half = len(method.seen) // 2
    first, second = (np.concatenate([b.indices for b, _ in part]) for part in (method.seen[:half], method.seen[half:]))
    assert set(first) != set(second)


def test_weights_of_one_are_no_weights_and_others_scale_the_loss() -> None:
    plain, heavy = Everything(1.0), Everything(2.0)
    runs = [run_epochs(training(method), 1) for method in (plain, heavy)]
    assert plain.seen[0][0].weights is None
    assert heavy.seen[0][0].weights is not None
    first_losses = [method.seen[0][1] for method in (plain, heavy)]
    assert torch.equal(*first_losses)
    assert not torch.equal(*(run.net.readout.weight for run in runs))


def test_the_loss_and_the_module_of_a_method_are_trained() -> None:
    method = Everything()
    before = method.scale.weight.clone()
    with_it, without = run_epochs(training(method), 1), run_epochs(training(), 1)
    assert not torch.equal(method.scale.weight, before)
    assert not torch.equal(with_it.net.readout.weight, without.net.readout.weight)


def test_numbers_of_a_method_are_in_the_record() -> None:
    assert run_epochs(training(Everything()), 2).history[1]["everything_visits"] > 0


def test_a_resumed_training_with_a_method_reaches_the_same_weights() -> None:
    whole = run_epochs(training(Everything()), 4)
    begun = run_epochs(training(Everything()), 2)
    again = training(Everything())
    again.restore(begun.checkpoint(with_optimizer=True), Path("here"))
    run_epochs(again, 2)
    for name, tensor in whole.net.state_dict().items():
        assert torch.equal(again.net.state_dict()[name], tensor), name
    assert torch.equal(again.methods[0].visits, whole.methods[0].visits)


def test_a_checkpoint_of_other_methods_is_refused() -> None:
    begun = run_epochs(training(Everything()), 1)
    with pytest.raises(CheckpointError):
        training().restore(begun.checkpoint(with_optimizer=True), Path("here"))


def test_a_method_sees_all_windows_and_the_network_its_slice_of_them() -> None:
    method = Everything()
    run_epochs(training(method, skip=2), 1)
    batch, _ = method.seen[0]
    assert (len(batch.windows), len(batch.frames)) == (5, 3)
    assert torch.equal(batch.windows[2:], batch.frames)
