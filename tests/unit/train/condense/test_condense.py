"""Whole distillations of small recordings, and the real N-MNIST subset."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.config import read_config
from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.errors import ConfigError, DataError
from neurodeploy.train.condense import CondenseRun, Items, condense
from neurodeploy.train.condense.config import METHODS
from neurodeploy.train.condense.loop import members_of
from neurodeploy.train.condense.teachers import fresh, learn
from neurodeploy.train.config import TrainConfig
from neurodeploy.train.evaluate import evaluate

CLASSES, SHAPE = 3, (3, 2, 8, 8)


@dataclass(frozen=True)
class Blobs:
    """Recordings of three classes: events in three corners, and noise."""

    frames: np.ndarray
    labels: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return SHAPE

    def batch(self, indices: np.ndarray) -> np.ndarray:
        return self.frames[indices]


def blobs(count: int = 60, seed: int = 0) -> Blobs:
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    rate = np.full((count, *SHAPE), 0.1)
    for label, (y, x) in enumerate([(0, 0), (0, 4), (4, 0)]):
        rate[labels == label, :, :, y : y + 4, x : x + 4] = 1.5
    return Blobs(rng.poisson(rate).astype(np.uint8), labels)


def config(*words: str) -> CondenseRun:
    small = ["model.channels=[4,6]", "model.kernels=[3,3]", "model.strides=[1,2]", "model.paddings=[1,1]"]
    short = ["condense.pairs=2", "condense.pretrain_steps=6", "condense.iterations=12", "condense.frequencies=16"]
    still = ["neuron.threshold=0.5", "data.timesteps=3", "augment.shift=1", "condense.levels=6"]
    return read_config(CondenseRun, None, [*small, *short, *still, *words])


def run(*words: str) -> Items:
    return condense(config(*words), blobs(), CLASSES, lambda text: None)


@pytest.fixture(scope="module")
def default() -> Items:
    return run()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_balanced_integer_items_of_the_levels(method: str) -> None:
    found = run(f"condense.method={method}", "condense.per_class=2")
    assert found.frames.shape == (6, *SHAPE)
    assert found.frames.dtype == np.uint8
    assert found.frames.max() <= 6
    assert found.labels.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("method", ["random", "herding", "k-center", "medoids", "forgetting"])
def test_chosen_items_are_recordings_of_their_class(method: str) -> None:
    found, recordings = run(f"condense.method={method}", "condense.per_class=2"), blobs()
    assert found.chosen is not None
    assert len(set(found.chosen.tolist())) == 6
    np.testing.assert_array_equal(recordings.labels[found.chosen], found.labels)
    np.testing.assert_array_equal(found.frames, np.minimum(recordings.frames[found.chosen], 6))


@pytest.mark.parametrize("method", ["pace", "herding", "medoids", "random"])
def test_the_same_seed_gives_the_same_items_and_another_seed_others(method: str) -> None:
    first, same = (run(f"condense.method={method}", "condense.init=real") for _ in range(2))
    np.testing.assert_array_equal(first.frames, same.frames)
    other = run(f"condense.method={method}", "condense.init=real", "seed=1")
    assert not np.array_equal(first.frames, other.frames)


def test_teachers_are_what_they_were_when_the_items_are_done(default: Items) -> None:
    before, after = default.teachers
    assert before == after
    assert len(before) == 64


def test_a_changed_teacher_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from neurodeploy.train.condense import teachers

    def damaging(pair: teachers.Pair, share: float) -> object:
        pair.trained.readout.weight.data[0, 0] += 1e-3  # type: ignore[union-attr]
        return pair.trained

    monkeypatch.setattr(teachers.Pair, "blend", damaging)
    before, after = run().teachers
    assert before != after


def test_the_items_move_away_from_where_they_began() -> None:
    short, long = (run("condense.lr=0.5", f"condense.iterations={n}") for n in (1, 30))
    assert np.abs(short.frames.astype(int) - long.frames).sum() > 20


def test_terms_of_every_iteration_are_kept(default: Items) -> None:
    assert len(default.history) == 12
    assert set(default.history[0]) == {"stsm", "mean"}


def test_a_term_without_weight_is_not_computed() -> None:
    assert set(run("condense.stsm=0").history[0]) == {"mean"}


def test_matching_brings_the_means_together() -> None:
    words = (
        "condense.iterations=80",
        "condense.init=real",
        "condense.lr=0.3",
        "condense.stsm=0",
        "condense.augmented=none",
    )
    history = [record["mean"] for record in run(*words).history]
    assert np.mean(history[-10:]) < 0.9 * np.mean(history[:10])


@pytest.mark.parametrize(
    "words",
    [
        ["condense.quantizer=binomial"],
        ["condense.ste=clipped", "condense.final=sample"],
        ["condense.temporal=cross", "condense.root=bin"],
        ["condense.temporal=none", "condense.root=none", "condense.kappa=0"],
        ["condense.teachers=both", "condense.augmented=both"],
        ["condense.teachers=random", "condense.optimizer=adam", "condense.smoothing=0"],
        ["condense.layers=[0,1]", "condense.clamp=false", "condense.copies=3", "condense.real=40"],
        ["model.kind=mlp", "model.hidden=[8]", "neuron.kind=cuba", "model.batch_norm=false"],
        ["condense.levels=1", "data.binary=true"],
    ],
    ids=lambda words: words[0],
)
def test_every_switch_gives_items(words: list[str]) -> None:
    found = run(*words)
    assert found.frames.any()


def test_no_pretraining_for_random_teachers() -> None:
    assert run("condense.teachers=random", "condense.pretrain_steps=1000000").history


def test_a_class_with_too_few_recordings_is_named() -> None:
    with pytest.raises(DataError, match=r"class 0 has 2 recordings, but 3 items"):
        members_of(
            config("condense.per_class=3"), Blobs(blobs().frames[:8], np.array([0, 0, 1, 1, 1, 2, 2, 2])), CLASSES
        )


def test_a_layer_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"condense\.layers.*-2\.\.1"):
        run("condense.layers=[2]")


def test_too_short_a_training_to_forget_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"condense\.pretrain_steps.*3 passes"):
        run("condense.method=forgetting", "condense.pretrain_steps=5")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["condense.method=mtt"], r"condense\.method"),
        (["condense.per_class=0"], r"condense\.per_class"),
        (["condense.levels=256"], r"condense\.levels"),
        (["condense.alpha=1.5"], r"condense\.alpha"),
        (["condense.stsm=0", "condense.mean=0"], "at least one above 0"),
        (["data.binary=true"], r"data\.binary"),
        (["condense.levels=1", "data.binary=false"], r"data\.binary"),
        (["data.window=count"], r"data\.window"),
        (["data.skip=1"], r"data\.skip"),
        (["neuron.kind=relu"], r"neuron\.kind"),
        (["neuron.delays=axon"], r"neuron\.delays"),
        (["model.kind=graph"], r"model\.kind"),
        (["threads=-1"], "threads"),
        (["dataset=condensed"], "no longer"),
    ],
    ids=lambda value: str(value),
)
def test_a_setting_out_of_range_is_refused_by_name(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_config(CondenseRun, None, words)


def test_one_level_means_binary_frames() -> None:
    assert read_config(CondenseRun, None, ["condense.levels=1"]).data.binary
    assert not read_config(CondenseRun, None, []).data.binary


def test_defaults_of_the_command_are_its_own() -> None:
    assert read_config(CondenseRun, None, ["dataset=nmnist"]) == replace(
        CondenseRun(), data=DataConfig("nmnist", timesteps=4, binary=False)
    )


@pytest.fixture(scope="module")
def nmnist(tmp_path_factory: pytest.TempPathFactory) -> DataConfig:
    path = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "nmnist-small" / "nmnist-small.tar.gz"
    if not path.is_file():
        pytest.skip(f"no real recordings: {path} is absent")
    return DataConfig("nmnist", str(path), timesteps=4, binary=False, cache=str(tmp_path_factory.mktemp("cache")))


def test_on_real_recordings_the_loss_falls_and_the_items_teach_more_than_random_ones(nmnist: DataConfig) -> None:
    data = open_frames(nmnist)
    words = ["model.channels=[8,16]", "model.kernels=[5,3]", "model.strides=[2,2]", "model.paddings=[1,1]"]
    words += [
        "condense.pairs=1",
        "condense.pretrain_steps=60",
        "condense.iterations=80",
        "condense.stsm=0",
        "condense.lr=0.3",
    ]
    accuracy = {}
    for method in ("pace", "random"):
        job = read_config(CondenseRun, None, [*words, f"condense.method={method}"])
        items = condense(job, data.train, 10, lambda text: None)
        net = fresh(job, (2, 34, 34), 10, 5)
        learn(
            net,
            Blobs34(items.frames, items.labels),
            150,
            np.random.default_rng(0),
            settings=TrainConfig(),
            changes=job.augment,
        )
        accuracy[method] = evaluate(net, data.test, np.arange(len(data.test))).accuracy
        if items.history:
            history = [record["mean"] for record in items.history]
            assert np.mean(history[-20:]) < 0.9 * np.mean(history[:20])
    assert accuracy["pace"] > accuracy["random"] + 0.05


class Blobs34(Blobs):
    """Items of the real size."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (4, 2, 34, 34)
