"""Cases by hand: the simulator is the specification, so these numbers are worked out on paper."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.errors import DataError
from neurodeploy.graph import Graph, IntGraph, Ref, Schedule, predictions, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input, Readout, Reset


def one_neuron(weight: int, **cuba: object) -> IntGraph:
    settings = {"current_decay": 4096, "voltage_decay": 0, "threshold": 80, **cuba}
    dense = Dense("fc", (Ref("input"),), np.array([[weight]]))
    return IntGraph(Graph((Input("input", (), (1,)), dense, Cuba("cuba", (Ref("fc"),), **settings))))


def run(graph: IntGraph, spikes: list[int], name: str) -> list[int]:
    return simulate(graph, np.array(spikes).reshape(-1, 1, 1))[name].reshape(-1).tolist()


def test_a_voltage_exactly_at_threshold_stays_silent() -> None:
    assert run(one_neuron(80), [1], "cuba") == [0]
    assert run(one_neuron(82), [1], "cuba") == [1]


def test_reset_to_zero_forgets_and_reset_by_subtraction_keeps_the_rest() -> None:
    assert run(one_neuron(100), [1, 0], "cuba.voltage") == [0, 0]
    assert run(one_neuron(100, reset=Reset.SUBTRACT), [1, 0], "cuba.voltage") == [64 * 20, 64 * 20]


def test_voltage_decays_towards_zero() -> None:
    # 64 * -3 = -192; half of it is -96, then -48, ...: truncation, never a floor
    assert run(one_neuron(-3, voltage_decay=2048), [1, 0, 0, 0], "cuba.voltage") == [-192, -96, -48, -24]
    assert run(one_neuron(-1, voltage_decay=4095), [1, 0], "cuba.voltage") == [-64, 0]


def test_current_keeps_what_its_decay_leaves() -> None:
    assert run(one_neuron(4, current_decay=1024, threshold=1000), [1, 0, 0], "cuba.current") == [256, 192, 144]
    assert run(one_neuron(4, current_decay=1024, threshold=1000), [1, 0, 0], "cuba.voltage") == [256, 448, 592]


def test_bias_is_added_to_the_voltage_at_every_step() -> None:
    graph = one_neuron(0, bias=np.array([30]), threshold=80)
    assert run(graph, [0, 0, 0, 0], "cuba.voltage") == [1920, 3840, 0, 1920]
    assert run(graph, [0, 0, 0, 0], "cuba") == [0, 0, 1, 0]


def test_currents_wrap_and_voltages_saturate() -> None:
    graph = one_neuron(32767, current_decay=0, voltage_decay=4096, threshold=131071)
    currents = run(graph, [1] * 5, "cuba.current")
    step = 64 * 32767
    assert currents == [step, 2 * step, 3 * step, 4 * step, 5 * step - 2**24]
    graph = one_neuron(32767, threshold=131071)
    assert max(run(graph, [1] * 5, "cuba.voltage")) <= 2**23 - 1


def test_a_recurrent_spike_arrives_one_step_later() -> None:
    nodes = (
        Input("input", (), (1,)),
        Dense("fc", (Ref("input"),), np.array([[100]])),
        Dense("back", (Ref("cuba", 1),), np.array([[100]])),
        Cuba("cuba", (Ref("fc"), Ref("back")), 4096, 4096, 80),
    )
    graph = IntGraph(Graph(nodes))
    assert run(graph, [0, 1, 0, 0], "cuba") == [0, 1, 1, 1]


def test_the_pipelined_schedule_shifts_a_network_without_biases() -> None:
    graph = one_neuron(100)
    later = IntGraph(replace(graph.graph, schedule=Schedule.PIPELINED))
    assert run(graph, [1, 0, 1, 0], "cuba") == [1, 0, 1, 0]
    assert run(later, [1, 0, 1, 0], "cuba") == [0, 1, 0, 1]


def test_a_bias_makes_the_schedules_differ_by_more_than_a_shift() -> None:
    graph = one_neuron(60, bias=np.array([30]), threshold=100)
    later = IntGraph(replace(graph.graph, schedule=Schedule.PIPELINED))
    assert run(graph, [1, 0, 0, 0], "cuba")[:3] != run(later, [1, 0, 0, 0], "cuba")[1:]


def test_readout_accumulates_and_wraps_like_a_current() -> None:
    nodes = (Input("input", (), (1,)), Dense("fc", (Ref("input"),), np.array([[30000]])), Readout("out", (Ref("fc"),)))
    values = run(IntGraph(Graph(nodes)), [1] * 5, "out")
    assert values == [1920000, 3840000, 5760000, 7680000, 9600000 - 2**24]


def test_samples_of_a_batch_do_not_meet(rng: np.random.Generator) -> None:
    graph = one_neuron(30, voltage_decay=100)
    frames = rng.integers(0, 2, (20, 7, 1))
    together = simulate(graph, frames)["cuba.voltage"]
    for sample in range(7):
        np.testing.assert_array_equal(simulate(graph, frames[:, [sample]])["cuba.voltage"][:, 0], together[:, sample])


def test_a_float_graph_runs_in_floats() -> None:
    nodes = (
        Input("input", (), (1,)),
        Dense("fc", (Ref("input"),), np.array([[0.5]])),
        Cuba("cuba", (Ref("fc"),), 4096, 2048, 0.7),
    )
    trace = simulate(Graph(nodes), np.ones((3, 1, 1)))
    np.testing.assert_allclose(trace["cuba.voltage"].reshape(-1), [0.5, 0.0, 0.5])
    np.testing.assert_array_equal(trace["cuba"].reshape(-1), [0, 1, 0])


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((2, 1, 2)),
        np.zeros((0, 1, 1)),
        np.full((1, 1, 1), 2),
        np.full((1, 1, 1), -1),
        np.full((1, 1, 1), np.nan),
    ],
)
def test_frames_that_do_not_fit_are_refused(frames: np.ndarray) -> None:
    with pytest.raises(DataError, match="frames"):
        simulate(one_neuron(1), frames)


def test_the_lowest_class_wins_a_tie() -> None:
    graph = Graph(
        (Input("i", (), (1,)), Dense("fc", (Ref("i"),), np.array([[2], [4], [4]])), Readout("r", (Ref("fc"),)))
    )
    assert predictions(graph, simulate(IntGraph(graph), np.ones((1, 1, 1), int))).tolist() == [1]
