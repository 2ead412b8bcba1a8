"""Activity is recorded once for a network and its recordings, and never taken for that of others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.deployment import Deployment
from neurodeploy.early_exit import ExitRule
from neurodeploy.energy.activity_file import NAME
from neurodeploy.errors import ArtefactError, OutputError
from neurodeploy.graph import Graph, IntGraph, Ref
from neurodeploy.graph.nodes import Cuba, Dense, Input, Readout
from neurodeploy.profile import load_profile
from neurodeploy.runs import activity
from neurodeploy.subject import Samples

RNG = np.random.default_rng(3)
WEIGHTS = 2 * RNG.integers(-20, 40, (4, 6)), 2 * RNG.integers(-20, 40, (3, 4))
FRAMES = RNG.integers(0, 2, (5, 130, 6)).astype(np.uint8)


def network(threshold: int = 60, rule: ExitRule | None = None) -> Deployment:
    nodes = (
        Input("x", (), (6,)),
        Dense("d", (Ref("x"),), WEIGHTS[0]),
        Cuba("c", (Ref("d"),), 4096, 1000, threshold),
        Dense("e", (Ref("c"),), WEIGHTS[1]),
        Readout("r", (Ref("e"),)),
    )
    return Deployment(IntGraph(Graph(nodes)), None, 5, ("a", "b", "c"), exit_rule=rule)


def samples(frames: np.ndarray = FRAMES) -> Samples:
    count = frames.shape[1]
    return Samples(frames, np.zeros(count, int), tuple(map(str, range(count))), "random frames")


@pytest.fixture
def recordings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Samples of every batch that is run."""
    run: list[int] = []
    plain = activity.Recorder.record

    def noted(self: activity.Recorder, frames: np.ndarray) -> object:
        run.append(frames.shape[1])
        return plain(self, frames)

    monkeypatch.setattr(activity.Recorder, "record", noted)
    return run


def test_the_second_time_nothing_runs(tmp_path: Path, recordings: list[int]) -> None:
    first = activity.record(network(), samples(), keep=tmp_path / NAME)
    assert sum(recordings) == 130
    again = activity.record(network(), samples(), keep=tmp_path / NAME)
    assert sum(recordings) == 130
    assert first.full.counts().total("accumulate") == again.full.counts().total("accumulate")


@pytest.mark.parametrize(
    ("other", "frames"),
    [
        (network(61), FRAMES),
        (network(rule=ExitRule(10)), FRAMES),
        (network(), 1 - FRAMES),
        (network(), FRAMES[:, :60]),
        (network(), FRAMES[:, ::-1]),
        (network(), FRAMES[:4]),
    ],
    ids=["network", "exit rule", "data", "fewer", "other order", "fewer timesteps"],
)
def test_of_another_network_or_other_data_it_is_recorded_anew(
    tmp_path: Path, recordings: list[int], other: Deployment, frames: np.ndarray
) -> None:
    activity.record(network(), samples(), keep=tmp_path / NAME)
    found = activity.record(other, samples(frames), keep=tmp_path / NAME)
    assert sum(recordings) == 130 + frames.shape[1]
    assert found.full.counts().total("accumulate") == activity.count_activity(other, samples(frames)).total(
        "accumulate"
    )


def test_a_damaged_file_is_recorded_anew(tmp_path: Path, recordings: list[int]) -> None:
    (tmp_path / NAME).write_bytes(b"nothing")
    activity.record(network(), samples(), keep=tmp_path / NAME)
    assert activity.read_of(tmp_path / NAME, network()).full.samples == 130


def test_sums_are_recorded_anew_where_each_sample_is_asked_for(tmp_path: Path, recordings: list[int]) -> None:
    assert not activity.record(network(), samples(), keep=tmp_path / NAME).full.is_per_sample
    found = activity.record(network(), samples(), keep=tmp_path / NAME, per_sample=True)
    assert found.full.is_per_sample
    assert sum(recordings) == 260
    assert activity.record(network(), samples(), keep=tmp_path / NAME).full.is_per_sample
    assert sum(recordings) == 260


def test_the_size_of_a_batch_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    one = activity.record(network(rule=ExitRule(100)), samples())
    monkeypatch.setattr(activity, "BATCH", 7)
    two = activity.record(network(rule=ExitRule(100)), samples())
    assert (one.network, one.data) == (two.network, two.data)
    for name, part in one.parts.items():
        assert [node.work for node in part.counts().nodes] == [node.work for node in two.parts[name].counts().nodes]


def test_activity_of_another_network_is_refused_where_it_is_asked_for(tmp_path: Path) -> None:
    activity.record(network(), samples(), keep=tmp_path / NAME)
    with pytest.raises(ArtefactError, match="another network"):
        activity.read_of(tmp_path / NAME, network(61))
    with pytest.raises(ArtefactError, match="another network or exit rule"):
        activity.read_of(tmp_path / NAME, network(rule=ExitRule(1)))


def test_a_run_that_cannot_be_written_to_is_counted_all_the_same(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("in the way")
    with pytest.raises(OutputError):
        activity.record(network(), samples(), keep=taken / NAME)
    found = activity.recorded(taken, network(), samples())
    assert found.full.samples == 130


def test_early_work_is_priced_only_where_there_is_a_rule() -> None:
    profiles = [load_profile("loihi1")]
    assert activity.early(network(), activity.record(network(), samples()), profiles) is None
    ruled = network(rule=ExitRule(100))
    found = activity.early(ruled, activity.record(ruled, samples()), profiles)
    assert found is not None
    assert found.counts.steps < 5
    assert (
        found.counts.total("accumulate").stored
        < activity.count_activity(replace(ruled, exit_rule=None), samples()).total("accumulate").stored
    )
