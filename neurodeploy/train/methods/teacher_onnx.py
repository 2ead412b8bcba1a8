"""A teacher out of an ONNX file, run by onnxruntime on the CPU."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any, Literal, final

import numpy as np
import torch
from torch import Tensor

from neurodeploy.errors import ConfigError, DataError, ToolchainMissingError
from neurodeploy.train.methods.method import Batch
from neurodeploy.train.methods.teacher import Answer, Teacher, averaged
from neurodeploy.train.methods.teacher_frames import TeacherFrames

KINDS = {"float": np.float32, "float16": np.float16, "double": np.float64, "uint8": np.uint8, "int8": np.int8}
KINDS |= {"int32": np.int32, "int64": np.int64}
"""Element types of ONNX that frames can be given in."""

LAST, COUNT = "last timestep", "sum over time"
"""How the output of a file that `export` wrote becomes scores; its metadata says so."""

Axes = Literal["auto", "time-batch", "batch-time"]


@final
class OnnxTeacher(Teacher):
    """A model with one input and logits as its first output.

    Input: (batch, 2, height, width) is shown every window by itself, and its logits are averaged; one with an axis of
    time more, in the first or second place, is shown all. Output: (batch, classes), or with the axes of time and batch
    as the input has them. Files of `neurodeploy export --target onnx` say how theirs is read: give sequence.onnx.

    Args:
        layer: name of the output that are the features, (batch, *shape); empty: none.
        axes: order of time and batch; "auto" reads it off the names or lengths of the input's axes.
    Raises:
        DataError: it cannot be read as a model.
        ConfigError: it has several inputs, or one of another shape or type.
        ToolchainMissingError: onnxruntime is not installed.
    """

    def __init__(self, source: str, frames: TeacherFrames, layer: str, axes: Axes, scale: float) -> None:
        self.source, self.frames, self.layer, self.scale = source, frames, layer, scale
        self.session = _open(Path(source).expanduser())
        inputs, outputs = self.session.get_inputs(), [output.name for output in self.session.get_outputs()]
        if len(inputs) != 1:
            names = ", ".join(each.name for each in inputs)
            hint = "Of an exported network, sequence.onnx has one; step.onnx has states too."
            self._refuse(f"inputs {names}", "a model with one input, the frames", hint)
        if layer and layer not in outputs:
            raise ConfigError(key="distill.teacher_layer", found=layer, allowed=f"an output: {', '.join(outputs)}")
        self.input, self.outputs = inputs[0], [outputs[0], *([layer] if layer else [])]
        self.kind = KINDS.get(self.input.type.removeprefix("tensor(").removesuffix(")"))
        if self.kind is None:
            self._refuse(f"input of type {self.input.type}", f"an input of type {', '.join(KINDS)}")
        self.batch_first = self._is_batch_first(axes)
        self.answers = self.session.get_modelmeta().custom_metadata_map.get("neurodeploy.answer", "")
        is_whole = self.session.get_outputs()[0].type not in ("tensor(float)", "tensor(double)", "tensor(float16)")
        if self.answers == LAST and is_whole and scale == 1:
            hint = "Take float/sequence.onnx beside it, or give logits per weight step as distill.scale."
            self._refuse("logits in weight steps", "logits in the units of the float network", hint)

    def answer(self, batch: Batch) -> Answer:
        frames = self.frames.of(batch)
        time, count = frames.shape[:2]
        shown = frames.cpu().numpy()
        if self.batch_first is None:
            shown = shown.reshape(time * count, *shown.shape[2:])
        elif self.batch_first:
            shown = np.ascontiguousarray(shown.swapaxes(0, 1))
        logits, *features = self._run(shown.astype(self.kind))
        found = self._over_time(logits, time, count) * self.scale
        if not features:
            return Answer(found.to(frames.device))
        return Answer(found.to(frames.device), self._features(features[0], time, count).to(frames.device))

    def _run(self, shown: np.ndarray) -> list[Tensor]:
        try:
            given = self.session.run(self.outputs, {self.input.name: shown})
        except _runtime_errors() as error:
            reason = f"onnxruntime cannot run it on frames {shown.shape} ({' '.join(str(error).split()[:40])})"
            raise DataError(source=self.source, reason=reason) from error
        return [torch.from_numpy(np.asarray(value, np.float32)) for value in given]

    def _over_time(self, logits: Tensor, time: int, count: int) -> Tensor:
        """(batch, classes) out of the first output."""
        if self.batch_first is None:
            logits = logits.reshape(time, count, -1)
        elif self.batch_first and logits.ndim == 3:
            logits = logits.swapaxes(0, 1)
        if logits.ndim == 3 and self.answers == LAST:
            return logits[-1] / time
        mean = averaged(logits, count, 2, "logits", self.source)
        return mean * time if logits.ndim == 3 and self.answers == COUNT else mean

    def _features(self, features: Tensor, time: int, count: int) -> Tensor:
        if self.batch_first is None:
            features = features.reshape(time, count, *features.shape[1:]).mean(0)
        return averaged(features, count, features.ndim, self.layer, self.source)

    def _is_batch_first(self, axes: Axes) -> bool | None:
        """None where the input has no axis of time."""
        shape = self.input.shape
        if len(shape) == 4:
            return None
        if len(shape) != 5:
            allowed = "(batch, 2, height, width), (time, batch, 2, height, width) or (batch, time, 2, height, width)"
            self._refuse(f"input of shape {shape}", allowed)
        if axes != "auto":
            return axes == "batch-time"
        found = _place_of_time(*(str(axis).lower() for axis in shape[:2]))
        if found is None:
            hint = "Say which is which: distill.axes=time-batch or distill.axes=batch-time."
            self._refuse(f"input of shape {shape}", "axes with names that say which is the time", hint)
        return found == 1

    def _refuse(self, found: str, allowed: str, hint: str = "") -> None:
        raise ConfigError(key="distill.teacher", found=f"{self.source}: {found}", allowed=allowed, hint=hint)


def _place_of_time(first: str, second: str) -> int | None:
    """Which of two axes is the time, by their names; an axis of fixed length beside one without is the time."""
    times = {"time", "t", "steps", "timesteps", "seq", "sequence", "frames"}
    batches = {"batch", "b", "n", "batch_size"}
    for place, (name, other) in enumerate([(first, second), (second, first)]):
        if name in times or other in batches or (name.isdecimal() and not other.isdecimal()):
            return place
    return None


def _open(path: Path) -> Any:  # Any: onnxruntime has no types
    runtime = _onnxruntime()
    if not path.is_file():
        raise DataError(source=path, reason="there is no such file")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _runtime_errors() as error:
        reason = f"it is no model that onnxruntime runs ({' '.join(str(error).split()[:30])})"
        raise DataError(source=path, reason=reason) from error


def _onnxruntime() -> ModuleType:
    try:
        import onnxruntime
    except ImportError as error:
        raise ToolchainMissingError(tool="onnxruntime", install="pip install onnxruntime") from error
    return onnxruntime  # type: ignore[no-any-return]  # the package has no types


def _runtime_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: exception classes without a base of their own, and two of Python's."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*own, ValueError, TypeError)
