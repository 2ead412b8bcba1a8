"""Transfer from still images: the alignment of features, which image stands beside which recording, and the training."""

import gzip
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from event_folder import SIDE, write_recordings
from interrupted import InterruptedAt, assert_same_weights

from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.errors import ConfigError, DataError
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.loop import Training
from neurodeploy.train.loss import losses, step_losses
from neurodeploy.train.methods.cka import cka
from neurodeploy.train.methods.method import Batch
from neurodeploy.train.methods.stills import Pairing, Stills, read_stills, sources
from neurodeploy.train.methods.transfer import Transfer
from neurodeploy.train.model import build_model
from neurodeploy.train.progress import Silent
from neurodeploy.train.run_dir import load_run
from neurodeploy.train.to_graph import to_graph
from neurodeploy.train.training import resume_run, train_run
from neurodeploy.train.transfer_config import TransferConfig

CLASSES, IMAGES, ROWS = 3, 60, 6


def write_idx(path: Path, values: np.ndarray) -> None:
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    path.write_bytes(gzip.compress(head + values.astype(np.uint8).tobytes()))


def write_images(folder: Path, labels: np.ndarray, split: str = "train") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    images = np.zeros((len(labels), ROWS, ROWS), np.uint8)
    for number, label in enumerate(labels):
        images[number, label * ROWS // CLASSES : (label + 1) * ROWS // CLASSES] = 200 + number % 50
    write_idx(folder / f"{split}-images-idx3-ubyte.gz", images)
    write_idx(folder / f"{split}-labels-idx1-ubyte.gz", labels)
    return folder


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    folder = tmp_path_factory.mktemp("data")
    images = write_images(folder / "images", np.arange(IMAGES) % CLASSES)
    data = DataConfig("folder", str(write_recordings(folder / "events")), timesteps=3, cache=str(folder / "cache"))
    return RunConfig(
        data=data,
        model=ModelConfig(channels=(4,), kernels=(3,), strides=(1,), paddings=(1,)),
        neuron=NeuronConfig(threshold=0.5),
        train=TrainConfig(epochs=3, batch_size=15, quantize_from=0.6, threads=1),
        augment=AugmentConfig(drop=0.2),
        transfer=TransferConfig(images=str(images)),
        device="cpu",
    )


def training(config: RunConfig) -> Training:
    frames = open_frames(config.data).train
    net = build_model(config.model, config.neuron, frames.shape[1:], CLASSES, torch.Generator().manual_seed(1))
    return Training(config, net, frames, lambda net: to_graph(net, frames.shape[1:]))


def method_of(run: Training) -> Transfer:
    (method,) = run.methods
    assert isinstance(method, Transfer)
    return method


def first_batch(run: Training) -> Batch:
    seen: list[Batch] = []
    run.methods[0].observe = lambda batch, *_: seen.append(batch)
    run.run_epoch(lambda: None)
    return seen[0]


def noise(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_independent_features_have_no_alignment_on_average_however_many_they_are() -> None:
    found = cka(noise(100, 32, 2000, seed=0), noise(100, 32, 2000, seed=1))
    assert abs(float(found.mean())) < 0.02


def test_features_that_differ_by_a_rotation_and_a_factor_are_fully_aligned() -> None:
    features = noise(3, 16, 8, seed=0)
    rotation, _ = torch.linalg.qr(noise(8, 8, seed=1))
    torch.testing.assert_close(cka(features, 3 * features @ rotation + 1), torch.ones(3), rtol=1e-4, atol=1e-4)


def test_alignment_is_that_of_the_definition() -> None:
    """The unbiased HSIC as a sum over all quadruples of different recordings."""
    first, second = noise(1, 6, 3, seed=0).double(), noise(1, 6, 2, seed=1).double()

    def hsic(one: np.ndarray, two: np.ndarray) -> float:
        n, k, m = len(one), one @ one.T, two @ two.T
        total = 0.0
        for i, j, q, r in np.array(np.meshgrid(*[range(n)] * 4)).reshape(4, -1).T:
            if len({i, j, q, r}) == 4:
                total += k[i, j] * (m[i, j] + m[q, r] - 2 * m[i, q])
        return total / (n * (n - 1) * (n - 2) * (n - 3))

    one, two = first[0].numpy(), second[0].numpy()
    wanted = hsic(one, two) / np.sqrt(hsic(one, one) * hsic(two, two))
    assert float(cka(first.float(), second.float())) == pytest.approx(wanted, abs=1e-4)


def test_features_that_do_not_vary_have_no_alignment_and_no_gradient() -> None:
    features = torch.zeros(2, 8, 5, requires_grad=True)
    cka(features, noise(2, 8, 5, seed=0)).sum().backward()
    assert not features.grad.any()


def test_an_image_is_shown_in_both_polarities_in_the_middle_of_the_sensor() -> None:
    images = np.arange(1, 5, dtype=np.uint8).reshape(1, 2, 2)
    found = Stills(images, np.zeros(1, np.int64)).frames(np.array([0]), (6, 5))
    wanted = np.zeros((6, 5), np.uint8)
    wanted[1:5, 0:4] = np.array([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]])
    assert found.shape == (1, 1, 2, 6, 5)
    np.testing.assert_array_equal(found[0, 0], np.stack([wanted, wanted]))


def test_images_of_the_test_split_are_never_read(tmp_path: Path) -> None:
    write_images(tmp_path, np.arange(9) % CLASSES, split="t10k")
    with pytest.raises(DataError, match="train-images"):
        read_stills(tmp_path, CLASSES)


@pytest.mark.parametrize(("dataset", "first"), [("nmnist", 1), ("mnist-saccade", 0)])
def test_recordings_of_the_images_are_recognised_by_number_and_class(dataset: str, first: int) -> None:
    labels = np.arange(12) % CLASSES
    stills = Stills(np.zeros((12, 2, 2), np.uint8), labels)
    numbers = np.array([5, 0, 7])
    ids = tuple(f"Train/{labels[number]}/{number + first:05d}.bin" for number in numbers)
    np.testing.assert_array_equal(sources(dataset, ids, labels[numbers], stills), numbers)
    assert sources(dataset, ids, (labels[numbers] + 1) % CLASSES, stills) is None
    assert sources("folder", ids, labels[numbers], stills) is None


def test_each_recording_stands_beside_an_image_of_its_class_another_one_in_each_epoch() -> None:
    stills = Stills(np.zeros((IMAGES, 2, 2), np.uint8), np.arange(IMAGES) % CLASSES)
    labels = np.arange(30) % CLASSES
    pairs = Pairing(stills, labels, None, np.arange(30), by_id=False, seed=0)
    first, again, second = pairs.numbers(1), pairs.numbers(1), pairs.numbers(2)
    np.testing.assert_array_equal(stills.labels[first], labels)
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()


def test_images_of_recordings_kept_for_validation_are_left_out() -> None:
    stills = Stills(np.zeros((IMAGES, 2, 2), np.uint8), np.arange(IMAGES) % CLASSES)
    own = np.arange(30)
    kept = np.array([0, 1, 2, 9])
    learned = np.setdiff1d(own, kept)
    pairs = Pairing(stills, own % CLASSES, own, learned, by_id=False, seed=0)
    used = np.concatenate([pairs.numbers(epoch) for epoch in range(1, 40)])
    assert not set(kept) & set(used)


def test_by_id_each_recording_stands_beside_its_own_image() -> None:
    stills = Stills(np.zeros((IMAGES, 2, 2), np.uint8), np.arange(IMAGES) % CLASSES)
    own = np.array([7, 3, 11])
    pairs = Pairing(stills, own % CLASSES, own, np.arange(3), by_id=True, seed=0)
    np.testing.assert_array_equal(pairs.numbers(4), own)


def test_the_loss_is_that_of_the_formula_and_takes_the_place_of_the_loops(config: RunConfig) -> None:
    run = training(replace(config, transfer=replace(config.transfer, weight=0.7, image_weight=0.3)))
    method, batch = method_of(run), first_batch(run)
    method.shares.logit.data.copy_(torch.tensor([0.5, -1.0, 2.0]))
    run.net.eval()
    output = run.net(batch.frames)
    shown = run.net(method._images(batch, method._replaced(batch)))
    shares = torch.sigmoid(torch.tensor([0.5, -1.0, 2.0]))
    image, event = (step_losses(each.logits, batch.labels, 0.0).mean(1) for each in (shown, output))
    alignment = cka(shown.spikes[-1].flatten(2), output.spikes[-1].flatten(2)).abs()
    wanted = 0.3 * image.mean() + ((1 - shares) * event).mean() + 0.7 * (shares * (1 - alignment)).mean()
    found = method.loss(run.net, batch, output) + losses(output.logits, batch.labels, run.config.train).mean()
    torch.testing.assert_close(found, wanted)


def test_an_image_is_moved_as_its_recording_and_keeps_its_ink(config: RunConfig) -> None:
    run = training(replace(config, augment=AugmentConfig(0.0, 0.0, 0.0, 0.0, 0.5, flip_horizontal=1.0)))
    method, batch = method_of(run), first_batch(run)
    shown = method._images(batch, torch.zeros(len(batch.labels), dtype=torch.bool))
    still = method.stills.frames(method.pairs.numbers(1)[batch.indices], (SIDE, SIDE))[:, 0]
    assert shown.shape == batch.frames.shape
    for step in shown:
        torch.testing.assert_close(step, torch.from_numpy(still[..., ::-1] / 255).float())


def test_images_give_way_to_recordings_by_the_power_of_the_progress(config: RunConfig) -> None:
    method, batch = method_of(training(config)), first_batch(training(config))
    shares = [method._replaced(replace(batch, progress=progress)).float().mean() for progress in (0.0, 0.99999)]
    assert (float(shares[0]), float(shares[1])) == (0.0, 1.0)
    half = [replace(batch, progress=0.5, epoch=epoch) for epoch in range(200)]
    assert float(torch.stack([method._replaced(each).float() for each in half]).mean()) == pytest.approx(
        1 / 8, abs=0.02
    )
    images = method._images(batch, torch.ones(len(batch.labels), dtype=torch.bool))
    assert torch.equal(images, batch.frames)


def test_images_do_not_move_the_running_statistics(config: RunConfig) -> None:
    run = training(config)
    batch, norm = first_batch(run), run.net.stages[0].norm
    run.net.train()
    output = run.net(batch.frames)
    before = norm.running_mean.clone()
    method_of(run).loss(run.net, batch, output)
    assert torch.equal(norm.running_mean, before)
    assert norm.momentum == 0.1


def test_the_shares_of_the_timesteps_are_learned_and_numbers_are_kept(config: RunConfig) -> None:
    run = training(config)
    run.run_epoch(lambda: None)
    assert method_of(run).shares.logit.detach().any()
    record = run.history[0]
    assert record["transfer_image_loss"] > 0
    assert 0 <= record["transfer_alignment"] <= 1.5
    assert 0 <= record["transfer_replaced"] <= 1


def test_an_interrupted_run_goes_on_to_the_same_weights(config: RunConfig, tmp_path: Path) -> None:
    whole = train_run(config, tmp_path / "whole", progress=Silent())
    with pytest.raises(KeyboardInterrupt):
        train_run(config, tmp_path / "torn", progress=InterruptedAt(7))
    assert_same_weights(resume_run(tmp_path / "torn/folder-0001", progress=Silent()), whole)
    assert "test_accuracy_integer" in load_run(whole).metrics


def test_images_of_other_classes_are_refused(config: RunConfig, tmp_path: Path) -> None:
    write_images(tmp_path, np.arange(8) % 2)
    with pytest.raises(DataError, match="classes"):
        training(replace(config, transfer=TransferConfig(images=str(tmp_path))))


def test_pairs_by_id_need_recordings_of_the_images(config: RunConfig) -> None:
    with pytest.raises(ConfigError) as error:
        training(replace(config, transfer=replace(config.transfer, pair="id")))
    assert error.value.key == "transfer.pair"


def test_an_artificial_network_is_refused(config: RunConfig) -> None:
    with pytest.raises(ConfigError):
        training(replace(config, neuron=NeuronConfig(kind="relu")))


def test_settings_out_of_range_are_refused() -> None:
    for change in ({"weight": -1.0}, {"image_weight": -1.0}, {"power": 0.0}):
        with pytest.raises(ConfigError):
            TransferConfig(**change).check()


def test_real_recordings_stand_beside_the_images_that_they_were_made_of(data_dir: Path) -> None:
    """N-MNIST's first training recordings are those of MNIST's first training images."""
    archive, images = data_dir / "nmnist-small/nmnist-small.tar.gz", data_dir / "mnist"
    if not archive.is_file() or not (images / "train-images-idx3-ubyte.gz").is_file():
        pytest.skip("no real N-MNIST recordings or no MNIST images")
    from neurodeploy.data.datasets import find

    recordings = find("nmnist").open(archive, None).train
    labels = np.array([recording.label for recording in recordings])
    stills = read_stills(images, 10)
    own = sources("nmnist", tuple(recording.id for recording in recordings), labels, stills)
    assert own is not None
    assert own.max() < 1000
