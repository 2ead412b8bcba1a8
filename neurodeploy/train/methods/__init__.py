"""Training methods, one file each: what is added to plain training, as far as the configuration switches it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Int

from neurodeploy.train.config import RunConfig
from neurodeploy.train.evaluate import TrainingFrames
from neurodeploy.train.methods.distill import distill
from neurodeploy.train.methods.method import Batch, Choice, Method
from neurodeploy.train.methods.penalty import make_penalty
from neurodeploy.train.methods.select import select
from neurodeploy.train.methods.transfer import transfer
from neurodeploy.train.model import SpikingNet

__all__ = ["Batch", "Choice", "Method", "Scene", "methods_of"]


@final
@dataclass(frozen=True, eq=False)
class Scene:
    """Where a method will work.

    Args:
        config: of the run.
        net: that is trained, on its device.
        frames: the training split.
        learned: indices of the recordings that are not kept for validation.
        device: of the network.
        earlier: best networks of the recipe's earlier phases by name, on CPU.
        classes: name of each answer; empty: not known.
    """

    config: RunConfig
    net: SpikingNet
    frames: TrainingFrames
    learned: Int[np.ndarray, " learned"]
    device: torch.device
    earlier: Mapping[str, SpikingNet]
    classes: tuple[str, ...] = ()


def methods_of(scene: Scene) -> tuple[Method, ...]:
    """The methods that the configuration switches on, in the order in which their losses are added.

    Raises:
        ConfigError: settings that exclude each other.
        DataError, CheckpointError: a teacher or its data is missing.
    """
    counted, recordings = scene.net.readout is None, len(scene.frames.labels)
    found: list[Method | None] = [
        make_penalty(scene.config.penalty, scene.net, scene.frames),
        select(scene.config, recordings, counted, scene.device),
    ]
    found += [distill(scene), transfer(scene)]
    return tuple(method for method in found if method is not None)
