"""Which frames of a batch a teacher is shown: windows at hand, or the same recordings cut into windows of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, final

from torch import Tensor

from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import FrameSet, open_frames
from neurodeploy.errors import ConfigError
from neurodeploy.train.evaluate import TrainingFrames, as_input
from neurodeploy.train.methods.method import Batch
from neurodeploy.train.packed import unpacked

if TYPE_CHECKING:
    from neurodeploy.train.methods import Scene


class TeacherFrames(ABC):
    """Gives a teacher its frames."""

    @abstractmethod
    def of(self, batch: Batch) -> Tensor:
        """(time, batch, *shape), changed by the augmentation that `batch.frames` was changed by."""


@final
class Shown(TeacherFrames):
    """What the network is shown."""

    def of(self, batch: Batch) -> Tensor:
        return unpacked(batch.frames)


@final
class Slice(TeacherFrames):
    """Some of the windows of each recording."""

    def __init__(self, kept: slice) -> None:
        self.kept = kept

    def of(self, batch: Batch) -> Tensor:
        return unpacked(batch.windows[self.kept])


@final
class Recut(TeacherFrames):
    """The same recordings, cut into other windows.

    Args:
        frames: the recordings in the order of the network's.
    """

    def __init__(self, frames: TrainingFrames) -> None:
        self.frames = frames

    def of(self, batch: Batch) -> Tensor:
        found = self.frames.batch(batch.indices) if batch.draws is None else batch.draws.changed(self.frames.batch)
        return as_input(found, batch.labels.device)


def frames_like(scene: Scene, data: DataConfig) -> TeacherFrames:
    """The run's recordings as a network trained with `data` saw its own.

    Raises:
        ConfigError: they cannot be cut anew.
        DataError: the recordings are missing.
    """
    own = scene.config.data
    if _cut(data) == _cut(own):
        return Slice(data.kept)
    wanted = replace(own, **{key: getattr(data, key) for key in (*_CUT, "skip", "take")})
    if not isinstance(scene.frames, FrameSet):
        allowed = f"a teacher trained on windows like {_cut(own)}, as these recordings have no others"
        raise ConfigError(key="distill.teacher", found=f"one trained on {_cut(data)}", allowed=allowed)
    found = open_frames(wanted).train
    if found.ids != scene.frames.ids:
        raise ConfigError(key="data.dataset", found="other recordings than before", allowed="recordings that stay")
    return Recut(found)


_CUT = ("timesteps", "window", "duration_us", "binary")


def _cut(data: DataConfig) -> dict[str, object]:
    """The settings that decide all windows of a recording."""
    return {key: getattr(data, key) for key in _CUT}


def windows(scene: Scene, skip: int, take: int) -> TeacherFrames:
    """The windows that `distill.skip` and `distill.take` name; with skip -1 what the network is shown.

    Raises:
        ConfigError: there are not so many.
    """
    if skip < 0:
        return Shown()
    total = scene.config.data.timesteps
    if skip >= total or skip + take > total:
        raise ConfigError(key="distill.skip, distill.take", found=(skip, take), allowed=f"some of the {total} windows")
    return Slice(slice(skip, skip + take if take else total))
