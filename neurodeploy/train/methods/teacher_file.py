"""A teacher out of a Python file: a torch module, or a function of frames."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from neurodeploy.errors import ConfigError, DataError
from neurodeploy.python_file import MISTAKES, place, run_file
from neurodeploy.train.methods.method import Batch
from neurodeploy.train.methods.teacher import Answer, Teacher, averaged
from neurodeploy.train.methods.teacher_frames import TeacherFrames

HINT = "Give distill.teacher as file.py:name."
LOGITS = "logits"


@final
class FileTeacher(Teacher):
    """Calls what a file defines with frames (time, batch, 2, height, width), float32, on the device of the network.

    It gives logits (batch, classes) or (time, batch, classes), in torch or numpy, or a table with these as "logits" and
    features (batch, *shape) by name.

    Args:
        source: FILE.py:NAME. The name is a torch module (eval mode, its parameters are frozen), a function of the
            frames, or a function without arguments that returns one of these.
        layer: name of the features; empty: none.
    Raises:
        DataError: there is no such file, or running it failed; its line is named.
        ConfigError: the name is none of these.
    """

    def __init__(self, source: str, frames: TeacherFrames, layer: str, device: torch.device) -> None:
        self.source, self.frames, self.layer = source, frames, layer
        self.call = _found(source)
        if isinstance(self.call, nn.Module):
            self.call = self.call.to(device).eval().requires_grad_(False)

    def answer(self, batch: Batch) -> Answer:
        frames = self.frames.of(batch)
        try:
            given = self.call(frames)
        except MISTAKES as error:
            raise DataError(source=self.source, reason=f"calling it failed ({place(error)})") from error
        table = given if isinstance(given, Mapping) else {LOGITS: given}
        logits = averaged(self._tensor(table, LOGITS, frames), frames.shape[1], 2, LOGITS, self.source)
        if not self.layer:
            return Answer(logits)
        features = self._tensor(table, self.layer, frames)
        return Answer(logits, averaged(features, frames.shape[1], features.ndim, self.layer, self.source))

    def _tensor(self, table: Mapping[str, Any], name: str, frames: Tensor) -> Tensor:
        """What the teacher gave under `name`, on the device of `frames`."""
        value = table.get(name)
        if isinstance(value, np.ndarray):
            value = torch.from_numpy(value)
        if not isinstance(value, Tensor):
            found = f"{self.source}: {'nothing' if value is None else type(value).__name__} for {name!r}"
            allowed = f"a torch or numpy array; it gave {', '.join(map(str, table))}"
            raise ConfigError(key="distill.teacher", found=found, allowed=allowed)
        return value.detach().to(frames.device, torch.float32)


def _found(source: str) -> Callable[..., Any]:
    """What `source` names, ready to be called with frames."""
    path, _, name = source.rpartition(":")
    try:
        found = getattr(run_file(Path(path).expanduser(), HINT), name, None)
        if callable(found) and not isinstance(found, nn.Module) and _takes_nothing(found):
            found = found()
    except MISTAKES as error:
        raise DataError(source=path, reason=f"running it failed ({place(error)})") from error
    if not callable(found):
        kind = "nothing" if found is None else type(found).__name__
        allowed = "a torch.nn.Module, a function of frames, or a function without arguments that returns one of these"
        raise ConfigError(key="distill.teacher", found=f"{source}: {kind}", allowed=allowed)
    function: Callable[..., Any] = found
    return function


def _takes_nothing(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind()
    except TypeError:
        return False
    return True
