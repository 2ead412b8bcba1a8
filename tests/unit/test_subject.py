"""Recordings are read as they are needed: memory does not grow with their number."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neurodeploy import evaluation
from neurodeploy.data.frame_set import FrameSet
from neurodeploy.deployment import Deployment
from neurodeploy.exporters.onnx import EXPORTER
from neurodeploy.graph import Graph, IntGraph, Ref
from neurodeploy.graph.nodes import Cuba, Dense, Flatten, Input
from neurodeploy.runs import activity
from neurodeploy.subject import Samples, SplitFrames
from neurodeploy.targets import write_artefact
from neurodeploy.verify import verify

SHAPE = (4, 2, 30, 30)


def samples(count: int, folder: Path) -> Samples:
    """`count` recordings on disk, behind a memory map as the frame cache has them."""
    records = np.memmap(f"{folder}/{count}.frames", np.uint8, "w+", shape=(count, 4 * 2 * 30 * 30))
    records[:] = np.random.default_rng(1).random(records.shape) < 0.1
    split = FrameSet(records, False, SHAPE, np.arange(count) % 3, tuple(map(str, range(count))))
    return Samples(SplitFrames(split, np.arange(count)), np.asarray(split.labels), split.ids, "test")


@pytest.fixture
def network() -> Deployment:
    rng = np.random.default_rng(2)
    nodes = (
        Input("input", (), SHAPE[1:]),
        Flatten("flat", (Ref("input"),)),
        Dense("fc1", (Ref("flat"),), rng.integers(-60, 70, (20, 1800))),
        Cuba("cuba1", (Ref("fc1"),), 4096, 500, 300),
        Dense("fc2", (Ref("cuba1"),), rng.integers(-60, 70, (3, 20))),
        Cuba("output", (Ref("fc2"),), 4096, 500, 90),
    )
    return Deployment(IntGraph(Graph(nodes)), None, SHAPE[0], ("a", "b", "c"))


def test_frames_are_those_of_the_split(tmp_path: Path) -> None:
    found = samples(12, tmp_path)
    whole = np.moveaxis(found.frames.split.batch(), 0, 1)
    assert found.frames.shape == whole.shape
    np.testing.assert_array_equal(found.frames[:, 3:7], whole[:, 3:7])
    np.testing.assert_array_equal(found.frames[:, np.array([9, 1])], whole[:, [9, 1]])
    np.testing.assert_array_equal(found.take(np.array([8, 2, 5]), "some").frames[:, 1:], whole[:, [2, 5]])
    np.testing.assert_array_equal(found.batch(np.array([4])), whole[:, [4]].swapaxes(0, 1))
    assert found.take(np.array([8, 2]), "some").ids == ("8", "2")


def peak(work: Callable[[], object]) -> int:
    """Bytes of the largest allocation beyond what was there before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("command", ["eval", "verify", "energy"])
def test_ten_times_the_recordings_take_no_more_memory(
    command: str, network: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "deployment", lambda path: network)
    artefact = write_artefact(EXPORTER, network, tmp_path / "onnx")
    commands = {
        "eval": lambda found: evaluation.trained(tmp_path, found, "fast"),
        "verify": lambda found: verify(artefact, found.frames, runtimes=["onnxruntime-integer-step"]),
        "energy": lambda found: activity.count_activity(network, found),
    }
    few, many = samples(200, tmp_path), samples(2000, tmp_path)
    commands[command](few)  # compiles, opens sessions
    small, large = (peak(lambda found=found: commands[command](found)) for found in (few, many))
    whole = 2000 * np.prod(SHAPE)
    assert large < small + whole / 10
