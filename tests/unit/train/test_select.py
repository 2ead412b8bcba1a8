"""The choice of recordings in the loop: schedule, rules, numbers, and what checkpoints keep."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from gradients import batch_of
from held import Held

from neurodeploy.config import build
from neurodeploy.errors import CheckpointError, ConfigError
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.loop import Training
from neurodeploy.train.methods.selection.infobatch import InfoBatch
from neurodeploy.train.methods.selection.rankings import El2n, Forgetting
from neurodeploy.train.methods.selection.rule import NEVER
from neurodeploy.train.methods.selection.sadp import Sadp
from neurodeploy.train.methods.selection.static_subset import StaticSubset
from neurodeploy.train.model import Output, build_model
from neurodeploy.train.select_config import KINDS, SelectConfig
from neurodeploy.train.to_graph import to_graph

SHAPE, RECORDINGS, EPOCHS = (2, 6, 6), 40, 6
CHOOSING = [kind for kind in KINDS if kind != "all"]
FIXED = [kind for kind in CHOOSING if kind != "infobatch"]
CONFIG = RunConfig(
    model=ModelConfig(channels=(4,), kernels=(3,), strides=(1,), paddings=(0,)),
    neuron=NeuronConfig(threshold=0.5),
    train=TrainConfig(epochs=EPOCHS, batch_size=8, lr=0.01, quantize_from=0.5),
)


def training(kind: str, validation: float = 0.0, **settings: object) -> Training:
    select = SelectConfig(kind=kind, **{"warmup": 2, "delta": 0.8, **settings})
    config = replace(CONFIG, select=select, data=replace(CONFIG.data, timesteps=4, validation=validation))
    config.check()
    rng = np.random.default_rng(0)
    labels = np.arange(RECORDINGS) % 4
    frames = (rng.random((RECORDINGS, 4, *SHAPE)) < 0.1 + 0.2 * labels[:, None, None, None, None]).astype(np.uint8)
    net = build_model(config.model, config.neuron, SHAPE, 4, torch.Generator().manual_seed(0))
    return Training(config, net, Held(frames, labels), lambda net: to_graph(net, SHAPE))


def run_epochs(found: Training, count: int) -> Training:
    for _ in range(count):
        found.run_epoch(lambda: None)
    return found


@pytest.fixture(scope="module")
def finished() -> dict[str, Training]:
    return {kind: run_epochs(training(kind), EPOCHS) for kind in CHOOSING}


def test_an_epoch_is_pruned_between_the_warm_up_and_delta() -> None:
    config = SelectConfig(kind="sadp", warmup=1, delta=0.875)
    assert [epoch for epoch in range(1, 17) if config.prunes(epoch, 16)] == list(range(2, 15))
    assert [epoch for epoch in range(1, 11) if config.prunes(epoch, 10)] == list(range(2, 10))
    assert not any(SelectConfig().prunes(epoch, 16) for epoch in range(1, 17))


@pytest.mark.parametrize("kind", FIXED)
def test_exactly_the_predicted_share_is_visited(kind: str, finished: dict[str, Training]) -> None:
    wanted = [RECORDINGS, RECORDINGS, *[RECORDINGS // 2] * 3, RECORDINGS]
    assert [record["learned"] for record in finished[kind].history] == wanted


@pytest.mark.parametrize("kind", CHOOSING)
def test_the_record_tells_the_share_and_the_seconds(kind: str, finished: dict[str, Training]) -> None:
    for record in finished[kind].history:
        assert record["select_share"] == record["learned"] / RECORDINGS
        assert 0 <= record["select_s"] <= record["learn_s"]
    choosing = finished[kind].history[2]
    assert choosing["select_s"] > 0


def test_learning_and_validation_are_timed_apart() -> None:
    history = run_epochs(training("sadp", validation=0.1), 2).history
    total = sum(record["learn_s"] + record["validation_s"] for record in history)
    assert abs(total - history[-1]["wall_s"]) < 0.1


@pytest.mark.parametrize("kind", CHOOSING)
def test_a_resumed_choice_reaches_the_same_weights(kind: str, finished: dict[str, Training]) -> None:
    """Interrupted after the warm-up and one pruned epoch."""
    begun = run_epochs(training(kind), 3)
    again = training(kind)
    again.restore(begun.checkpoint(with_optimizer=True), Path("here"))
    run_epochs(again, EPOCHS - 3)
    for name, tensor in finished[kind].net.state_dict().items():
        assert torch.equal(again.net.state_dict()[name], tensor), name


@pytest.mark.parametrize("kind", ["sadp", "forgetting"])
def test_a_resumed_choice_that_forgot_its_tables_does_not(kind: str, finished: dict[str, Training]) -> None:
    """So the test above compares something."""
    begun = run_epochs(training(kind), 3)
    again = training(kind)
    again.restore(
        replace(begun.checkpoint(with_optimizer=True), methods=training(kind).checkpoint(True).methods), Path()
    )
    run_epochs(again, EPOCHS - 3)
    assert not torch.equal(again.net.readout.weight, finished[kind].net.readout.weight)


def test_a_checkpoint_without_the_tables_is_refused() -> None:
    begun = run_epochs(training("sadp"), 1).checkpoint(with_optimizer=True)
    with pytest.raises(CheckpointError, match="select"):
        training("infobatch").restore(begun, Path("here"))
    with pytest.raises(CheckpointError, match="select"):
        training("sadp").restore(replace(begun, methods={}), Path("here"))


def test_leaving_nothing_out_is_plain_training() -> None:
    plain, sadp = (run_epochs(training(kind, ratio=0.0), 4) for kind in ("all", "sadp"))
    for name, tensor in plain.net.state_dict().items():
        assert torch.equal(sadp.net.state_dict()[name], tensor), name


@pytest.mark.parametrize("kind", ["random-static", "el2n", "forgetting"])
def test_a_static_subset_stays_the_same(kind: str) -> None:
    found = run_epochs(training(kind), 2)
    (method,) = found.methods
    choices = [method.chosen(epoch, found.learned, np.random.default_rng(epoch)).indices for epoch in (3, 4)]
    np.testing.assert_array_equal(*choices)


@pytest.mark.parametrize("kind", ["sadp", "random", "infobatch"])
def test_a_dynamic_choice_changes(kind: str) -> None:
    found = run_epochs(training(kind), 2)
    (method,) = found.methods
    first, second = (method.chosen(epoch, found.learned, np.random.default_rng(epoch)).indices for epoch in (3, 4))
    assert len(set(first)) == len(first)
    assert set(first) <= set(found.learned)
    assert set(first) != set(second)


def test_only_recordings_that_are_learned_are_chosen() -> None:
    found = run_epochs(training("sadp", validation=0.1), 3)
    (method,) = found.methods
    assert (method.rule.scores[found.validated] == NEVER).all()
    assert (method.rule.scores[found.learned] >= 0).all()


def test_scores_are_those_of_the_last_visit_or_their_running_mean() -> None:
    frames, labels = torch.zeros((1, 2, *SHAPE)), torch.zeros(2, dtype=torch.long)
    output = Output(torch.zeros((1, 2, 3)), ())
    for ema, wanted in ((0.0, [4.0, 6.0]), (0.75, [1.75, 3.0])):
        rule = Sadp(lambda batch, output, losses: losses, 3, 0.1, ema, torch.device("cpu"))
        for values in ([1.0, 2.0], [4.0, 6.0]):
            rule.observe(batch_of(frames, labels), output, torch.tensor(values))
        assert rule.scores.tolist() == [*wanted, NEVER]


def test_infobatch_thins_only_what_is_well_learned() -> None:
    rule = InfoBatch(8, 0.5, torch.device("cpu"))
    rule.losses[:] = torch.tensor([0.1, 5.0, 0.1, 0.2, 9.0, 0.3, 7.0, 6.0])
    choice = rule.choose(np.arange(8), 4, np.random.default_rng(0))
    weights = dict(zip(choice.indices.tolist(), choice.weights.tolist(), strict=True))
    assert len(weights) == 6
    assert {place: weights.pop(place) for place in (1, 4, 6, 7)} == dict.fromkeys((1, 4, 6, 7), 1.0)
    assert list(weights.values()) == [2.0, 2.0]


def watched(ranking: El2n | Forgetting, *answers: list[int]) -> np.ndarray:
    """What the ranking thinks of recordings of class 0 after these answers, one list for each epoch."""
    for each in answers:
        logits = 4 * torch.nn.functional.one_hot(torch.tensor(each), 3).float()[None]
        zeros = torch.zeros(len(each), dtype=torch.long)
        ranking.observe(batch_of(torch.zeros((1, len(each), *SHAPE)), zeros), Output(logits, ()))
    return ranking.worth()


def test_forgetting_counts_what_was_right_and_is_wrong() -> None:
    found = watched(Forgetting(4, torch.device("cpu")), [0, 0, 1, 1], [1, 0, 1, 0], [0, 0, 2, 0], [2, 0, 2, 0])
    assert found.tolist() == [2, 0, np.inf, 0]


def test_el2n_prefers_the_wrong_answers() -> None:
    found = watched(El2n(3, TrainConfig(), torch.device("cpu")), [0, 0, 1], [0, 1, 1])
    assert found[0] < found[1] < found[2]


def test_a_static_subset_holds_the_recordings_of_most_worth_and_draws_among_equals() -> None:
    ranking = Forgetting(6, torch.device("cpu"))
    ranking.ever_right += 1
    ranking.forgotten += torch.tensor([0, 3, 0, 2, 0, 0], dtype=torch.int32)
    found = [
        set(StaticSubset(ranking, 6).choose(np.arange(6), 3, np.random.default_rng(seed)).indices.tolist())
        for seed in range(20)
    ]
    assert all({1, 3} <= each for each in found)
    assert set().union(*found) == set(range(6))


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"kind": "best"}, "kind"),
        ({"ratio": 1.0}, "ratio"),
        ({"warmup": 0, "kind": "sadp"}, "warmup"),
        ({"warmup": 1, "kind": "forgetting"}, "warmup"),
        ({"delta": 1.5}, "delta"),
        ({"score": "size"}, "score"),
        ({"floor": 0.0}, "floor"),
        ({"ema": 1.0}, "ema"),
    ],
)
def test_settings_out_of_range_are_refused_by_key(settings: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigError, match=f"select.{key}"):
        build(SelectConfig, settings, "select.")


@pytest.mark.parametrize("score", ["el2n", "loss"])
def test_other_scores_train_too(score: str) -> None:
    found = run_epochs(training("sadp", score=score), 3)
    assert found.history[-1]["select_largest_weight"] > 0.5
