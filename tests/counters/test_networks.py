"""A small network, the same frames: what NeuroBench and SpikingJelly say in their environment, and what we say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counters.environment import answers_of
from counters.networks import write_network

from neurodeploy.energy import Counts, count
from neurodeploy.energy.neurobench import neurobench
from neurodeploy.graph import Graph, IntGraph, Ref, Trace, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input

STEPS, SAMPLES = 6, 4
Rng = np.random.Generator


def network(rng: Rng, high: int = 1) -> IntGraph:
    """Stride, padding, groups, biases and zero weights; integrators, whose voltages other frameworks compute exactly."""

    def weight(*shape: int) -> np.ndarray:
        return 2 * rng.integers(-20, 28, shape) * (rng.random(shape) < 0.8)

    bias = rng.integers(-3, 4, 6)
    nodes = (
        Input("x", (), (2, 9, 9), high=high),
        Conv2d("k1", (Ref("x"),), weight(6, 2, 3, 3), None, (2, 2), (1, 1)),
        Cuba("c1", (Ref("k1"),), 4096, 0, 51),
        Conv2d("k2", (Ref("c1"),), weight(6, 2, 3, 3), bias, (1, 1), (1, 1), groups=3),
        Cuba("c2", (Ref("k2"),), 4096, 0, 75),
        Flatten("f", (Ref("c2"),)),
        Dense("d", (Ref("f"),), weight(5, 150)),
        Cuba("c3", (Ref("d"),), 4096, 0, 99),
    )
    return IntGraph(Graph(nodes))


class Case:
    """A network, its trace, and what everybody says of it."""

    def __init__(self, folder: Path, high: int, counters: tuple[str, ...]) -> None:
        rng = np.random.default_rng(3)
        self.integer = network(rng, high)
        frames = rng.integers(1, high + 1, (STEPS, SAMPLES, 2, 9, 9)) * (rng.random((STEPS, SAMPLES, 2, 9, 9)) < 0.2)
        self.trace: Trace = simulate(self.integer, frames.astype(np.uint8))
        self.counts: Counts = count(self.integer, self.trace)
        self.ours: dict[str, Any] = neurobench(self.integer, self.counts)
        write_network(folder / "network.npz", self.integer, frames)
        self.first, self.second = answers_of("run_network.py", folder / "network.npz", *counters, times=2)

    @property
    def theirs(self) -> dict[str, Any]:
        found: dict[str, Any] = self.first["neurobench"]["result"]
        return found


@pytest.fixture(scope="module")
def spikes(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("spikes"), 1, ("neurobench", "spikingjelly", "sinabs", "syops"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("graded"), 3, ("neurobench",))


SAME = ("ParameterCount", "ConnectionSparsity", "ActivationSparsity", "ActivationSparsityByLayer", "SynapticOperations")


@pytest.mark.parametrize("field", SAME)
def test_neurobench_finds_the_same(field: str, spikes: Case) -> None:
    assert spikes.theirs[field] == pytest.approx(spikes.ours["results"][field], rel=1e-12)
    assert field not in spikes.ours["differs"]


def test_the_fields_are_those_of_neurobench(spikes: Case) -> None:
    assert list(spikes.ours["results"]) == [
        "Footprint",
        "ParameterCount",
        "ConnectionSparsity",
        "ActivationSparsity",
        "ActivationSparsityByLayer",
        "SynapticOperations",
        "MembraneUpdates",
    ]
    assert set(spikes.ours["results"]) == set(spikes.theirs)
    assert {"Footprint", "MembraneUpdates"} == set(spikes.ours["differs"])


def test_neurobench_counts_every_membrane_in_the_first_step_and_then_voltages_that_changed(spikes: Case) -> None:
    everyone, changed, active = 0, 0, 0
    for name in ("c1", "c2", "c3"):
        voltage, current = spikes.trace[f"{name}.voltage"], spikes.trace[f"{name}.current"]
        fired = spikes.trace[name] != 0
        before = np.concatenate([np.zeros_like(voltage[:1]), voltage[:-1]])
        earlier = np.concatenate([np.zeros_like(current[:1]), current[:-1]])
        everyone += voltage[0].size
        changed += int((voltage != before)[1:].sum())
        active += int(((voltage != before) | (current != earlier) | fired).sum())
    assert spikes.theirs["MembraneUpdates"] == (everyone + changed) / SAMPLES
    assert spikes.ours["results"]["MembraneUpdates"] == active / SAMPLES


def test_the_footprint_of_neurobench_is_of_a_torch_module_and_grows_with_the_first_batch(spikes: Case) -> None:
    parameters, neurons, scalars = 972, 150 + 150 + 5, 3 * 5
    assert spikes.theirs["ParameterCount"] == parameters
    assert spikes.theirs["Footprint"] == 4 * (parameters + scalars)
    assert spikes.second["neurobench"]["result"]["Footprint"] == 4 * (parameters + scalars + SAMPLES * neurons)


def test_one_graded_value_makes_a_whole_tensor_multiply_accumulates_for_neurobench(graded: Case) -> None:
    ours, theirs = graded.ours["results"]["SynapticOperations"], graded.theirs["SynapticOperations"]
    assert ours["Effective_ACs"] + ours["Effective_MACs"] == theirs["Effective_ACs"] + theirs["Effective_MACs"]
    assert ours["Dense"] == theirs["Dense"]
    assert ours["Effective_ACs"] > theirs["Effective_ACs"]
    first = graded.counts["k1"]
    both = first.uses("accumulate") + first.uses("multiply_accumulate")
    assert theirs["Effective_MACs"] == both.nonzero / SAMPLES
    assert "k1" in graded.ours["differs"]["SynapticOperations"]


def test_spikingjelly_finds_the_same_synaptic_operations_on_stored_weights(spikes: Case) -> None:
    found = spikes.first["spikingjelly"]["result"]
    assert found["SynOpCounter"] == spikes.counts.mean("accumulate")[0]
    assert found["MACCounter"] == 0


def test_accumulates_of_spikingjelly_are_more_than_synaptic_operations(spikes: Case) -> None:
    """Its AC counter adds what neurons compute, every addition of every neuron."""
    found = spikes.first["spikingjelly"]["result"]
    updates = spikes.counts.mean("neuron_update")[0]
    assert found["ACCounter"] - found["SynOpCounter"] == 4 * updates


def test_sinabs_finds_the_same_synaptic_operations_on_stored_weights(spikes: Case) -> None:
    assert spikes.first["sinabs"]["result"]["synops"] == pytest.approx(spikes.counts.mean("accumulate")[0], rel=1e-6)


def test_syops_is_the_dense_count_with_padding_and_bias_times_the_mean_rate_and_an_accumulate_for_each_neuron(
    spikes: Case,
) -> None:
    dense, graph = 0.0, spikes.integer.graph
    for node in graph.nodes:
        if isinstance(node, Conv2d):
            taps = (
                node.weight.shape[2]
                * node.weight.shape[3]
                * graph.input_shape(node)[0]
                * len(node.weight)
                // node.groups
            )
            bias = 0 if node.bias is None else len(node.bias)
            positions = np.prod(graph.shapes[node.name][1:])
            dense += spikes.counts.rate(node.name) * STEPS * float(positions) * (taps + bias)
        elif isinstance(node, Dense):
            dense += spikes.counts.rate(node.name) * STEPS * node.weight.size
    found = spikes.first["syops"]["result"]["ac"]
    assert found == pytest.approx(dense + spikes.counts.mean("neuron_update")[0], rel=1e-5)
    assert found > 1.2 * spikes.counts.mean("accumulate")[0]


def test_a_second_run_counts_the_same(spikes: Case) -> None:
    for name in ("neurobench", "spikingjelly", "sinabs", "syops"):
        one, two = (json.dumps({**run[name]["result"], "Footprint": 0}) for run in (spikes.first, spikes.second))
        assert one == two


def test_another_network_is_noticed(spikes: Case, graded: Case) -> None:
    assert spikes.theirs["SynapticOperations"] != graded.ours["results"]["SynapticOperations"]
