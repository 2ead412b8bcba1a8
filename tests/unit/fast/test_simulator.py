"""The fast simulator equals the reference in every value."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from neurodeploy.conformance.cases import CASES, Case
from neurodeploy.conformance.choose import RngChoose
from neurodeploy.conformance.draw import draw_frames, draw_network
from neurodeploy.errors import DataError
from neurodeploy.fast import Simulator, simulate
from neurodeploy.graph import Graph, IntGraph, Ref, predictions, scores
from neurodeploy.graph import simulate as reference
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout, SumPool2d
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


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_and_blocks_change_no_value(threads: int, rng: np.random.Generator) -> None:
    integer, frames = network(rng), spikes(rng, 37)
    expected = reference(integer, frames)
    assert compare(expected, Simulator(integer, threads).trace(frames), expected.values).values > 0


def test_one_simulator_may_be_used_by_several_threads(rng: np.random.Generator) -> None:
    fast, frames = Simulator(network(rng), 2), [spikes(rng, 9) for _ in range(6)]
    expected = [fast.scores(part) for part in frames]
    with ThreadPoolExecutor(3) as pool:
        for wanted, found in zip(expected, pool.map(fast.scores, frames), strict=True):
            np.testing.assert_array_equal(found, wanted)


def child(fast: Simulator, frames: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(fast.scores(frames), expected)


def test_a_forked_process_may_go_on_with_it(rng: np.random.Generator) -> None:
    fast, frames = Simulator(network(rng), 2), spikes(rng, 9)
    process = multiprocessing.get_context("fork").Process(target=child, args=(fast, frames, fast.scores(frames)))
    process.start()
    process.join(60)
    assert process.exitcode == 0


LAYOUTS = {
    "wide": lambda frames: frames.astype(np.int64),
    "backwards in memory": np.asfortranarray,
    "a view": lambda frames: np.concatenate([frames, frames], 1)[:, ::-2],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_frames_may_lie_in_memory_as_they_like(layout: str, rng: np.random.Generator) -> None:
    integer, frames = network(rng), LAYOUTS[layout](spikes(rng))
    frames.flags.writeable = False
    expected = reference(integer, frames)
    compare(expected, simulate(integer, frames), expected.values)


def test_a_trace_is_no_view_of_the_frames(rng: np.random.Generator) -> None:
    frames = np.moveaxis(np.ascontiguousarray(np.moveaxis(spikes(rng), 1, 0)), 0, 1)
    assert not np.shares_memory(simulate(network(rng), frames)["input"], frames)


@pytest.mark.parametrize("weight", [8191, 8192, 32767])
def test_sums_are_exact_up_to_16_bits_and_beyond(weight: int) -> None:
    rows = np.array([[weight] * 4, [-weight] * 4, [weight, -weight] * 2])
    dense = Dense("fc", (Ref("input"),), rows, np.array([3, -3, 0]))
    integer = IntGraph(Graph((Input("input", (), (4,)), dense, Cuba("cuba", (Ref("fc"),), 4096, 0, 131071))))
    frames = np.array([[list(map(int, f"{bits:04b}")) for bits in range(16)]], np.uint8)
    expected = reference(integer, frames)
    compare(expected, simulate(integer, frames), expected.values)
    compare(expected, Simulator(integer).trace(frames, {"cuba", "cuba.current"}), expected.values)


def test_a_kind_without_a_kernel_is_computed_by_its_own_step(rng: np.random.Generator) -> None:
    nodes = (
        Input("input", (), (2, 11, 9), 3),
        SumPool2d("pool", (Ref("input"),), (2, 2), (2, 2)),
        Cuba("cuba", (Ref("pool"), Ref("cuba", 1)), 1000, 700, 3),
        Flatten("flat", (Ref("cuba"),)),
        Dense("fc", (Ref("flat"),), rng.integers(-9, 10, (3, 40))),
        Readout("answer", (Ref("fc"),)),
    )
    integer, frames = IntGraph(Graph(nodes)), rng.integers(0, 4, (6, 5, 2, 11, 9)).astype(np.uint8)
    fast, expected = Simulator(integer), reference(integer, frames)
    for kernels in (fast.plan.synapses, fast.plan.neurons):
        kernels.clear()
    fast.plan.fused.clear()
    assert compare(expected, fast.trace(frames), expected.values).values > 0


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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_conformance_case_is_equal(case: Case) -> None:
    expected = reference(case.integer, case.frames)
    compare(expected, simulate(case.integer, case.frames), expected.values)
