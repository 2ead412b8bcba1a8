"""Teachers out of files: runs, ONNX models, Python functions; what they are shown and how their answers are read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from event_folder import SIDE, write_recordings
from onnx import TensorProto, helper, numpy_helper

from neurodeploy import api
from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.errors import CheckpointError, ConfigError, DataError
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.distill_config import DistillConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.loop import Training
from neurodeploy.train.methods.distill import Distill
from neurodeploy.train.methods.method import Batch
from neurodeploy.train.methods.teacher import Answer
from neurodeploy.train.model import build_model
from neurodeploy.train.progress import Silent
from neurodeploy.train.run_dir import load_run
from neurodeploy.train.to_graph import to_graph
from neurodeploy.train.training import train_run

CLASSES, PIXELS = tuple("012"), 2 * SIDE * SIDE


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    folder = tmp_path_factory.mktemp("data")
    recordings, cache = write_recordings(folder / "events"), folder / "cache"
    return RunConfig(
        data=DataConfig(dataset="folder", path=str(recordings), timesteps=4, cache=str(cache)),
        model=ModelConfig(kind="mlp", hidden=(8,)),
        neuron=NeuronConfig(threshold=0.5),
        train=TrainConfig(epochs=1, batch_size=20, threads=1),
        augment=AugmentConfig(drop=0.2),
        device="cpu",
    )


@pytest.fixture(scope="module")
def run(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_run(config, tmp_path_factory.mktemp("runs"), progress=Silent())


@pytest.fixture(scope="module")
def onnx_folder(run: Path) -> Path:
    api.export(run, "onnx", run.parent / "onnx", check=False, samples=2)
    return run.parent / "onnx"


def training(config: RunConfig, classes: tuple[str, ...] = CLASSES, **distill: object) -> Training:
    config = replace(config, distill=DistillConfig(**distill))
    frames = open_frames(config.data).train
    net = build_model(config.model, config.neuron, frames.shape[1:], 3, torch.Generator().manual_seed(1))
    return Training(config, net, frames, lambda net: to_graph(net, frames.shape[1:]), classes=classes)


def answer(config: RunConfig, **distill: object) -> tuple[Answer, Batch]:
    """What the teacher says about four recordings as they are."""
    run = training(config, **distill)
    indices = np.array([3, 0, 7, 12])
    windows = as_input(run.frames.whole(indices), torch.device("cpu"))
    labels = torch.from_numpy(run.frames.labels[indices])
    batch = Batch(indices, windows[run.frames.kept], windows, labels, None, 1, 0.0)
    (method,) = run.methods
    assert isinstance(method, Distill)
    with torch.no_grad():
        return method.teacher.answer(batch), batch


def test_a_run_answers_with_its_best_weights_in_floats(config: RunConfig, run: Path) -> None:
    found, batch = answer(config, teacher=str(run), student_layer="cuba1", teacher_layer="cuba1")
    with torch.no_grad():
        output = load_run(run).model(batch.frames)
    torch.testing.assert_close(found.logits, output.logits.mean(0))
    torch.testing.assert_close(found.features, output.spikes[0].mean(0))


def test_a_run_is_shown_its_own_slice_of_the_windows(config: RunConfig, run: Path) -> None:
    fewer = replace(config, data=replace(config.data, skip=2))
    found, batch = answer(fewer, teacher=str(run))
    assert len(batch.frames) == 2
    with torch.no_grad():
        wanted = load_run(run).model(batch.windows).logits.mean(0)
    torch.testing.assert_close(found.logits, wanted)


def test_a_run_with_other_windows_is_shown_the_same_recordings_cut_its_way(config: RunConfig, run: Path) -> None:
    coarse = replace(config, data=replace(config.data, timesteps=2))
    found, batch = answer(coarse, teacher=str(run))
    finer = as_input(open_frames(config.data).train.batch(batch.indices), torch.device("cpu"))
    assert (len(batch.frames), len(finer)) == (2, 4)
    with torch.no_grad():
        torch.testing.assert_close(found.logits, load_run(run).model(finer).logits.mean(0))


def test_recordings_cut_another_way_are_moved_as_the_students_are(config: RunConfig, run: Path) -> None:
    coarse = replace(config, data=replace(config.data, timesteps=1), augment=AugmentConfig(drop=0.0))
    student = training(coarse, teacher=str(run))
    seen: list[Batch] = []
    student.methods[0].observe = lambda batch, *_: seen.append(batch)
    student.run_epoch(lambda: None)
    batch = seen[0]
    shown = student.methods[0].teacher.frames.of(batch)
    assert shown.shape[0] == 4
    # binary: an event in the one window is an event in some of the four
    assert torch.equal(shown.amax(0), batch.frames[0])


def test_a_run_of_other_classes_is_refused(config: RunConfig, run: Path) -> None:
    with pytest.raises(ConfigError) as error:
        training(config, classes=tuple("abc"), teacher=str(run))
    assert error.value.key == "distill.teacher"


def test_a_folder_that_is_no_run_is_refused(config: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        training(config, teacher=str(tmp_path))


def test_a_phase_is_refused_where_the_recipe_has_none(config: RunConfig) -> None:
    with pytest.raises(ConfigError, match="no phase"):
        training(config, teacher="phase:ann")


def test_an_exported_float_model_answers_as_the_run(config: RunConfig, run: Path, onnx_folder: Path) -> None:
    found, _ = answer(config, teacher=str(onnx_folder / "float/sequence.onnx"))
    wanted, _ = answer(config, teacher=str(run))
    torch.testing.assert_close(found.logits, wanted.logits, rtol=1e-4, atol=1e-5)


def test_an_exported_integer_model_needs_a_scale(config: RunConfig, onnx_folder: Path) -> None:
    path = str(onnx_folder / "integer/sequence.onnx")
    with pytest.raises(ConfigError, match=r"distill\.scale"):
        training(config, teacher=path)
    whole, half = (answer(config, teacher=path, scale=scale)[0].logits for scale in (1e-3, 5e-4))
    torch.testing.assert_close(whole, 2 * half)


def test_the_step_form_is_refused(config: RunConfig, onnx_folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"sequence\.onnx"):
        training(config, teacher=str(onnx_folder / "float/step.onnx"))


def linear_model(
    path: Path, lead: tuple[object, ...], reduced: tuple[int, ...], kind: int = TensorProto.FLOAT
) -> np.ndarray:
    """A model whose logits are a matrix times the pixels, averaged over the axes `reduced`; the matrix."""
    weight = np.random.default_rng(0).standard_normal((PIXELS, 3)).astype(np.float32)
    axes = len(lead)
    nodes = [
        helper.make_node("Cast", ["frames"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["real", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["every"]),
    ]
    nodes += [helper.make_node("ReduceMean", ["every"], ["logits"], axes=list(reduced), keepdims=0)] if reduced else []
    constants = [numpy_helper.from_array(weight, "weight")]
    constants.append(numpy_helper.from_array(np.array([0] * axes + [-1], np.int64), "shape"))
    inputs = [helper.make_tensor_value_info("frames", kind, [*lead, 2, SIDE, SIDE])]
    answer = "logits" if reduced else "every"
    left = [axis for place, axis in enumerate(lead) if place not in reduced]
    outputs = [helper.make_tensor_value_info(answer, TensorProto.FLOAT, [*left, 3])]
    outputs.append(helper.make_tensor_value_info("flat", TensorProto.FLOAT, [*lead, PIXELS]))
    graph = helper.make_graph(nodes, "teacher", inputs, outputs, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return weight


@pytest.mark.parametrize(
    ("lead", "reduced", "axes"),
    [
        (("batch",), (), "auto"),
        (("time", "batch"), (), "auto"),
        (("time", "batch"), (0,), "auto"),
        (("batch", "time"), (), "auto"),
        (("batch", "time"), (1,), "auto"),
        (("n", 4), (1,), "auto"),
        (("a", "b_"), (0,), "time-batch"),
        (("a", "b_"), (1,), "batch-time"),
    ],
)
def test_any_model_with_one_input_may_teach(
    lead: tuple, reduced: tuple, axes: str, config: RunConfig, tmp_path: Path
) -> None:
    weight = linear_model(tmp_path / "t.onnx", lead, reduced)
    layers = {"student_layer": "cuba1", "teacher_layer": "flat"} if lead == ("batch",) else {}
    found, batch = answer(config, teacher=str(tmp_path / "t.onnx"), axes=axes, **layers)
    flat = batch.frames.flatten(2).mean(0)
    torch.testing.assert_close(found.logits, flat @ torch.from_numpy(weight), rtol=1e-4, atol=1e-4)
    if layers:
        torch.testing.assert_close(found.features, flat)


def test_frames_are_given_in_the_type_of_the_model(config: RunConfig, tmp_path: Path) -> None:
    linear_model(tmp_path / "t.onnx", ("batch",), (), TensorProto.UINT8)
    assert answer(config, teacher=str(tmp_path / "t.onnx"))[0].logits.shape == (4, 3)


def test_axes_without_meaning_are_asked_for(config: RunConfig, tmp_path: Path) -> None:
    linear_model(tmp_path / "t.onnx", ("x", "y"), (0,))
    with pytest.raises(ConfigError, match=r"distill\.axes"):
        training(config, teacher=str(tmp_path / "t.onnx"))


def test_frames_of_another_size_are_refused(config: RunConfig, tmp_path: Path) -> None:
    linear_model(tmp_path / "t.onnx", ("batch",), ())
    larger = replace(config, data=replace(config.data, height=12, width=12))
    with pytest.raises((DataError, ConfigError)):
        training(larger, teacher=str(tmp_path / "t.onnx"))


def test_what_is_no_model_is_refused(config: RunConfig, tmp_path: Path) -> None:
    (tmp_path / "t.onnx").write_bytes(b"no model")
    for name in ("t.onnx", "other.onnx"):
        with pytest.raises(DataError):
            training(config, teacher=str(tmp_path / name))


SOURCE = f"""
import numpy as np
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d({PIXELS})
        self.fc = torch.nn.Linear({PIXELS}, 3)

    def forward(self, frames):
        return self.fc(self.norm(frames.flatten(2).mean(0)))

