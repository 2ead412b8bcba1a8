"""Networks with learned delays on every target: equal in every value, on files that were written and read again."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from neurodeploy.deployment import Deployment
from neurodeploy.errors import ToolchainMissingError
from neurodeploy.exporters._lava import lava_python
from neurodeploy.graph import simulate
from neurodeploy.graph.nodes import Cuba
from neurodeploy.quantize import quantize
from neurodeploy.targets import Reference, Runtime, find, write_artefact
from neurodeploy.train.config import ModelConfig, NeuronConfig
from neurodeploy.train.model import build_model
from neurodeploy.train.to_graph import to_graph
from neurodeploy.verify.compare import compare

SHAPE, STEPS = (2, 6, 5), 12
MLP = ModelConfig(kind="mlp", hidden=(12, 9), batch_norm=False)
CNN = ModelConfig(channels=(4,), kernels=(3,), strides=(2,), paddings=(1,), batch_norm=False)
NETS = {
    "axon": (MLP, NeuronConfig(threshold=0.15, delays="axon", max_delay=6)),
    "synapse": (MLP, NeuronConfig(threshold=0.15, delays="synapse", max_delay=5)),
    "axons of a map": (CNN, NeuronConfig(threshold=0.15, delays="axon", max_delay=6, readout="spikes")),
}


def deployment(name: str) -> Deployment:
    model, neuron = NETS[name]
    net = build_model(model, neuron, SHAPE, 3, torch.Generator().manual_seed(3)).eval()
    graph = to_graph(net, SHAPE)
    classes = ("a", "b", "c")
    return Deployment(quantize(graph, 8, STEPS, net.formats).graph, graph, STEPS, classes, "delayed")


def assert_exact(name: str, target: str, runtime: Runtime, folder: Path, rng: np.random.Generator) -> None:
    exporter, given = find(target), deployment(name)
    artefact = write_artefact(exporter, given, folder / "out")
    frames = (rng.random((STEPS, 4, *SHAPE)) < 0.4).astype(np.uint8)
    expected, found = simulate(given.integer, frames), exporter.run(artefact, runtime, frames)
    assert compare(expected, found, found.values).values > 0
    neurons = [node.name for node in given.integer.graph.nodes if isinstance(node, Cuba)]
    assert set(neurons) <= set(found.values)
    assert all(expected[neuron].any() for neuron in neurons)
    assert any(ref.delay for node in given.integer.graph.nodes for ref in node.inputs)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize(
    ("target", "runtime"),
    [("loihi", "netx-file-reader"), ("onnx", "onnxruntime-integer-step"), ("onnx", "onnxruntime-integer-sequence")],
)
def test_files_compute_the_delayed_network(
    name: str, target: str, runtime: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    chosen = next(each for each in find(target).runtimes if each.name == runtime)
    assert chosen.reference is Reference.INTEGER
    assert_exact(name, target, chosen, tmp_path, rng)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize("name", NETS)
def test_c_computes_the_delayed_network(name: str, rng: np.random.Generator, tmp_path: Path) -> None:
    assert_exact(name, "c", next(each for each in find("c").runtimes if each.name == "gcc"), tmp_path, rng)


@pytest.mark.parametrize("name", NETS)
def test_nir_says_the_delays_and_computes_the_same_spikes(name: str, rng: np.random.Generator, tmp_path: Path) -> None:
    exporter, given = find("nir"), deployment(name)
    artefact = write_artefact(exporter, given, tmp_path / "out")
    frames = (rng.random((STEPS, 4, *SHAPE)) < 0.4).astype(np.uint8)
    expected = simulate(given.integer, frames)
    found = exporter.run(artefact, exporter.runtimes[0], frames)
    neurons = [node.name for node in given.integer.graph.nodes if isinstance(node, Cuba)]
    for neuron in neurons:
        np.testing.assert_array_equal(found[neuron], expected[neuron])
    assert any(ref.delay for node in given.integer.graph.nodes for ref in node.inputs)


@pytest.mark.lava
@pytest.mark.parametrize("name", ["synapse", "axons of a map"])
def test_lava_computes_the_delayed_network(name: str, rng: np.random.Generator, tmp_path: Path) -> None:
    try:
        lava_python()
    except ToolchainMissingError as missing:
        pytest.skip(str(missing))
    assert_exact(name, "loihi", next(each for each in find("loihi").runtimes if each.name == "lava-cpu"), tmp_path, rng)
