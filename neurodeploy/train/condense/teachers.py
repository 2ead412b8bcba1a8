"""Frozen networks in whose features recordings and items are compared.

As in NCFM (Wang et al. 2025), a network of the pool is a blend of where it began and where a short training led it:
every iteration sees features of another age.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int, UInt8

from neurodeploy.data.augment import AugmentConfig, augment
from neurodeploy.train.condense.config import CondenseRun
from neurodeploy.train.config import TrainConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.loop import learning_rate, make_optimizer, train_step
from neurodeploy.train.loss import losses
from neurodeploy.train.model import SpikingNet, build_model

BATCH = 32
"""Recordings in a step of a short training."""


@runtime_checkable
class Recordings(Protocol):
    """The recordings to condense, for instance a `FrameSet`."""

    @property
    def labels(self) -> Int[np.ndarray, " recordings"]:
        """Class of each recording."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(time, 2, height, width) of a recording."""

    def batch(self, indices: Int[np.ndarray, " batch"]) -> UInt8[np.ndarray, "batch time 2 height width"]:
        """Frames of the recordings at `indices`."""


@final
@dataclass(frozen=True, eq=False)
class Pair:
    """A network before and after a short training, both frozen."""

    initial: SpikingNet
    trained: SpikingNet

    def blend(self, share: float) -> SpikingNet:
        """A network with `share` of the initial weights and 1 - `share` of the trained ones, frozen."""
        mixed = deepcopy(self.trained)
        with torch.no_grad():
            for weight, first in zip(mixed.parameters(), self.initial.parameters(), strict=True):
                weight.lerp_(first, share)
        return mixed


def fresh(config: CondenseRun, shape: Sequence[int], classes: int, seed: int) -> SpikingNet:
    """A network with random weights.

    Args:
        shape: (channel, height, width) of one timestep.
    """
    generator = torch.Generator().manual_seed(seed)
    return build_model(config.model, config.neuron, tuple(shape), classes, generator)


def frozen(net: SpikingNet) -> SpikingNet:
    """`net`, which nothing will change from here on."""
    return net.eval().requires_grad_(False)


Watch = Callable[[Int[np.ndarray, " batch"], Int[np.ndarray, " batch"]], None]
"""Told the recordings of a step and the answers to them."""


def learn(
    net: SpikingNet,
    recordings: Recordings,
    steps: int,
    rng: np.random.Generator,
    *,
    settings: TrainConfig | None = None,
    changes: AugmentConfig | None = None,
    batch: int = BATCH,
    watch: Watch | None = None,
) -> None:
    """Train `net` for so many steps in floats; every recording comes once before one comes again.

    Args:
        settings: loss, optimizer and schedule; `epochs` and `batch_size` are not looked at.
        changes: of the recordings; None changes nothing.
        batch: recordings of a step, as far as there are so many.
    """
    settings = settings or TrainConfig()
    optimizer, labels, order = make_optimizer(net, settings), recordings.labels, np.zeros(0, np.int64)
    batch = min(batch, len(labels))
    net.train()
    for step in range(steps):
        while len(order) < batch:
            order = np.concatenate([order, rng.permutation(len(labels))])
        chosen, order = order[:batch], order[batch:]
        frames = recordings.batch(chosen)
        frames = frames if changes is None else augment(frames, changes, rng)
        logits = net(as_input(frames, torch.device("cpu"))).logits
        value = losses(logits, torch.from_numpy(labels[chosen]), settings).mean()
        train_step(optimizer, value, learning_rate(step / steps, settings), settings.clip_norm)
        if watch is not None:
            watch(chosen, logits.detach().mean(0).argmax(1).numpy())


def digest(nets: Sequence[SpikingNet]) -> str:
    """SHA-256 of all weights and buffers, to tell whether any has changed."""
    found = hashlib.sha256()
    for net in nets:
        for name, tensor in sorted(net.state_dict().items()):
            found.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return found.hexdigest()
