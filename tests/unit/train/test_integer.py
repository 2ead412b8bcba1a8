"""The torch execution of integer graphs equals the simulator in every output, current and voltage."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.errors import DataError
from neurodeploy.graph import Graph, IntGraph, Ref, Schedule, Trace, simulate
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset, SumPool2d
from neurodeploy.train.integer import is_recurrent, run_integer


def assert_same(found: Trace, wanted: Trace) -> None:
    assert set(found.values) == set(wanted.values)
    for name, values in wanted.values.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def neuron(rng: np.random.Generator, name: str, source: str, channels: int, *more: Ref) -> Cuba:
    current = int(rng.choice([4096, rng.integers(0, 4097)]))
    bias = rng.integers(-40, 60, channels) if rng.random() < 0.5 else None
    threshold, reset = int(rng.integers(0, 250)), Reset(rng.choice(["zero", "subtract"]))
    inputs = (Ref(source), *more)
    return Cuba(name, inputs, current, int(rng.integers(0, 4097)), threshold, bias, reset)


def random_graph(rng: np.random.Generator, schedule: Schedule) -> Graph:
    """Every node kind; recurrence, delays, groups, dilation and event counts by chance."""
    recurrent = rng.random() < 0.5
    groups = int(rng.choice([1, 2]))
    conv = Conv2d(
        "conv",
        (Ref("input", int(rng.integers(0, 2))),),
        rng.integers(-90, 100, (4, 2 // groups, 3, 2)),
        bias=rng.integers(-9, 9, 4) if rng.random() < 0.5 else None,
        stride=(int(rng.integers(1, 3)), 1),
        padding=(1, int(rng.integers(0, 2))),
        dilation=(1, int(rng.integers(1, 3))),
        groups=groups,
    )
    head = (Input("input", (), (2, 7, 8), high=int(rng.choice([1, 255]))), conv)
    pool, flat = SumPool2d("pool", (Ref("cuba1"),), (2, 2), (1, 2)), Flatten("flat", (Ref("pool"),))
    body = (*head, neuron(rng, "cuba1", "conv", 4), pool, flat)
    size = Graph(body).shapes["flat"][0]
    # A synapse that reads a later neuron needs an earlier one too: its shape is inferred from that.
    sources = (Ref("cuba2"), *((Ref("cuba3", int(rng.integers(1, 3))),) if recurrent else ()))
    tail = (
        Dense("fc", (Ref("flat", int(rng.integers(0, 3))),), rng.integers(-60, 70, (6, size))),
        neuron(rng, "cuba2", "fc", 6),
        Dense("loop", sources, rng.integers(-50, 50, (6, 6))),
        neuron(rng, "cuba3", "fc", 6, Ref("loop")),
        Add("both", (Ref("cuba2"), Ref("cuba3", 2))),
        Dense("out", (Ref("both"),), rng.integers(-255, 255, (3, 6)), bias=rng.integers(-5, 5, 3)),
        Readout("readout", (Ref("out"),)),
    )
    return Graph((*body, *tail), schedule=schedule)


@given(seed=st.integers(0, 2**32 - 1), schedule=st.sampled_from(Schedule))
@settings(max_examples=40, deadline=None)
def test_random_graphs_give_the_same_trace(seed: int, schedule: Schedule) -> None:
    rng = np.random.default_rng(seed)
    graph = IntGraph(random_graph(rng, schedule))
    high = graph.graph.input.high
    frames = (rng.random((5, 3, 2, 7, 8)) < 0.4) * rng.integers(1, high + 1, (5, 3, 2, 7, 8))
    assert_same(run_integer(graph, frames.astype(np.uint8)), simulate(graph, frames))


def chain(*nodes: object, inputs: int = 4, high: int = 1) -> IntGraph:
    return IntGraph(Graph((Input("input", (), (inputs,), high), *nodes)))


def test_large_sums_wrapping_currents_and_saturating_voltages_are_exact(rng: np.random.Generator) -> None:
    weight = rng.integers(-30000, 30001, (5, 200))
    graph = chain(
        Dense("fc", (Ref("input"),), weight),
        Cuba("cuba", (Ref("fc"),), 50, 7, 131071),
        Dense("out", (Ref("cuba"),), rng.integers(-30000, 30001, (3, 5))),
        Readout("readout", (Ref("out"),)),
        inputs=200,
        high=4,
    )
    frames = rng.integers(0, 5, (30, 4, 200))
    wanted = simulate(graph, frames)
    assert np.abs(wanted["fc"]).max() > 2**17
    assert np.abs(wanted["cuba.voltage"]).max() == 2**23 - 1
    assert_same(run_integer(graph, frames), wanted)


def test_sums_beyond_float32_are_exact() -> None:
    """2**24 + 1 has no float32: 255 * 32767 * 2 + 1 would lose its last unit."""
    weight = np.array([[32767, 32767, 1, 0]])
    graph = chain(Dense("fc", (Ref("input"),), weight), Cuba("cuba", (Ref("fc"),), 4096, 0, 1), high=255)
    frames = np.array([255, 255, 1, 0]).reshape(1, 1, 4)
    assert run_integer(graph, frames)["fc"].item() == 2 * 255 * 32767 + 1


def test_a_changed_weight_decay_or_threshold_is_seen(rng: np.random.Generator) -> None:
    fc = Dense("fc", (Ref("input"),), rng.integers(-90, 90, (3, 4)))
    cuba = Cuba("cuba", (Ref("fc"),), 4096, 1000, 60)
    frames = rng.integers(0, 2, (20, 2, 4))
    wanted = simulate(chain(fc, cuba), frames)
    assert_same(run_integer(chain(fc, cuba), frames), wanted)
    changed = fc.weight.copy()
    changed[1, 2] += 1
    for nodes in (
        (replace(fc, weight=changed), cuba),
        (fc, replace(cuba, voltage_decay=1001)),
        (fc, replace(cuba, threshold=50)),
        (fc, replace(cuba, reset=Reset.SUBTRACT)),
    ):
        with pytest.raises(AssertionError):
            assert_same(run_integer(chain(*nodes), frames), wanted)


def test_without_states_only_outputs_are_returned() -> None:
    graph = chain(Dense("fc", (Ref("input"),), np.ones((2, 4), int)), Cuba("cuba", (Ref("fc"),), 4096, 0, 1))
    trace = run_integer(graph, np.ones((2, 1, 4), np.uint8), states=False)
    assert set(trace.values) == {"input", "fc", "cuba"}


def test_frames_that_do_not_fit_are_refused() -> None:
    graph = chain(Dense("fc", (Ref("input"),), np.ones((2, 4), int)), Cuba("cuba", (Ref("fc"),), 4096, 0, 1))
    with pytest.raises(DataError, match="shape"):
        run_integer(graph, np.zeros((2, 1, 5), np.uint8))
    with pytest.raises(DataError, match="takes 0..1"):
        run_integer(graph, np.full((2, 1, 4), 2, np.uint8))


def test_recurrence_is_recognised(rng: np.random.Generator) -> None:
    fc = Dense("fc", (Ref("input", 2),), np.ones((2, 4), int))
    assert not is_recurrent(chain(fc, Cuba("cuba", (Ref("fc"),), 4096, 0, 1)).graph)
    looped = Cuba("cuba", (Ref("fc"), Ref("cuba", 1)), 4096, 0, 1)
    assert is_recurrent(chain(fc, looped).graph)
