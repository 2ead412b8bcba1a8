"""Distillation: its loss by hand, what teacher and student see, and that a teacher stays as it is."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from held import Held
from torch import Tensor

from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError
from neurodeploy.train.config import ModelConfig, NeuronConfig, RecipeConfig, RunConfig, TrainConfig
from neurodeploy.train.distill_config import DistillConfig
from neurodeploy.train.loop import Training
from neurodeploy.train.methods.distill import Distill
from neurodeploy.train.methods.distill_loss import kd_losses, skd_losses
from neurodeploy.train.methods.features import Adaptor
from neurodeploy.train.methods.method import Batch
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.to_graph import to_graph

SHAPE, WINDOWS, SKIP = (2, 6, 6), 5, 2
MODEL = ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(1, 1), paddings=(0, 0))
CONFIG = RunConfig(
    data=DataConfig(timesteps=WINDOWS, skip=SKIP),
    model=MODEL,
    neuron=NeuronConfig(threshold=0.5),
    train=TrainConfig(epochs=4, batch_size=8, quantize_from=0.5),
    recipe=RecipeConfig(kind="hsd"),
    distill=DistillConfig(teacher="phase:ann"),
)


def logits(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def net_of(neuron: NeuronConfig, seed: int, model: ModelConfig = MODEL, classes: int = 2) -> SpikingNet:
    return build_model(model, neuron, SHAPE, classes, torch.Generator().manual_seed(seed))


def teacher_net(**changes: object) -> SpikingNet:
    return net_of(NeuronConfig(kind="qcfs"), 1, **changes).eval()


def training(earlier: Mapping[str, SpikingNet], **distill: object) -> Training:
    rng = np.random.default_rng(0)
    labels = np.arange(24, dtype=np.int64) % 2
    frames = (rng.random((24, WINDOWS, *SHAPE)) < 0.2 + 0.4 * labels.reshape(-1, 1, 1, 1, 1)).astype(np.uint8)
    config = replace(CONFIG, distill=replace(CONFIG.distill, **distill))
    held = Held(frames, labels, config.data.kept)
    return Training(config, net_of(config.neuron, 0), held, lambda net: to_graph(net, SHAPE), earlier=earlier)


def digest(net: SpikingNet) -> str:
    parts = [value.numpy().tobytes() for value in net.state_dict().values()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def softmax(values: np.ndarray) -> np.ndarray:
    powers = np.exp(values - values.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def test_skd_is_the_mean_over_time_of_the_softened_divergence() -> None:
    student, teacher, tau = logits(5, 3, 4), logits(3, 4, seed=1), 2.5
    known = softmax(teacher.numpy() / tau)
    each = [(known * np.log(known / softmax(step / tau))).sum(-1) for step in student.numpy()]
    np.testing.assert_allclose(skd_losses(student, teacher, tau), tau**2 * np.mean(each, 0), rtol=1e-5)


def test_skd_is_kd_when_all_timesteps_answer_alike_and_more_otherwise() -> None:
    student, teacher = logits(1, 3, 4).expand(6, 3, 4), logits(3, 4, seed=1)
    torch.testing.assert_close(skd_losses(student, teacher, 4.0), kd_losses(student, teacher, 4.0))
    mixed = logits(6, 3, 4, seed=2)
    assert bool((skd_losses(mixed, teacher, 4.0) > kd_losses(mixed, teacher, 4.0)).all())


def test_a_student_that_answers_as_its_teacher_has_no_loss() -> None:
    teacher = logits(3, 4)
    assert float(skd_losses(teacher.expand(2, 3, 4), teacher, 4.0).abs().max()) < 1e-6


def test_the_gradient_of_skd_is_that_of_the_formula() -> None:
    student, teacher, tau = logits(5, 3, 4).requires_grad_(), logits(3, 4, seed=1), 3.0
    skd_losses(student, teacher, tau).mean().backward()
    wanted = tau / 5 * (torch.softmax(student / tau, -1) - torch.softmax(teacher / tau, -1)) / 3
    torch.testing.assert_close(student.grad, wanted.detach(), rtol=1e-4, atol=1e-7)


def test_the_teacher_is_frozen_and_the_same_afterwards() -> None:
    ann = teacher_net()
    before = digest(ann)
    run = training({"ann": ann}, student_layer="cuba1", teacher_layer="cuba2")
    for _ in range(4):
        run.run_epoch(lambda: None)
    (method,) = run.methods
    assert isinstance(method, Distill)
    assert digest(method.teacher.net) == before
    assert not method.teacher.net.training
    assert not any(parameter.requires_grad for parameter in method.teacher.net.parameters())
    assert ann is not method.teacher.net


def test_the_teacher_sees_the_windows_before_the_students() -> None:
    ann = teacher_net()
    run = training({"ann": ann})
    shown: list[Tensor] = []
    batches: list[Batch] = []
    (method,) = run.methods
    method.teacher.net.register_forward_pre_hook(lambda _, inputs: shown.append(inputs[0]))
    run.net.register_forward_pre_hook(lambda _, inputs: students.append(inputs[0]))
    students: list[Tensor] = []
    original = run._step
    run._step = lambda batch, *rest: (batches.append(batch), original(batch, *rest))[1]
    run.run_epoch(lambda: None)
    assert torch.equal(shown[0], batches[0].windows[:SKIP])
    assert torch.equal(students[0], batches[0].windows[SKIP:])


def test_skip_and_take_choose_other_windows_for_the_teacher() -> None:
    run = training({"ann": teacher_net()}, skip=1, take=3)
    (method,) = run.methods
    windows = torch.arange(WINDOWS).float().reshape(-1, 1, 1)
    batch = Batch(np.arange(1), windows[SKIP:], windows, torch.zeros(1, dtype=torch.int64), None, 1, 0.0)
    assert method.teacher.frames.of(batch).flatten().tolist() == [1.0, 2.0, 3.0]


def test_numbers_of_the_teacher_are_in_the_record() -> None:
    run = training({"ann": teacher_net()})
    run.run_epoch(lambda: None)
    assert run.history[0]["distill_loss"] > 0
    assert 0 <= run.history[0]["distill_teacher_accuracy"] <= 1


def test_alpha_0_trains_as_without_a_teacher() -> None:
    runs = [training({"ann": teacher_net()}, alpha=0.0), training({"ann": teacher_net()}, teacher="")]
    for run in runs:
        run.run_epoch(lambda: None)
    assert torch.equal(*(run.net.readout.weight for run in runs))


def test_answers_of_the_student_come_closer_to_those_of_the_teacher() -> None:
    run = training({"ann": teacher_net()}, alpha=10.0)
    for _ in range(4):
        run.run_epoch(lambda: None)
    assert run.history[-1]["distill_loss"] < run.history[0]["distill_loss"]


@pytest.mark.parametrize("kind", ["skd", "kd"])
def test_a_resumed_training_with_features_reaches_the_same_weights(kind: str) -> None:
    layers = {"student_layer": "cuba2", "teacher_layer": "cuba1", "kind": kind}
    whole, begun, again = (training({"ann": teacher_net()}, **layers) for _ in range(3))
    for run, epochs in ((whole, 4), (begun, 2)):
        for _ in range(epochs):
            run.run_epoch(lambda: None)
    again.restore(begun.checkpoint(with_optimizer=True), Path("here"))
    for _ in range(2):
        again.run_epoch(lambda: None)
    for ours, theirs in zip(again.trained.state_dict().items(), whole.trained.state_dict().items(), strict=True):
        assert torch.equal(ours[1], theirs[1]), ours[0]


def test_an_adaptor_between_maps_compares_them_at_the_smaller_size() -> None:
    adaptor = Adaptor((3, 8, 8), (5, 4, 4), torch.Generator().manual_seed(0))
    student, teacher = torch.rand(2, 3, 8, 8), torch.rand(2, 5, 4, 4)
    pooled = student.reshape(2, 3, 4, 2, 4, 2).mean((3, 5))
    mapped = torch.einsum("oi,bihw->bohw", adaptor.weight, pooled)
    torch.testing.assert_close(adaptor.distances(student, teacher), (mapped - teacher).square().mean((1, 2, 3)))


def test_an_adaptor_between_a_map_and_a_layer_is_dense() -> None:
    adaptor = Adaptor((3, 2, 2), (7,), torch.Generator().manual_seed(0))
    assert adaptor.weight.shape == (7, 12)
    assert adaptor.distances(torch.rand(4, 3, 2, 2), torch.rand(4, 7)).shape == (4,)


@pytest.mark.parametrize(
    ("earlier", "distill", "key"),
    [
        ({}, {}, "distill.teacher"),
        ({"ann": {"classes": 3}}, {}, "distill.teacher"),
        ({"ann": {}}, {"student_layer": "cuba9", "teacher_layer": "cuba1"}, "distill.student_layer"),
        ({"ann": {}}, {"student_layer": "cuba1", "teacher_layer": "cuba9"}, "distill.teacher_layer"),
        ({"ann": {}}, {"skip": 4, "take": 2}, "distill.skip, distill.take"),
    ],
)
def test_what_does_not_fit_is_refused(earlier: dict, distill: dict, key: str) -> None:
    with pytest.raises(ConfigError) as error:
        training({name: teacher_net(**changes) for name, changes in earlier.items()}, **distill)
    assert error.value.key == key


@pytest.mark.parametrize(
    "change", [{"temperature": 0.0}, {"alpha": -1.0}, {"take": 2}, {"student_layer": "cuba1"}, {"scale": 0.0}]
)
def test_settings_out_of_range_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError):
        DistillConfig(teacher="phase:ann", **change).check()
