"""Longer windows are the same recordings, and losses grow with fewer bits where they matter."""

import numpy as np
import pytest

from neurodeploy.data.config import DataConfig
from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.frame_set import FrameSet
from neurodeploy.data.frames import to_frames
from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.graph.parallel import split_by_delay
from neurodeploy.sensitivity import closest_formats, divisors, measure, merge_windows, synapse_layers


@pytest.mark.parametrize(("window", "duration_us"), [("duration", 0), ("duration", 700), ("count", 0)])
@pytest.mark.parametrize("high", [1, 3, 255])
def test_merged_windows_are_those_counted_from_the_events(
    window: str, duration_us: int, high: int, rng: np.random.Generator
) -> None:
    events = np.zeros(997, EVENT)
    events["t"] = np.sort(rng.integers(0, 1000, len(events)))
    events["p"], events["x"], events["y"] = (rng.integers(0, most, len(events)) for most in (2, 5, 4))
    stream = EventStream(events, (4, 5))
    options = {"window": window, "duration_us": duration_us, "high": high}
    frames = to_frames(stream, 6, **options)[None]
    for steps in divisors(6):
        wanted = to_frames(stream, steps, **options)[None]
        np.testing.assert_array_equal(merge_windows(frames, 6 // steps, high), wanted)


def test_counts_of_merged_windows_stop_at_255() -> None:
    assert merge_windows(np.full((1, 2, 1), 200, np.uint8), 2, high=255).tolist() == [[[255]]]


def test_divisors_are_listed_from_the_most() -> None:
    assert divisors(8) == (8, 4, 2, 1)
    assert divisors(5) == (5, 1)


def network(rng: np.random.Generator) -> Graph:
    return Graph(
        (
            Input("input", (), (2, 6, 6)),
            Conv2d("conv1", (Ref("input"),), rng.normal(size=(4, 2, 3, 3))),
            Cuba("cuba1", (Ref("conv1"),), 4096, 2000, 1.0),
            Flatten("flat", (Ref("cuba1"),)),
            Dense("fc", (Ref("flat"),), rng.normal(size=(3, 64))),
            Readout("readout", (Ref("fc"),)),
        )
    )


def recordings(rng: np.random.Generator, count: int = 30) -> FrameSet:
    frames = (rng.random((count, 4, 2, 6, 6)) < 0.3).astype(np.uint8)
    rows = np.packbits(frames.reshape(count, -1), axis=1)
    return FrameSet(rows, True, (4, 2, 6, 6), np.arange(count) % 3, tuple(map(str, range(count))))


def test_every_layer_and_every_number_of_timesteps_is_measured(rng: np.random.Generator) -> None:
    said: list[str] = []
    data = DataConfig(timesteps=4)
    found = measure(network(rng), data, recordings(rng), np.arange(10, 30), (4, 2), said.append)
    assert list(found.steps) == [4, 2]
    assert (found.steps[4].divergence, found.steps[2].divergence > 0) == (0.0, True)
    assert list(found.layers) == ["conv1", "fc"]
    for each in found.layers.values():
        assert list(each) == [8, 2, 3, 4, 5, 6, 7]
        assert each[8] == found.steps[4]
        assert each[2].divergence > each[7].divergence >= 0
        assert all(np.isfinite(effect.loss) and 0 <= effect.accuracy <= 1 for effect in each.values())
    assert found.recordings == "20 of 20"
    assert said


def test_synapses_that_differ_in_their_delay_are_one_layer(rng: np.random.Generator) -> None:
    whole = Dense("fc1", (Ref("input"),), rng.normal(size=(5, 4)))
    several = split_by_delay(whole, rng.integers(0, 3, (5, 4)))
    graph = Graph(
        (
            Input("input", (), (4,)),
            *several,
            Cuba("cuba1", tuple(Ref(node.name) for node in several), 4096, 2000, 1.0),
            Dense("fc", (Ref("cuba1"),), rng.normal(size=(3, 5))),
            Readout("readout", (Ref("fc"),)),
        )
    )
    layers = synapse_layers(graph)
    assert {name: len(nodes) for name, nodes in layers.items()} == {"fc1": len(several), "fc": 1}
    formats = closest_formats(graph, {"fc1": 3, "fc": 4})
    assert {formats[node.name] for node in several} == {formats[several[0].name]}
    assert formats["fc"].bits == 4
