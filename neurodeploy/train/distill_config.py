"""Settings of distillation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

from neurodeploy.errors import ConfigError


@final
@dataclass(frozen=True)
class DistillConfig:
    """Settings of the section `distill`: a teacher's answers as a part of the loss.

    Args:
        teacher: folder of a run, FILE.onnx, FILE.py:NAME (the file is run), or phase:NAME of the recipe; empty: none.
        kind: "skd": the answers of every timestep follow the teacher's; "kd": their mean over time does.
        temperature: both answers are divided by it before the softmax, > 0; the published code has 2 and 10.
        alpha: weight of the distillation beside the loss of the labels, >= 0. The published code divides by the number
            of classes as well: its alpha = 1 is 1 / classes here.
        scale: the teacher's logits are multiplied by it, > 0; for integer networks, whose logits are in weight steps.
        skip: windows of a recording that the teacher is not shown, from the first; -1: the teacher is shown what its
            run or phase was trained on, and one out of a file what the network is shown.
        take: windows shown to the teacher after those; 0: all the rest. Only with skip >= 0.
        axes: first axes of an ONNX model's input: "auto" reads them off their names or lengths.
        student_layer: layer of neurons ("cuba2") whose mean activity follows the teacher's, through a trained linear
            map; empty: none.
        teacher_layer: of a run or phase the layer of neurons that it follows, of a file the output of that name.
        feature_weight: weight of the mean squared distance of the two, >= 0.
    """

    teacher: str = ""
    kind: Literal["skd", "kd"] = "skd"
    temperature: float = 4.0
    alpha: float = 1.0
    scale: float = 1.0
    skip: int = -1
    take: int = 0
    axes: Literal["auto", "time-batch", "batch-time"] = "auto"
    student_layer: str = ""
    teacher_layer: str = ""
    feature_weight: float = 1.0

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        _within("kind", self.kind, self.kind in ("skd", "kd"), "skd, kd")
        _within("temperature", self.temperature, 0 < self.temperature < 1e6, "0 < temperature < 1e6")
        _within("alpha", self.alpha, 0 <= self.alpha < 1e6, "0 <= alpha < 1e6")
        _within("scale", self.scale, 0 < self.scale < 1e9, "0 < scale < 1e9")
        _within("skip", self.skip, self.skip >= -1, "-1 (what the teacher's run was trained on) or more windows")
        _within("take", self.take, self.take >= 0, "0 (all the rest) or more windows")
        _within("take", self.take, self.take == 0 or self.skip >= 0, "0 unless distill.skip is 0 or more")
        _within("axes", self.axes, self.axes in ("auto", "time-batch", "batch-time"), "auto, time-batch, batch-time")
        _within("feature_weight", self.feature_weight, 0 <= self.feature_weight < 1e6, "0 <= weight < 1e6")
        layers = (self.student_layer, self.teacher_layer)
        _within("student_layer, distill.teacher_layer", layers, all(layers) or not any(layers), "both or none")


def _within(key: str, found: object, fits: bool, allowed: str) -> None:
    if not fits:
        raise ConfigError(key=f"distill.{key}", found=found, allowed=allowed)
