"""The float files in onnxruntime against the float64 network, layer by layer."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from onnx_nets import FLOAT, export, float_twin, frames, random_network, run

from neurodeploy.deployment import Deployment
from neurodeploy.exporters.onnx import EXPORTER
from neurodeploy.graph import Graph, IntGraph, Node, Ref, simulate
from neurodeploy.graph.nodes import AvgPool2d, Conv2d, Cuba, Dense, Flatten, Input, MaxPool2d, Readout, Reset
from neurodeploy.targets import Artefact, Reference, write_artefact
from neurodeploy.verify.float_check import FloatChecked, check_float

Rng = np.random.Generator


def check(artefact: Artefact, data: np.ndarray) -> list[FloatChecked]:
    graph = artefact.float_graph()
    assert graph is not None
    expected = simulate(graph, data)
    found = [(runtime, run(artefact, runtime, data)) for runtime in FLOAT]
    return [check_float(graph, data, expected, trace, runtime.tolerance) for runtime, trace in found]


def test_the_float_runtimes_say_what_they_are_compared_with() -> None:
    assert [runtime.reference for runtime in EXPORTER.runtimes] == [Reference.INTEGER] * 2 + [Reference.FLOAT] * 2


@pytest.mark.parametrize("seed", range(200, 220))
def test_random_networks_agree_to_rounding(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    graph = random_network(rng)
    artefact = export(graph, tmp_path, float_twin(graph))
    for checked in check(artefact, frames(rng, graph, int(rng.integers(1, 9)), 3)):
        assert checked.largest < 1e-5
        assert checked.values > 0


@pytest.mark.parametrize("reset", list(Reset))
def test_every_float_node_is_written(reset: Reset, rng: Rng, tmp_path: Path) -> None:
    def weight(*shape: int) -> np.ndarray:
        return rng.normal(size=shape) * 0.4

    nodes: list[Node] = [
        Input("input", (), (2, 12, 12), 4),
        Conv2d("conv1", (Ref("input"),), weight(4, 2, 3, 3), weight(4), padding=(1, 1)),
        AvgPool2d("mean", (Ref("conv1"),), (2, 3), (2, 3)),
        Cuba("lif1", (Ref("mean"),), 4096, 410, 0.7, weight(4), reset),
        MaxPool2d("most", (Ref("lif1"),), (2, 2), (2, 2)),
        Conv2d("conv2", (Ref("most"),), weight(6, 2, 1, 1), groups=2),
        Cuba("lif2", (Ref("conv2"), Ref("conv2")), 3000, 500, 0.2, None, reset),
        Flatten("flat", (Ref("lif2"),)),
        Dense("fc", (Ref("flat"),), weight(5, 36), weight(5)),
        Readout("answer", (Ref("fc"),)),
    ]
    floats = Graph(tuple(nodes))
    whole = Graph((Input("input", (), (2, 12, 12), 4), Flatten("flat", (Ref("input"),))))
    deployment = Deployment(IntGraph(whole), floats, 5, ("a", "b", "c", "d", "e"))
    artefact = write_artefact(EXPORTER, deployment, tmp_path / "out")
    for checked in check(artefact, frames(rng, floats, 8, 3)):
        names = {f"{name}{part}" for name in ("lif1", "lif2") for part in (".current", ".membrane", ".voltage")}
        assert names | {"answer", "answer.current", "answer.voltage"} == set(checked.differences)
        assert 0 < checked.largest < 1e-5
        assert checked.spikes > 0


def test_a_spike_decided_by_rounding_is_borderline_and_no_mismatch(tmp_path: Path) -> None:
    """0.1 added three times is more than 0.3 in float64, and exactly 0.3 in float32."""
    nodes = (
        Input("input", (), (1,)),
        Dense("fc", (Ref("input"),), np.array([[0.1]])),
        Cuba("lif", (Ref("fc"),), 4096, 0, 0.3),
    )
    graph = Graph(nodes)
    whole = Graph((nodes[0], Dense("fc", (Ref("input"),), np.array([[1]])), Cuba("lif", (Ref("fc"),), 4096, 0, 3)))
    artefact = write_artefact(EXPORTER, Deployment(IntGraph(whole), graph, 4, ("a",)), tmp_path / "out")
    data = np.ones((6, 1, 1), int)
    for checked in check(artefact, data):
        assert checked.differing_spikes >= 1
        assert checked.borderline["lif"] >= 1
