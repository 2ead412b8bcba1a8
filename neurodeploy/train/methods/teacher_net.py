"""A trained network of this package as a teacher."""

from __future__ import annotations

from copy import deepcopy
from typing import final

import torch
from torch import Tensor

from neurodeploy.errors import ConfigError
from neurodeploy.train.methods.method import Batch
from neurodeploy.train.methods.teacher import Answer, Teacher
from neurodeploy.train.methods.teacher_frames import TeacherFrames
from neurodeploy.train.model import SpikingNet


@final
class NetTeacher(Teacher):
    """Answers in floats, in eval mode.

    Args:
        net: copied; spiking or artificial.
        frames: what it is shown.
        layer: name of the neurons whose mean activity are the features; empty: none.
    Raises:
        ConfigError: there is no such layer.
    """

    def __init__(self, net: SpikingNet, frames: TeacherFrames, layer: str, device: torch.device) -> None:
        if layer and layer not in net.neuron_names:
            allowed = f"a layer of the teacher: {', '.join(net.neuron_names)}"
            raise ConfigError(key="distill.teacher_layer", found=layer, allowed=allowed)
        self.net = deepcopy(net).to(device).eval().requires_grad_(False)
        self.net.is_integer = False
        self.frames, self.place = frames, net.neuron_names.index(layer) if layer else None

    def answer(self, batch: Batch) -> Answer:
        output = self.net(self.frames.of(batch))
        features: Tensor | None = None if self.place is None else output.spikes[self.place].float().mean(0)
        return Answer(output.logits.float().mean(0), features)
