"""Distillation: the network's answers, and where wished a layer's activity, follow those of a frozen teacher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn

from neurodeploy.errors import ConfigError
from neurodeploy.train.distill_config import DistillConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.methods.distill_loss import kd_losses, skd_losses
from neurodeploy.train.methods.features import Adaptor
from neurodeploy.train.methods.method import Batch, Method
from neurodeploy.train.methods.teacher import Answer, Teacher
from neurodeploy.train.methods.teachers import open_teacher
from neurodeploy.train.model import Output, SpikingNet

if TYPE_CHECKING:
    from neurodeploy.train.methods import Scene

_PROBED = 2


@final
class Distill(Method):
    """alpha * skd (or kd) + feature_weight * distance of features, means over the batch.

    Args:
        teacher: frozen; it is asked in every step, under the augmentation that the network sees.
        layer: number of the student's stage whose activity is compared; used with an adaptor.
        adaptor: maps it to the teacher's features; None: answers alone are compared.
    """

    name = "distill"

    def __init__(self, config: DistillConfig, teacher: Teacher, layer: int = 0, adaptor: Adaptor | None = None) -> None:
        self.config, self.teacher, self.layer, self.adaptor = config, teacher, layer, adaptor
        self._sums, self._count = torch.zeros(2), 0

    @property
    def module(self) -> nn.Module | None:
        return self.adaptor

    def loss(self, net: SpikingNet, batch: Batch, output: Output) -> Tensor:
        with torch.no_grad():
            answer = self.teacher.answer(batch)
        measure = kd_losses if self.config.kind == "kd" else skd_losses
        each = self.config.alpha * measure(output.logits, answer.logits, self.config.temperature)
        if self.adaptor is not None and answer.features is not None:
            activity = output.spikes[self.layer].float().mean(0)
            each = each + self.config.feature_weight * self.adaptor.distances(activity, answer.features)
        self._note(each.detach(), answer, batch)
        return (each if batch.weights is None else each * batch.weights).mean()

    def _note(self, each: Tensor, answer: Answer, batch: Batch) -> None:
        right = (answer.logits.argmax(1) == batch.labels).sum()
        self._sums = self._sums.to(each) + torch.stack([each.sum(), right.to(each)])
        self._count += len(batch.labels)

    def facts(self) -> Mapping[str, float]:
        """Mean of this loss, and the share of right answers of the teacher, in the epoch that ended."""
        loss, right = (self._sums / max(self._count, 1)).tolist()
        self._sums, self._count = torch.zeros(2), 0
        return {"loss": loss, "teacher_accuracy": right}


def distill(scene: Scene) -> Distill | None:
    """The method as the run's configuration describes it; None without a teacher.

    Raises:
        ConfigError: the teacher does not fit the network or its recordings, or a layer is unknown.
        CheckpointError, DataError: the teacher cannot be read.
    """
    config, names = scene.config.distill, scene.net.neuron_names
    if not config.teacher:
        return None
    if config.student_layer and config.student_layer not in names:
        raise ConfigError(key="distill.student_layer", found=config.student_layer, allowed=", ".join(names))
    teacher, batch = open_teacher(scene), _probe(scene)
    with torch.no_grad():
        answer, output = teacher.answer(batch), _answered(scene.net, batch)
    if answer.logits.shape != output.logits.shape[1:]:
        found = f"{config.teacher}: {answer.logits.shape[-1]} classes"
        raise ConfigError(key="distill.teacher", found=found, allowed=f"{output.logits.shape[-1]} classes")
    if not config.student_layer or answer.features is None:
        return Distill(config, teacher)
    place = names.index(config.student_layer)
    shapes = [tuple(value.shape[1:]) for value in (output.spikes[place][0], answer.features)]
    adaptor = Adaptor(shapes[0], shapes[1], torch.Generator().manual_seed(scene.config.seed))
    return Distill(config, teacher, place, adaptor.to(scene.device))


def _probe(scene: Scene) -> Batch:
    """The first recordings, as they are."""
    indices = scene.learned[:_PROBED]
    windows = as_input(scene.frames.whole(indices), scene.device)
    labels = torch.from_numpy(scene.frames.labels[indices]).to(scene.device)
    return Batch(indices, windows[scene.frames.kept], windows, labels, None, 1, 0.0)


def _answered(net: SpikingNet, batch: Batch) -> Output:
    """What `net` answers in eval mode, which changes nothing in it."""
    was_training = net.training
    output: Output = net.eval()(batch.frames)
    net.train(was_training)
    return output
