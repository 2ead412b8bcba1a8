"""The fast simulator equals the reference in every value; a kernel that is a little wrong does not."""

import numba
import numpy as np
import pytest

from neurodeploy.conformance.cases import CASES, Case
from neurodeploy.conformance.choose import RngChoose
from neurodeploy.conformance.draw import draw_frames, draw_network
from neurodeploy.errors import DataError, MismatchError
from neurodeploy.fast import Simulator, kernels, simulate
from neurodeploy.graph import Graph, IntGraph, Ref, predictions, scores
from neurodeploy.graph import simulate as reference
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.verify.compare import compare


def network(rng: np.random.Generator) -> IntGraph:
    """Two convs (one grouped), a dense layer with a current memory, a readout: every fused kernel."""
    weight = rng.integers(-40, 41, (6, 2, 3, 3)), rng.integers(-40, 41, (4, 3, 3, 3))
    nodes = (
        Input("input", (), (2, 11, 9)),
        Conv2d("conv1", (Ref("input"),), weight[0], None, (2, 1), (1, 1)),
        Cuba("cuba1", (Ref("conv1"),), 4096, 1000, 60, bias=rng.integers(-20, 20, 6)),
        Conv2d("conv2", (Ref("cuba1"),), weight[1], rng.integers(-9, 9, 4), (1, 2), (0, 1), (1, 2), 2),
        Cuba("cuba2", (Ref("conv2"),), 4096, 300, 50),
        Flatten("flat", (Ref("cuba2"),)),
        Dense("fc1", (Ref("flat"),), rng.integers(-40, 41, (17, 4 * 4 * 4))),
        Cuba("cuba3", (Ref("fc1"),), 1000, 700, 60),
        Dense("fc2", (Ref("cuba3"),), rng.integers(-40, 41, (3, 17))),
        Readout("answer", (Ref("fc2"),)),
    )
    return IntGraph(Graph(nodes))


def spikes(rng: np.random.Generator, batch: int = 5, density: float = 0.3) -> np.ndarray:
    return (rng.random((6, batch, 2, 11, 9)) < density).astype(np.uint8)


@pytest.mark.parametrize("seed", range(200))
def test_random_networks_are_equal_in_every_value(seed: int) -> None:
    choose = RngChoose(np.random.default_rng(seed))
    drawn = draw_network(choose).network
    frames = draw_frames(choose, drawn)
    expected = reference(drawn, frames)
    found = simulate(drawn, frames)
    assert set(found.values) == set(expected.values)
    assert compare(expected, found, expected.values).values > 0
    neurons = {node.name for node in drawn.graph.nodes if node.states}
    compare(expected, Simulator(drawn).trace(frames, neurons), expected.values)


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("density", [0.0, 0.05, 1.0])
def test_fused_layers_are_equal_at_every_density(batch: int, density: float, rng: np.random.Generator) -> None:
    integer, frames = network(rng), spikes(rng, batch, density)
    names = [f"{name}{part}" for name in ("cuba1", "cuba2", "cuba3", "answer") for part in ("", ".current", ".voltage")]
    expected, found = reference(integer, frames), Simulator(integer).trace(frames, names)
    assert set(found.values) == set(names)
    assert compare(expected, found, names).values > 0


def test_scores_and_answers_are_those_of_the_reference(rng: np.random.Generator) -> None:
    integer, frames = network(rng), spikes(rng, 9)
    expected, fast = reference(integer, frames), Simulator(integer)
    np.testing.assert_array_equal(fast.scores(frames), scores(integer.graph, expected))
    np.testing.assert_array_equal(fast.predictions(frames), predictions(integer.graph, expected))


def test_one_thread_and_two_give_the_same_values(rng: np.random.Generator) -> None:
    integer, frames = network(rng), spikes(rng, 9)
    before, found = numba.get_num_threads(), []
    try:
        for threads in {1, before}:
            numba.set_num_threads(threads)
            found.append(simulate(integer, frames))
    finally:
        numba.set_num_threads(before)
    compare(found[0], found[-1], found[0].values)


def test_a_kind_without_a_kernel_is_computed_by_its_own_step(rng: np.random.Generator) -> None:
    pooled = draw_network(RngChoose(np.random.default_rng(1))).network  # has SumPool2d
    assert any(type(node).__name__ == "SumPool2d" for node in pooled.graph.nodes)
    frames = draw_frames(RngChoose(np.random.default_rng(1)), pooled)
    compare(reference(pooled, frames), simulate(pooled, frames), reference(pooled, frames).values)


def test_neurons_on_a_flattened_map_keep_the_order_of_the_graph(rng: np.random.Generator) -> None:
    nodes = (
        Input("input", (), (2, 3, 4), 9),
        Flatten("flat", (Ref("input"),)),
        Cuba("cuba", (Ref("flat"),), 4096, 900, 5, bias=rng.integers(-3, 9, 24)),
    )
    integer, frames = IntGraph(Graph(nodes)), rng.integers(0, 10, (4, 3, 2, 3, 4)).astype(np.uint8)
    expected = reference(integer, frames)
    compare(expected, simulate(integer, frames), expected.values)


def test_frames_that_do_not_fit_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(DataError, match="wanted"):
        simulate(network(rng), np.zeros((3, 2, 5), np.uint8))


DAMAGE = {
    "a decay": lambda node: setattr_frozen(node, "voltage_decay", node.voltage_decay + 1),
    "a threshold": lambda node: setattr_frozen(node, "threshold", node.threshold + 1),
    "a bias": lambda node: setattr_frozen(node, "bias", node.bias + 1),
}


def setattr_frozen(node: Cuba, field: str, value: object) -> None:
    object.__setattr__(node, field, value)


@pytest.mark.parametrize("what", DAMAGE)
def test_wrong_numbers_in_the_prepared_network_are_noticed(what: str, rng: np.random.Generator) -> None:
    integer, frames = network(rng), spikes(rng)
    expected = reference(integer, frames)
    DAMAGE[what](integer.graph["cuba1"])
    with pytest.raises(MismatchError):
        compare(expected, simulate(integer, frames), expected.values)


def test_a_wrong_kernel_is_noticed(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = kernels.neurons

    def late(sums: np.ndarray, *rest: np.ndarray) -> None:
        genuine(np.roll(sums, 1, axis=0), *rest)

    integer, frames = network(rng), spikes(rng)
    expected = reference(integer, frames)
    monkeypatch.setattr(kernels, "neurons", late)
    with pytest.raises(MismatchError):
        compare(expected, simulate(integer, frames), expected.values)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_conformance_case_is_equal(case: Case) -> None:
    expected = reference(case.integer, case.frames)
    compare(expected, simulate(case.integer, case.frames), expected.values)
