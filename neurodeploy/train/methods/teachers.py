"""Opens the teacher that a configuration names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError
from neurodeploy.train.methods.teacher import Teacher
from neurodeploy.train.methods.teacher_file import FileTeacher
from neurodeploy.train.methods.teacher_frames import TeacherFrames, frames_like, windows
from neurodeploy.train.methods.teacher_net import NetTeacher
from neurodeploy.train.methods.teacher_onnx import OnnxTeacher
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.run_dir import load_run

if TYPE_CHECKING:
    from neurodeploy.train.methods import Scene

PHASE = "phase:"


def open_teacher(scene: Scene) -> Teacher:
    """The teacher of `distill.teacher`, frozen.

    Raises:
        ConfigError: no such phase, or the teacher does not fit the recordings or the classes.
        CheckpointError, DataError: it cannot be read.
        ToolchainMissingError: it needs onnxruntime, which is not installed.
    """
    config = scene.config.distill
    name, layer = config.teacher, config.teacher_layer
    if name.startswith(PHASE):
        return _of_phase(scene, name.removeprefix(PHASE))
    shown = windows(scene, config.skip, config.take)
    if name.lower().endswith(".onnx"):
        return OnnxTeacher(name, shown, layer, config.axes, config.scale)
    if ".py:" in name:
        return FileTeacher(name, shown, layer, scene.device)
    return _of_run(scene, Path(name).expanduser())


def _of_phase(scene: Scene, name: str) -> NetTeacher:
    from neurodeploy.train.recipes import phases_of  # recipes know of methods' settings, methods of phases

    if name not in scene.earlier:
        known = ", ".join(scene.earlier) or "none: this recipe has no phase before this one"
        raise ConfigError(key="distill.teacher", found=PHASE + name, allowed=f"an earlier phase of the recipe: {known}")
    found = [phase.config.data for phase in phases_of(scene.config) if phase.name == name]
    if not found and scene.config.distill.skip < 0:
        hint = "Say which: distill.skip and distill.take."
        allowed = "a phase whose windows the recipe knows"
        raise ConfigError(key="distill.teacher", found=PHASE + name, allowed=allowed, hint=hint)
    return _net(scene, scene.earlier[name], found[0] if found else scene.config.data)


def _of_run(scene: Scene, path: Path) -> NetTeacher:
    run = load_run(path)
    sample = scene.frames.whole(scene.learned[:1])
    if run.task.shape != sample.shape[2:]:
        allowed = f"one trained on frames {sample.shape[2:]}"
        raise ConfigError(key="distill.teacher", found=f"{path}: frames {run.task.shape}", allowed=allowed)
    if scene.classes and run.task.classes != scene.classes:
        allowed = f"one trained on the classes {', '.join(scene.classes)}"
        raise ConfigError(key="distill.teacher", found=f"{path}: {', '.join(run.task.classes)}", allowed=allowed)
    return _net(scene, run.model, run.config.data)


def _net(scene: Scene, net: SpikingNet, data: DataConfig) -> NetTeacher:
    config = scene.config.distill
    shown: TeacherFrames
    shown = frames_like(scene, data) if config.skip < 0 else windows(scene, config.skip, config.take)
    return NetTeacher(net, shown, config.teacher_layer, scene.device)
