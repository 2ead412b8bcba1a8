"""The float check on traces made with numpy's float32: what passes, and every way to fail."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.errors import MismatchError
from neurodeploy.graph import Graph, Node, Ref, Synapse, Trace, simulate
from neurodeploy.graph.nodes import AvgPool2d, Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset
from neurodeploy.graph.numeric import FLOAT
from neurodeploy.verify.float_check import check_float

UNIT = 2.0**-24
Rng = np.random.Generator


def network(rng: Rng, reset: Reset = Reset.ZERO) -> Graph:
    nodes: list[Node] = [
        Input("input", (), (2, 8, 8)),
        Conv2d("conv", (Ref("input"),), rng.normal(0.3, 1, (3, 2, 3, 3)), rng.normal(size=3) * 0.1),
        AvgPool2d("pool", (Ref("conv"),), (2, 2), (2, 2)),
        Cuba("lif1", (Ref("pool"),), 4096, 410, 0.3, rng.random(3), reset),
        Flatten("flat", (Ref("lif1"),)),
        Dense("fc", (Ref("flat"),), rng.normal(0.3, 0.5, (6, 27))),
        Dense("back", (Ref("lif2", 1),), rng.normal(0, 0.3, (6, 6))),
        Cuba("lif2", (Ref("fc"), Ref("back")), 2000, 700, 4.0, None, reset),
        Dense("last", (Ref("lif2"),), rng.normal(size=(4, 6))),
        Readout("answer", (Ref("last"),)),
    ]
    return Graph(tuple(nodes))


def data(rng: Rng) -> np.ndarray:
    return (rng.random((9, 2, 2, 8, 8)) < 0.3).astype(np.int64)


def runtime(graph: Graph, frames: np.ndarray, after: float = 0.0) -> Trace:
    """A float32 run of one step after the other, with all states; `after` is added to each membrane."""
    values: dict[str, np.ndarray] = {}
    steps, batch = frames.shape[:2]
    for node in graph.nodes:
        for name in (node.name, *(f"{node.name}.{state}" for state in ("current", "voltage", "membrane"))):
            values[name] = np.zeros((steps, batch, *graph.shapes[node.name]))
    for time in range(steps):
        for node in graph.nodes:
            value = frames[time] if not node.inputs else np.zeros((batch, *graph.input_shape(node)))
            for ref in node.inputs:
                if time >= graph.delay(node, ref):
                    value = np.float32(value + values[ref.node][time - graph.delay(node, ref)])
            _step(node, time, value, values, np.float32(after))
    names = {node.name for node in graph.nodes if node.states}
    return Trace({name: array for name, array in values.items() if name.partition(".")[0] in names})


def _step(node: Node, time: int, value: np.ndarray, values: dict, after: np.float32) -> None:
    single = np.float32
    if not node.states:
        if isinstance(node, Synapse):
            bias = None if node.bias is None else single(node.bias)
            node = replace(node, weight=single(node.weight), bias=bias)
        values[node.name][time] = single(node.step(np.float64(value), {}, FLOAT)[0])
        return
    before = {s: values[f"{node.name}.{s}"][time - 1] * (time > 0) for s in ("current", "voltage")}
    if not isinstance(node, Cuba):
        total = single(single(before["current"]) + value)
        for name in (node.name, f"{node.name}.current", f"{node.name}.voltage"):
            values[name][time] = total
        return
    current = single(single(before["current"]) * single(1 - node.current_decay / 4096) + value)
    bias = single(0) if node.bias is None else node.bias.astype(single).reshape(-1, *(1,) * (value.ndim - 2))
    membrane = single(single(before["voltage"]) * single(1 - node.voltage_decay / 4096) + current + bias) + after
    spikes = membrane > single(node.threshold)
    rest = membrane - single(node.threshold) if node.reset is Reset.SUBTRACT else np.zeros_like(membrane)
    parts = {"": spikes, ".current": current, ".membrane": membrane, ".voltage": np.where(spikes, rest, membrane)}
    for part, array in parts.items():
        values[f"{node.name}{part}"][time] = array


def check(graph: Graph, frames: np.ndarray, found: Trace):
    return check_float(graph, frames, simulate(graph, frames), found, UNIT)


@pytest.mark.parametrize("reset", list(Reset))
def test_a_float32_run_passes_and_everything_is_counted(reset: Reset, rng: Rng) -> None:
    graph, frames = network(rng, reset), data(rng)
    checked = check(graph, frames, runtime(graph, frames))
    sizes = 9 * 2 * (4 * 27 + 4 * 6 + 3 * 4)
    assert checked.values == sizes
    assert 0 < checked.largest < 1e-5
    assert checked.borderline == {"lif1": 0, "lif2": 0}
    assert (checked.differing_spikes, checked.differing_answers, checked.samples) == (0, 0, 2)
    assert checked.spikes > 50


def test_fewer_exposed_values_still_pass(rng: Rng) -> None:
    graph, frames = network(rng), data(rng)
    everything = runtime(graph, frames)
    spikes = Trace({name: everything[name] for name in ("lif1", "lif2", "answer")})
    assert check(graph, frames, spikes).values == 9 * 2 * (27 + 6 + 4)


def test_a_missing_neuron_is_no_trace_to_check(rng: Rng) -> None:
    graph, frames = network(rng), data(rng)
    with pytest.raises(ValueError, match="lif2"):
        check(graph, frames, Trace({"lif1": runtime(graph, frames)["lif1"]}))


def changed(name: str, field: str, change: Callable) -> Callable[[Graph], Graph]:
    def damage(graph: Graph) -> Graph:
        node = replace(graph[name], **{field: change(getattr(graph[name], field))})
        return replace(graph, nodes=tuple(node if old.name == name else old for old in graph.nodes))

    return damage


def one(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flat[int(np.abs(array).argmax())] *= 1.001
    return array


DAMAGES = {
    "a weight of a convolution by a thousandth": ("lif1.current", changed("conv", "weight", one)),
    "a weight of a dense layer by a thousandth": ("lif2.current", changed("fc", "weight", one)),
    "a recurrent weight by a thousandth": ("lif2.current", changed("back", "weight", one)),
    "a weight before the readout by a thousandth": ("answer", changed("last", "weight", one)),
    "a bias by a thousandth": ("lif1.membrane", changed("lif1", "bias", one)),
    "a voltage decay by one 4096th": ("lif2.membrane", changed("lif2", "voltage_decay", lambda d: d + 1)),
    "a current decay by one 4096th": ("lif2.current", changed("lif2", "current_decay", lambda d: d - 1)),
    "the other reset": ("lif2.voltage", changed("lif2", "reset", lambda reset: Reset.SUBTRACT)),
    "half the threshold": ("lif1", changed("lif1", "threshold", lambda threshold: threshold / 2)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_run_of_another_network_is_a_mismatch_at_the_damaged_node(damage: str, rng: Rng) -> None:
    graph, frames = network(rng), data(rng)
    place, change = DAMAGES[damage]
    with pytest.raises(MismatchError) as caught:
        check(graph, frames, runtime(change(graph), frames))
    assert caught.value.node == place
    assert caught.value.differing > 0


def test_spikes_alone_show_a_halved_threshold(rng: Rng) -> None:
    graph, frames = network(rng), data(rng)
    wrong = runtime(changed("lif2", "threshold", lambda threshold: threshold / 2)(graph), frames)
    spikes = Trace({name: wrong[name] for name in ("lif1", "lif2", "answer")})
    with pytest.raises(MismatchError, match="lif2"):
        check(graph, frames, spikes)


def chain(weight: float, threshold: float) -> Graph:
    dense = Dense("fc", (Ref("input"),), np.array([[weight]]))
    return Graph((Input("input", (), (1,)), dense, Cuba("lif", (Ref("fc"),), 4096, 0, threshold)))


def test_a_spike_that_rounding_decides_is_borderline(rng: Rng) -> None:
    graph, frames = chain(0.1, 0.3), np.ones((3, 1, 1), np.int64)  # 3 x 0.1 is above 0.3 in float64
    found = runtime(graph, frames, after=-2e-9)
    assert simulate(graph, frames)["lif"].sum() == 1
    assert found["lif"].sum() == 0
    checked = check(graph, frames, found)
    assert checked.borderline == {"lif": 1}
    assert checked.differing_spikes == 1
    spikes = Trace({"lif": found["lif"]})
    assert check(graph, frames, spikes).borderline == {"lif": 1}


def test_greater_or_equal_is_a_mismatch_where_the_voltage_is_shown(rng: Rng) -> None:
    graph, frames = chain(0.25, 0.5), np.ones((2, 1, 1), np.int64)
    found = dict(runtime(graph, frames).values)
    found["lif"] = (found["lif.membrane"] >= 0.5).astype(np.float64)
    found["lif.voltage"] = np.where(found["lif"] > 0, 0, found["lif.membrane"])
    with pytest.raises(MismatchError, match="lif at timestep 1"):
        check(graph, frames, Trace(found))


def test_values_that_are_no_spikes_and_not_a_number_are_mismatches(rng: Rng) -> None:
    graph, frames = chain(0.25, 0.5), np.ones((2, 1, 1), np.int64)
    for name, wrong in (("lif", 0.5), ("lif.current", np.nan), ("lif.voltage", np.inf)):
        found = {key: array.copy() for key, array in runtime(graph, frames).values.items()}
        found[name][1, 0, 0] = wrong
        with pytest.raises(MismatchError):
            check(graph, frames, Trace(found))


def test_nothing_added_up_must_be_exactly_zero() -> None:
    graph, frames = chain(0.25, 0.5), np.zeros((2, 1, 1), np.int64)
    silent = Trace({"lif": np.zeros((2, 1, 1)), "lif.current": np.zeros((2, 1, 1))})
    assert check(graph, frames, silent).largest == 0
    tiny = Trace({"lif": np.zeros((2, 1, 1)), "lif.current": np.full((2, 1, 1), 1e-20)})
    with pytest.raises(MismatchError):
        check(graph, frames, tiny)


def test_rounded_decays_may_miss_a_share_of_the_whole_state_and_others_may_not(rng: Rng) -> None:
    """A neuron that keeps 1/4096: what float32 seconds do to its decay is little of the state, much of what is left."""
    dense = Dense("fc", (Ref("input"),), rng.normal(1, 1, (5, 8)))
    graph = Graph((Input("input", (), (8,)), dense, Cuba("lif", (Ref("fc"),), 4095, 4096, 1e3)))
    frames = (rng.random((6, 3, 8)) < 0.3).astype(np.int64)
    frames[1::2] = 0
    found = dict(runtime(graph, frames).values)
    kept = np.float32(1) - np.float32(1e-4) / np.float32(1e-4 * 4096 / 4095)
    found["lif.current"] = found["lif.current"].copy()
    found["lif.current"][1::2] = found["lif.current"][::2] * np.float64(kept + np.float32(6e-8))
    expected = simulate(graph, frames)
    assert check_float(graph, frames, expected, Trace(found), UNIT, decays_round=True).values > 0
    with pytest.raises(MismatchError, match="lif"):
        check_float(graph, frames, expected, Trace(found), UNIT)
