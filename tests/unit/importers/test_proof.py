"""The proof of an import fails when the import is wrong, and compares integers in the source's units."""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from neurodeploy import importers
from neurodeploy.deployment import Deployment
from neurodeploy.errors import ConfigError, ToolchainMissingError
from neurodeploy.graph import Graph
from neurodeploy.graph.nodes import Cuba, Dense, Reset
from neurodeploy.importers import Drift, Imported, frameworks
from neurodeploy.importers.proof import prove, run_source
from neurodeploy.importers.source_run import Candidate, answers, compare
from neurodeploy.importers.torch_module import import_module, read_source
from neurodeploy.quantize import quantize
from neurodeploy.targets import find, write_artefact
from neurodeploy.verify import Status, verify

sys.path.insert(0, str(Path(__file__).parent))
from source_nets import frames, seeded

snn = pytest.importorskip("snntorch", reason="snnTorch is not installed")

Rng = np.random.Generator


def network(threshold: float = 0.4) -> nn.Module:
    return seeded(
        lambda: nn.Sequential(
            nn.Linear(20, 24),
            snn.Leaky(beta=0.75, threshold=threshold, init_hidden=True),
            nn.Linear(24, 10),
            snn.Leaky(beta=0.875, threshold=threshold, init_hidden=True),
        )
    )


def imported(net: nn.Module) -> Imported:
    return import_module(read_source(net, (20,), frameworks.find_framework("snntorch")))


def damaged(good: Imported, **changes: object) -> Imported:
    """The import with other fields in the node leaky1, or linear0 for weights."""
    name = "linear0" if "weight" in changes else "leaky1"
    nodes = tuple(replace(node, **changes) if node.name == name else node for node in good.graph.nodes)  # type: ignore[arg-type]
    return replace(good, graph=Graph(nodes))


def first(bad: Imported, rng: Rng) -> Drift:
    return prove(bad, network(), frames(rng, 20))[0]


def test_a_good_import_has_no_drift(rng: Rng) -> None:
    assert first(imported(network()), rng).differing == 0


@pytest.mark.parametrize(
    "changes",
    [{"threshold": 0.41}, {"voltage_decay": 1000}, {"reset": Reset.ZERO}, {"current_decay": 4000}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_wrong_neuron_is_noticed(changes: dict[str, object], rng: Rng) -> None:
    found = first(damaged(imported(network()), **changes), rng)
    assert found.differing > 0
    assert found.first_timestep is not None


def test_a_wrong_weight_is_noticed(rng: Rng) -> None:
    good = imported(network())
    layer = good.graph["linear0"]
    assert isinstance(layer, Dense)
    weight = np.array(layer.weight)
    weight[:, 0] += 0.01
    found = first(damaged(good, weight=weight), rng)
    assert found.differing > 0
    assert found.largest_difference is not None
    assert found.largest_difference > 0.005


def test_a_forgotten_delay_of_the_reset_is_noticed(rng: Rng) -> None:
    good = imported(network())
    nodes = [node for node in good.graph.nodes if node.name != "leaky1_back"]
    inputs = {"leaky1": (good.graph["leaky1"].inputs[0],)}
    bad = Graph(tuple(replace(node, inputs=inputs.get(node.name, node.inputs)) for node in nodes))
    assert first(replace(good, graph=bad), rng).differing > 0


def test_integers_are_compared_in_the_units_of_the_source(rng: Rng) -> None:
    net, data = network(), frames(rng, 20)
    source = read_source(net, (20,), frameworks.find_framework("snntorch"))
    good = import_module(source)
    quantized = quantize(good.graph, 8, len(data))
    _, (found,) = compare(partial(run_source, source, good), [Candidate(quantized.graph, quantized.scales)], data)
    for drift in found.drifts:
        assert drift.largest_difference is not None
        assert drift.differing / drift.values < 0.1
    first = found.drifts[0].largest_difference
    assert first is not None
    assert 1e-4 < first < 0.1


def test_answers_of_source_and_graph_are_the_same(rng: Rng) -> None:
    net, data = network(), frames(rng, 20)
    source = read_source(net, (20,), frameworks.find_framework("snntorch"))
    good = import_module(source)
    np.testing.assert_array_equal(run_source(source, good, data).answers, answers(good.graph, data))


def test_more_samples_than_a_batch_are_run_in_parts(rng: Rng) -> None:
    assert prove(imported(network()), network(), frames(rng, 20, time=4, samples=70))[0].values == 4 * 70 * 24


@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_an_import_exports_to_onnx_exactly(reset: str, rng: Rng, tmp_path: Path) -> None:
    net = seeded(
        lambda: nn.Sequential(
            nn.Conv2d(2, 4, 3),
            snn.Leaky(beta=0.75, threshold=0.3, init_hidden=True, reset_mechanism=reset),
            nn.Flatten(),
            nn.Linear(64, 5),
            snn.Synaptic(
                alpha=0.5, beta=0.75, threshold=0.2, init_hidden=True, reset_mechanism=reset, reset_delay=False
            ),
        )
    )
    graph = import_module(read_source(net, (2, 6, 6), frameworks.find_framework("snntorch"))).graph
    data = frames(rng, 2, 6, 6, time=6)
    network = Deployment(quantize(graph, 8, 6).graph, graph, 6, tuple("abcde"))
    artefact = write_artefact(find("onnx"), network, tmp_path / "onnx")
    verdicts = {verdict.runtime: verdict.status for verdict in verify(artefact, data)}
    assert verdicts["onnxruntime-integer-sequence"] is Status.EXACT
    assert verdicts["onnxruntime-integer-step"] is Status.EXACT


def test_the_framework_is_found_by_the_neurons() -> None:
    assert frameworks.framework_of(network()) == "snntorch"


def test_a_module_without_neurons_names_what_was_looked_for() -> None:
    with pytest.raises(ConfigError, match="no neurons of a known framework"):
        frameworks.framework_of(nn.Linear(2, 2))


def test_an_unknown_framework_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="snntorch, norse, spikingjelly"):
        frameworks.find_framework("sinabs")


def test_a_framework_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "norse.torch", None)
    monkeypatch.delitem(sys.modules, "neurodeploy.importers.norse", raising=False)
    with pytest.raises(ToolchainMissingError, match=r"make peers .*pip install norse"):
        frameworks.find_framework("norse")


def test_functions_of_the_package_are_imported_when_asked_for() -> None:
    assert importers.prove is prove
    with pytest.raises(AttributeError, match="from_keras"):
        _ = importers.from_keras


def test_a_module_in_double_precision_agrees_to_the_last_digits(rng: Rng) -> None:
    net = network().to(torch.float64)
    net[1].spike_grad = net[3].spike_grad = lambda value: (value > 0).double()
    for drift in prove(imported(net), net, frames(rng, 20)):
        assert drift.differing == 0
        assert drift.largest_difference is not None
        assert drift.largest_difference < 1e-12


def test_neurons_of_the_import_are_cuba() -> None:
    assert all(isinstance(imported(network()).graph[name], Cuba) for name in ("leaky1", "leaky3"))
