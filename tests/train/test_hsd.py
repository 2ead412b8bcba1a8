"""Hybrid step-wise distillation, whole: what each phase sees, that it can be interrupted, and that it deploys exactly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from event_folder import write_recordings
from held import Held
from interrupted import InterruptedAt, assert_same_weights
from sklearn.datasets import load_digits

from neurodeploy import api
from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.errors import ConfigError, UnsupportedNodeError
from neurodeploy.graph import simulate
from neurodeploy.train.checkpoint import load_checkpoint
from neurodeploy.train.config import ModelConfig, NeuronConfig, RecipeConfig, RunConfig, TrainConfig
from neurodeploy.train.convert import convert_ann
from neurodeploy.train.distill_config import DistillConfig
from neurodeploy.train.evaluate import as_input, evaluate
from neurodeploy.train.loop import Training
from neurodeploy.train.model import build_model
from neurodeploy.train.progress import Silent
from neurodeploy.train.recipes import phases_of
from neurodeploy.train.recipes.hsd import HALF, with_neurons
from neurodeploy.train.run_dir import deployment, load_run
from neurodeploy.train.to_graph import to_graph
from neurodeploy.train.training import resume_run, train_run

WINDOWS, SKIP = 6, 2


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    folder = tmp_path_factory.mktemp("data")
    recordings = write_recordings(folder / "events")
    return RunConfig(
        data=DataConfig("folder", str(recordings), timesteps=WINDOWS, skip=SKIP, cache=str(folder / "cache")),
        model=ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(2, 1), paddings=(1, 1)),
        neuron=NeuronConfig(kind="if", reset="subtract", qcfs_lambda=0.7),
        train=TrainConfig(epochs=2, batch_size=20, quantize_from=0.5, threads=1),
        augment=AugmentConfig(rotation=0.0, shift=0.0, scale=0.0, shear=0.0),
        recipe=RecipeConfig(kind="hsd", ann_epochs=3, ann_lr=0.02),
        device="cpu",
    )


@pytest.fixture(scope="module")
def run(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_run(config, tmp_path_factory.mktemp("runs"), progress=Silent())


def test_the_artificial_network_learns_the_first_windows_and_the_spiking_one_the_others(run: Path) -> None:
    ann, snn = load_run(run / "phases/1-ann"), load_run(run)
    assert (ann.config.data.kept, snn.config.data.kept) == (slice(0, SKIP), slice(SKIP, WINDOWS))
    assert (ann.config.neuron.kind, snn.config.neuron.kind) == ("qcfs", "if")
    assert (len(ann.history), len(snn.history)) == (3, 2)


def test_numbers_of_the_way_are_kept(run: Path) -> None:
    metrics = load_run(run).metrics
    for key in ("ann_accuracy", "converted_accuracy", "converted_accuracy_start_0", "begun_accuracy"):
        assert 0 <= metrics[key] <= 1
    (ann,) = metrics["phases"]
    assert "test_accuracy_float" in ann
    assert "test_accuracy_integer" not in ann
    assert all(record["distill_loss"] > 0 for record in load_run(run).history)


def test_what_was_begun_is_the_converted_network(config: RunConfig, run: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        # the first step after the three epochs of three batches that the first phase takes
        train_run(config, tmp_path, progress=InterruptedAt(3 * 3 + 1))
    begun = load_checkpoint(tmp_path / "folder-0001/checkpoints/last").weights
    ann = load_run(run / "phases/1-ann").model
    net = build_model(config.model, config.neuron, (2, 10, 10), 3, torch.Generator())
    convert_ann(ann, net)
    assert all(torch.equal(value, begun[name]) for name, value in net.state_dict().items() if "weight" in name)


@pytest.mark.parametrize("steps", [5, 11], ids=["in the first phase", "in the second phase"])
def test_an_interrupted_run_goes_on_to_the_same_weights(
    steps: int, config: RunConfig, run: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_run(config, tmp_path, progress=InterruptedAt(steps))
    torn = resume_run(tmp_path / "folder-0001", progress=Silent())
    assert_same_weights(torn, run)
    assert_same_weights(torn / "phases/1-ann", run / "phases/1-ann")
    ours, theirs = (load_run(path).metrics for path in (torn, run))
    assert ours["converted_accuracy"] == theirs["converted_accuracy"]


NEURONS = {
    "reset by subtraction": NeuronConfig(kind="if", reset="subtract", qcfs_lambda=0.7),
    "reset to zero": NeuronConfig(kind="lif", reset="zero", qcfs_lambda=0.7),
    "current memory": NeuronConfig(kind="cuba", reset="zero", qcfs_lambda=0.7),
}


@pytest.mark.parametrize("neuron", NEURONS.values(), ids=NEURONS)
def test_the_deployed_integers_are_those_of_torch(neuron: NeuronConfig, config: RunConfig, tmp_path: Path) -> None:
    path = train_run(replace(config, neuron=neuron), tmp_path, progress=Silent())
    found = load_run(path)
    assert found.metrics["best_phase"] == "integer"
    net, network = found.model, deployment(found)
    frames = open_frames(found.config.data).test.batch()
    net.is_integer = True
    with torch.no_grad():
        output = net(as_input(frames, torch.device("cpu")))
    trace = simulate(network.integer, np.moveaxis(frames, 1, 0))
    for name, spikes in zip(net.neuron_names, output.spikes, strict=True):
        np.testing.assert_array_equal(spikes.numpy(), trace[name])
    assert any(trace[name].any() for name in net.neuron_names)


def test_it_exports(run: Path, tmp_path: Path) -> None:
    result = api.export(run, "onnx", tmp_path / "onnx", samples=4)
    assert {verdict["status"] for verdict in result["verdicts"]} <= {"EXACT", "WITHIN_TOLERANCE"}


def test_the_artificial_network_is_evaluated_but_not_deployed(run: Path, tmp_path: Path) -> None:
    ann = run / "phases/1-ann"
    found = api.evaluate(ann)
    assert "accuracy_float" in found
    assert "accuracy_integer" not in found
    for command in (
        lambda: api.export(ann, "c", tmp_path / "c"),
        lambda: api.energy(ann),
        lambda: api.report(ann),
        lambda: api.evaluate(ann, runtime="fast"),
    ):
        with pytest.raises(UnsupportedNodeError, match=r"recipe\.kind=hsd"):
            command()
    assert not (tmp_path / "c").exists()


def test_another_teacher_or_none_takes_the_place_of_the_artificial_network(config: RunConfig, run: Path) -> None:
    other = replace(config, distill=DistillConfig(teacher=str(run), kind="kd"))
    recipe = replace(config.recipe, teach=False, ann_loss="mean")
    alone = replace(config, recipe=recipe, train=replace(config.train, loss="tet"))
    assert phases_of(other)[1].config.distill == other.distill
    assert phases_of(alone)[1].config.distill.teacher == ""
    assert phases_of(alone)[0].config.train.loss == "mean"
    assert phases_of(alone)[1].config.train.loss == "tet"


def test_hybrid_training_goes_on_with_sltt(config: RunConfig) -> None:
    train = replace(config.train, gradient="sltt", loss="tet")
    ann, snn = phases_of(replace(config, train=train, recipe=replace(config.recipe, teach=False)))
    assert (ann.config.train.gradient, snn.config.train.gradient) == ("bptt", "sltt")


def test_without_windows_before_both_see_the_same(config: RunConfig) -> None:
    ann, snn = phases_of(replace(config, data=replace(config.data, skip=0)))
    assert ann.config.data.kept == snn.config.data.kept == slice(0, WINDOWS)
    assert (snn.config.distill.skip, snn.config.distill.take) == (0, WINDOWS)


def test_the_artificial_network_may_see_all_windows(config: RunConfig) -> None:
    ann, snn = phases_of(replace(config, recipe=replace(config.recipe, ann_windows="all")))
    assert (ann.config.data.kept, snn.config.data.kept) == (slice(0, WINDOWS), slice(SKIP, WINDOWS))
    assert (snn.config.distill.skip, snn.config.distill.take) == (0, WINDOWS)


def test_the_artificial_network_begins_with_the_weights_of_train_init(
    config: RunConfig, run: Path, tmp_path: Path
) -> None:
    again = replace(config, train=replace(config.train, init=str(run / "phases/1-ann")))
    with pytest.raises(KeyboardInterrupt):
        train_run(again, tmp_path, progress=InterruptedAt(1))
    begun = load_checkpoint(tmp_path / "folder-0001/phases/1-ann/checkpoints/last").weights
    best = load_checkpoint(run / "phases/1-ann/checkpoints/best").weights
    assert all(torch.equal(begun[name], value) for name, value in best.items())


@pytest.fixture(scope="module")
def taught(config: RunConfig, run: Path) -> RunConfig:
    """Weights from one run, answers from another, recordings cut in a third way."""
    data = replace(config.data, timesteps=2, skip=0)
    train = replace(config.train, init=str(run))
    teacher = DistillConfig(teacher=str(run / "phases/1-ann"))
    return replace(config, recipe=RecipeConfig(), data=data, train=train, distill=teacher)


@pytest.fixture(scope="module")
def taught_run(taught: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_run(taught, tmp_path_factory.mktemp("taught"), progress=Silent())


def test_a_taught_network_may_begin_with_the_weights_of_another_run(taught_run: Path) -> None:
    found = load_run(taught_run)
    assert found.metrics["test_accuracy_integer"] >= 0
    assert found.history[0]["distill_teacher_accuracy"] > 0.34


def test_its_first_weights_are_those_of_that_run(taught: RunConfig, run: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_run(taught, tmp_path, progress=InterruptedAt(1))
    begun = load_checkpoint(tmp_path / "folder-0001/checkpoints/last").weights
    best = load_checkpoint(run / "checkpoints/best").weights
    assert all(torch.equal(begun[name], value) for name, value in best.items())


@pytest.mark.parametrize("steps", [2, 5], ids=["in the first epoch", "in the second epoch"])
def test_interrupted_it_goes_on_to_the_same_weights(
    steps: int, taught: RunConfig, taught_run: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_run(taught, tmp_path, progress=InterruptedAt(steps))
    assert_same_weights(resume_run(tmp_path / "folder-0001", progress=Silent()), taught_run)


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("neuron", {"kind": "qcfs"}),
        ("neuron", {"readout": "spikes"}),
        ("train", {"gradient": "sltt", "loss": "tet"}),
        ("recipe", {"ann_lr": 0.0}),
        ("recipe", {"ann_epochs": -1}),
    ],
)
def test_what_does_not_fit_is_refused_before_there_is_a_folder(
    section: str, change: dict, config: RunConfig, tmp_path: Path
) -> None:
    bad = replace(config, **{section: replace(getattr(config, section), **change)})
    with pytest.raises(ConfigError):
        train_run(bad, tmp_path / "out", progress=Silent())
    assert not (tmp_path / "out").exists()


def test_converted_digits_are_recognised_nearly_as_well_as_by_the_artificial_network() -> None:
    """L = 8, the same image at every timestep: within 3 points at T = 8 and within 1 at T = 32, as the paper's aims say."""
    images, labels = load_digits(return_X_y=True)
    frames = (images.reshape(-1, 1, 1, 8, 8) > 7).astype(np.uint8).repeat(2, 2)
    model = ModelConfig(channels=(16, 32), kernels=(3, 3), strides=(1, 2), paddings=(1, 1))
    neuron = NeuronConfig(kind="qcfs", qcfs_levels=8)
    train = TrainConfig(epochs=6, batch_size=64, lr=1e-2)
    config = RunConfig(model=model, neuron=neuron, train=train, augment=AugmentConfig(0.0, 0.0, 0.0, 0.0, 0.0))
    ann = build_model(model, neuron, (2, 8, 8), 10, torch.Generator().manual_seed(0))
    training = Training(config, ann, Held(frames[:1400], labels[:1400]), lambda net: to_graph(net, (2, 8, 8)))
    for _ in range(6):
        training.run_epoch(lambda: None)
    net = build_model(model, NeuronConfig(kind="if", reset="subtract"), (2, 8, 8), 10, torch.Generator())
    convert_ann(ann, net)
    wanted = evaluate(ann, Held(frames, labels), np.arange(1400, 1797)).accuracy
    assert wanted > 0.85
    for timesteps, points in ((8, 3.0), (32, 1.0)):
        repeated = Held(frames.repeat(timesteps, 1), labels)
        found = evaluate(with_neurons(net, HALF), repeated, np.arange(1400, 1797)).accuracy
        assert 100 * abs(found - wanted) <= points, timesteps