module = Net()
make = Net
def steps(frames): return frames.flatten(2)[:, :, :3]
def arrays(frames): return frames.flatten(2)[:, :, :3].mean(0).numpy()
def table(frames): return {{"logits": frames.flatten(2)[0, :, :3], "deep": frames.mean((0, 2))}}
def narrow(frames): return frames.flatten(2)[0, :, :7]
def scalar(frames): return frames.mean()
def broken(frames): return frames.nothing
def empty(frames): return None
number = 3
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(SOURCE)
    return tmp_path / "mine.py"


@pytest.mark.parametrize("name", ["module", "make", "steps", "arrays", "table"])
def test_a_function_or_module_of_a_file_may_teach(name: str, config: RunConfig, source: Path) -> None:
    found, batch = answer(config, teacher=f"{source}:{name}")
    assert found.logits.shape == (4, 3)
    if name in ("steps", "arrays"):
        torch.testing.assert_close(found.logits, batch.frames.flatten(2)[:, :, :3].mean(0))


def test_features_of_a_file_are_named(config: RunConfig, source: Path) -> None:
    found, batch = answer(config, teacher=f"{source}:table", student_layer="cuba1", teacher_layer="deep")
    torch.testing.assert_close(found.features, batch.frames.mean((0, 2)))


def test_a_module_of_a_file_is_frozen_in_eval_mode(config: RunConfig, source: Path) -> None:
    run = training(config, teacher=f"{source}:module")
    before = {name: value.clone() for name, value in run.methods[0].teacher.call.state_dict().items()}
    run.run_epoch(lambda: None)
    assert all(torch.equal(value, before[name]) for name, value in run.methods[0].teacher.call.state_dict().items())


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("narrow", ConfigError),
        ("scalar", ConfigError),
        ("empty", ConfigError),
        ("number", ConfigError),
        ("missing", ConfigError),
        ("broken", DataError),
    ],
)
def test_a_file_that_gives_something_else_is_refused(
    name: str, error: type[Exception], config: RunConfig, source: Path
) -> None:
    with pytest.raises(error):
        training(config, teacher=f"{source}:{name}")


def test_a_missing_file_is_refused(config: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        training(config, teacher=f"{tmp_path}/none.py:name")
