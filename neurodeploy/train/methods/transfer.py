"""Knowledge of still images for a network of recordings: one network learns both, and their features are aligned.

After He et al. 2024, "An efficient knowledge transfer strategy for spiking neural networks from static to event
domain", AAAI 38(1), and its repository Brain-Cog-Lab/Transfer-for-DVS. With f(t) the spikes of the last stage, o(t) the
logits, c(t) learned and s = sigmoid(c), what is minimised is

L = image_weight L_image + L_event + weight KT
L_image = TET loss of the images' logits;   L_event = the same with (1 - s(t)) before every timestep
KT = mean over t of s(t) (1 - |CKA(f_image(t), f_event(t))|)

What differs: CKA uses the unbiased HSIC (`cka`), as the published estimate is near 1 for whatever features once they
are more than the recordings; images are normalised by their own batch statistics, and the running ones, which are
deployed, are those of the recordings alone; images go through the augmentation's moves of their recordings; both losses
take `train.tet_lambda` and `train.label_smoothing`. CKA is that of the recordings that one process learns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurodeploy.data.frame_set import FrameSet
from neurodeploy.errors import ConfigError
from neurodeploy.train.config import TrainConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.loss import losses, step_losses
from neurodeploy.train.methods.cka import LEAST, cka
from neurodeploy.train.methods.method import Batch, Method
from neurodeploy.train.methods.stills import Pairing, Stills, read_stills, sources
from neurodeploy.train.model import Output, SpikingNet
from neurodeploy.train.packed import unpacked
from neurodeploy.train.transfer_config import TransferConfig

if TYPE_CHECKING:
    from neurodeploy.train.methods import Scene

REPLACED = 7
"""Stream of the randomness that replaces images by recordings, below the seed of the run."""


@final
class StepShares(nn.Module):
    """c(t); sigmoid(c(t)) is the share of timestep t that goes to the alignment."""

    def __init__(self, timesteps: int) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(timesteps))

    def forward(self) -> Float[Tensor, " time"]:
        """sigmoid(c)."""
        return self.logit.sigmoid()


@final
class Transfer(Method):
    """What the images add to the loss of the recordings.

    Args:
        config: of the method.
        train: of the run, whose loss of the recordings is replaced by the weighted one.
        pairs: which image stands beside which recording.
        timesteps: T of the network.
        seed: of the run.
    """

    name = "transfer"

    def __init__(
        self, config: TransferConfig, train: TrainConfig, stills: Stills, pairs: Pairing, timesteps: int, seed: int
    ) -> None:
        self.config, self.train, self.stills, self.pairs, self.seed = config, train, stills, pairs, seed
        self.shares = StepShares(timesteps)
        self._sums, self._count = torch.zeros(3), 0

    @property
    def module(self) -> nn.Module:
        return self.shares

    def loss(self, net: SpikingNet, batch: Batch, output: Output) -> Tensor:
        replaced = self._replaced(batch)
        with _statistics_kept(net):
            shown: Output = net(self._images(batch, replaced))
        shares = self.shares()
        image, event = (self._steps(each, batch) for each in (shown, output))
        aligned = self._alignment(shown, output)
        # The loop adds its own loss of the recordings; its place is taken by the weighted one.
        plain = _weighted(losses(output.logits, batch.labels, self.train), batch)
        moved = (shares * (1 - aligned)).mean()
        self._note(image, aligned, replaced)
        event_loss = ((1 - shares) * event).mean() - plain
        added: Tensor = self.config.image_weight * image.mean() + event_loss + self.config.weight * moved
        return added

    def facts(self) -> Mapping[str, float]:
        """Of the epoch that ended: loss of the images, |CKA|, and the share of images replaced by their recordings."""
        image, alignment, replaced = (self._sums / max(self._count, 1)).tolist()
        self._sums, self._count = torch.zeros(3), 0
        return {"image_loss": image, "alignment": alignment, "replaced": replaced}

    def _replaced(self, batch: Batch) -> Tensor:
        """Which images give way to their recordings."""
        rng = np.random.default_rng([self.seed, REPLACED, batch.epoch])
        draws = rng.random(len(self.pairs.labels))[batch.indices]
        return torch.from_numpy(draws < batch.progress**self.config.power).to(batch.labels.device)

    def _images(self, batch: Batch, replaced: Tensor) -> Tensor:
        """(time, batch, 2, height, width): each image at every timestep, or the frames of its recording."""
        events = unpacked(batch.frames)
        numbers, sensor = self.pairs.numbers(batch.epoch), (events.shape[-2], events.shape[-1])

        def frames_of(indices: np.ndarray) -> np.ndarray:
            return self.stills.frames(numbers[indices], sensor)

        found = frames_of(batch.indices) if batch.draws is None else batch.draws.moved(frames_of)
        images = as_input(found, events.device) / 255
        return torch.where(replaced.reshape(1, -1, 1, 1, 1), events, images)

    def _steps(self, output: Output, batch: Batch) -> Tensor:
        """The loss of every timestep, weighted and averaged over the batch."""
        each = step_losses(output.logits, batch.labels, self.train.tet_lambda, self.train.label_smoothing)
        return (each if batch.weights is None else each * batch.weights).mean(1)

    def _alignment(self, shown: Output, output: Output) -> Tensor:
        """|CKA| of the last stage's spikes at each timestep; 0 where there are too few recordings."""
        image, event = (each.spikes[-1].float().flatten(2) for each in (shown, output))
        if image.shape[1] < LEAST:
            return torch.zeros(len(image), device=image.device)
        return cka(image, event).abs()

    def _note(self, image: Tensor, alignment: Tensor, replaced: Tensor) -> None:
        parts = [image.detach().mean(), alignment.detach().mean(), replaced.float().mean()]
        self._sums = self._sums.to(image.device) + torch.stack(parts)
        self._count += 1


@contextmanager
def _statistics_kept(net: SpikingNet) -> Iterator[None]:
    """Let `net` see a batch of another kind without moving its running statistics."""
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, before, strict=True):
            norm.momentum = momentum


def _weighted(each: Tensor, batch: Batch) -> Tensor:
    return (each if batch.weights is None else each * batch.weights).mean()


def transfer(scene: Scene) -> Transfer | None:
    """The method as the run's configuration describes it; None without images.

    Raises:
        DataError: the images cannot be read, or are of other classes.
        ConfigError: they are not those of the recordings, where that is asked for.
    """
    config, labels = scene.config.transfer, np.asarray(scene.frames.labels)
    if not config.images:
        return None
    if scene.net.is_ann or not len(scene.net.stages):
        raise ConfigError(key="transfer.images", found=config.images, allowed="none without spiking layers")
    stills = read_stills(Path(config.images).expanduser(), int(labels.max()) + 1)
    ids = scene.frames.ids if isinstance(scene.frames, FrameSet) else ()
    own = sources(scene.config.data.dataset, ids, labels, stills)
    pairs = Pairing(stills, labels, own, scene.learned, config.pair == "id", scene.config.seed)
    timesteps = scene.config.data.steps
    found = Transfer(config, scene.config.train, stills, pairs, timesteps, scene.config.seed)
    found.shares.to(scene.device)
    return found
