"""Activities of batches, of samples, of parts of the time."""

import numpy as np
import pytest

from neurodeploy.energy import Activity, join, observe
from neurodeploy.errors import DataError
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input

RNG = np.random.default_rng(7)
WEIGHT = RNG.integers(-20, 40, (4, 3)) * 2
FRAMES = RNG.integers(0, 2, (5, 6, 3))


def network(weight: np.ndarray = WEIGHT, threshold: int = 60) -> IntGraph:
    size = weight.shape[1]
    nodes = (Input("x", (), (size,)), Dense("d", (Ref("x"),), weight), Cuba("c", (Ref("d"),), 4096, 1000, threshold))
    return IntGraph(Graph(nodes))


def activity(frames: np.ndarray = FRAMES, until: np.ndarray | None = None) -> Activity:
    return observe(network(), simulate(network(), frames), until=until)


def plain(found: Activity) -> list[object]:
    return [
        (node.work, node.values_in, node.values_out, node.active_updates, node.silent) for node in found.counts().nodes
    ]


@pytest.mark.parametrize("summed", [False, True])
def test_batches_join_to_the_whole(summed: bool) -> None:
    parts = [activity(FRAMES[:, cut]) for cut in (slice(0, 1), slice(1, 4), slice(4, 6))]
    whole = join([part.summed() for part in parts] if summed else parts)
    assert whole.samples == 6
    assert whole.is_per_sample is not summed
    assert plain(whole) == plain(activity())


def test_a_sum_does_not_grow_with_the_samples() -> None:
    small, large = activity(FRAMES[:, :2]).summed(), activity(np.repeat(FRAMES, 10, 1)).summed()
    assert [a.shape for a in small["c"].arrays().values()] == [a.shape for a in large["c"].arrays().values()]


def test_samples_of_different_lengths_have_their_mean() -> None:
    parts = [activity(FRAMES[:, :2], np.array([1, 2])), activity(FRAMES[:, 2:], np.full(4, 5))]
    assert join(parts).counts().steps == 23 / 6
    assert join([part.summed() for part in parts]).counts().steps == 23 / 6


def test_nothing_is_counted_beyond_a_samples_own_end() -> None:
    found = activity(until=np.array([1, 2, 3, 4, 5, 5]))
    for array in found["c"].arrays().values():
        assert array[1:, 0].sum() == 0
        assert array[2:, 1].sum() == 0
    assert found.counts().total("neuron_update").stored == 4 * 20


@pytest.mark.parametrize(
    "other",
    [
        observe(network(), simulate(network(), FRAMES[:3])),
        observe(network(np.ones((5, 3), int)), simulate(network(np.ones((5, 3), int)), FRAMES)),
    ],
)
def test_batches_of_different_networks_or_durations_do_not_join(other: Activity) -> None:
    with pytest.raises(DataError, match="different networks or durations"):
        join([activity(), other])


def test_no_batches_are_no_activity() -> None:
    with pytest.raises(DataError, match="no batches"):
        join([])


def test_a_neuron_that_fired_in_one_batch_is_not_silent_and_one_that_always_fired_is_saturated() -> None:
    graph = network(np.array([[100, 0, 0], [0, 100, 0], [0, 0, 100], [0, 0, 0]]), threshold=10)
    frames = np.zeros((4, 2, 3), int)
    frames[:, :, 0] = 1
    frames[1, 1, 1] = 1
    parts = [observe(graph, simulate(graph, frames[:, [sample]])) for sample in (0, 1)]
    assert [part.counts()["c"].silent for part in parts] == [0.75, 0.5]
    both = join(parts).counts()
    assert both["c"].silent == 0.5
    assert both["c"].saturated(both.steps * both.samples) == 0.25
