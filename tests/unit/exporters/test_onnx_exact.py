"""The integer files against the simulator: every spike, current and voltage, at every timestep."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from onnx_nets import INTEGER, export, frames, random_network, run

from neurodeploy.graph import Graph, IntGraph, Node, Ref, Schedule, simulate
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset, SumPool2d
from neurodeploy.verify.compare import compare

Rng = np.random.Generator


def assert_exact(graph: Graph, folder: Path, data: np.ndarray, timesteps: int = 4) -> list[str]:
    """Names compared; all neurons, and all their states, are among them."""
    artefact = export(graph, folder, timesteps=timesteps)
    expected = simulate(IntGraph(graph), data)
    wanted = {n.name for n in graph.nodes if n.states} | {f"{n.name}.{s}" for n in graph.nodes for s in n.states}
    for runtime in INTEGER:
        found = run(artefact, runtime, data)
        assert compare(expected, found, expected.values).values > 0
        assert wanted <= set(found.values)
    return sorted(wanted)


def operators(folder: Path, name: str) -> set[str]:
    model = onnx.load(folder / "out" / "integer" / f"{name}.onnx")
    bodies = [a.g for node in model.graph.node for a in node.attribute if a.name == "body"]
    return {node.op_type for graph in (model.graph, *bodies) for node in graph.node}


def chain(weight: np.ndarray, high: int = 1, bias: np.ndarray | None = None, **cuba: object) -> Graph:
    settings = {"current_decay": 4096, "voltage_decay": 410, "threshold": 200, **cuba}
    dense = Dense("fc1", (Ref("input"),), weight, bias)
    first = Input("input", (), (weight.shape[1],), high)
    return Graph((first, dense, Cuba("lif1", (Ref("fc1"),), **settings)))


@pytest.mark.parametrize("seed", range(40))
def test_random_networks_are_equal_in_every_value(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    graph = random_network(rng)
    data = frames(rng, graph, int(rng.integers(1, 9)), int(rng.integers(1, 4)), float(rng.choice([0.1, 0.5, 1.0])))
    assert assert_exact(graph, tmp_path, data)


@pytest.mark.parametrize("reset", list(Reset))
@pytest.mark.parametrize(("current_decay", "voltage_decay"), [(4096, 410), (1024, 410), (4096, 0), (0, 4096), (1, 1)])
@pytest.mark.parametrize(("time", "batch"), [(1, 1), (13, 5)])
def test_every_neuron_kind_resets_and_decays_as_simulated(
    reset: Reset, current_decay: int, voltage_decay: int, time: int, batch: int, rng: Rng, tmp_path: Path
) -> None:
    settings = {"current_decay": current_decay, "voltage_decay": voltage_decay, "reset": reset}
    graph = chain(rng.integers(-128, 128, (9, 20)), bias=rng.integers(-30, 31, 9), **settings)
    assert assert_exact(graph, tmp_path, frames(rng, graph, time, batch))


@pytest.mark.parametrize("schedule", list(Schedule))
def test_convolutions_with_every_setting_are_exact(schedule: Schedule, rng: Rng, tmp_path: Path) -> None:
    nodes: list[Node] = [
        Input("input", (), (4, 11, 9), 3),
        Conv2d("grouped", (Ref("input"),), rng.integers(-128, 128, (6, 2, 3, 2)), rng.integers(-9, 9, 6), groups=2),
        Cuba("cuba1", (Ref("grouped"),), 2048, 410, 900, rng.integers(-90, 90, 6)),
        Conv2d("dilated", (Ref("cuba1"),), rng.integers(0, 256, (5, 6, 2, 3)), None, (2, 1), (1, 2), (2, 2)),
        Cuba("cuba2", (Ref("dilated"),), 4096, 1024, 700, reset=Reset.SUBTRACT),
        SumPool2d("pool", (Ref("cuba2"),), (2, 3), (1, 2)),
        Conv2d("small", (Ref("pool"),), rng.integers(-128, 128, (3, 5, 1, 1)) * 2, None, padding=(1, 0)),
        Cuba("cuba3", (Ref("small"),), 4096, 0, 500),
        Flatten("flat", (Ref("cuba3"),)),
        Dense("fc", (Ref("flat"),), rng.integers(-128, 128, (4, 54))),
        Readout("answer", (Ref("fc"),)),
    ]
    graph = Graph(tuple(nodes), schedule=schedule)
    assert len(assert_exact(graph, tmp_path, frames(rng, graph, 7, 3, 0.5))) == 12
    assert {"Conv", "Scan"} <= operators(tmp_path, "sequence")


def test_recurrence_delays_and_skips_are_exact(rng: Rng, tmp_path: Path) -> None:
    nodes: list[Node] = [
        Input("input", (), (12,)),
        Dense("fc1", (Ref("input", 2),), rng.integers(-128, 128, (8, 12))),
        Dense("back", (Ref("lif1", 1),), rng.integers(-128, 128, (8, 8))),
        Cuba("lif1", (Ref("fc1"), Ref("fc1", 3), Ref("back")), 4096, 410, 150),
        Add("skip", (Ref("lif1"), Ref("lif1", 2))),
        Dense("fc2", (Ref("skip"), Ref("lif2", 1)), rng.integers(-128, 128, (8, 8))),
        Cuba("lif2", (Ref("fc2"), Ref("lif1")), 3000, 410, 150),
    ]
    graph = Graph(tuple(nodes))
    data = frames(rng, graph, 17, 2)
    assert assert_exact(graph, tmp_path, data)
    trace = simulate(IntGraph(graph), data)
    assert trace["lif1"].any()
    assert trace["lif2"].any()


def test_a_voltage_exactly_at_threshold_stays_silent(tmp_path: Path) -> None:
    graph = chain(np.array([[80], [81]]), voltage_decay=0, threshold=80)
    data = np.ones((1, 1, 1), int)
    assert assert_exact(graph, tmp_path, data)
    assert simulate(IntGraph(graph), data)["lif1"][0, 0].tolist() == [0, 1]


@pytest.mark.parametrize("sign", [-1, 1])
def test_currents_wrap_and_voltages_saturate_as_simulated(sign: int, tmp_path: Path) -> None:
    weight = sign * np.full((2, 400), 254)
    graph = chain(weight, current_decay=0, voltage_decay=1, threshold=131071)
    data = np.ones((9, 2, 400), int)
    assert assert_exact(graph, tmp_path, data)
    trace = simulate(IntGraph(graph), data)
    assert np.ptp(np.sign(trace["lif1.current"])) == 2
    assert np.abs(trace["lif1.voltage"]).max() > 2**22


@pytest.mark.parametrize("current_decay", [0, 7, 4096])
def test_sums_beyond_one_wrap_are_exact_too(current_decay: int, rng: Rng, tmp_path: Path) -> None:
    graph = chain(rng.integers(-128, 128, (3, 40)) * 2, high=255, current_decay=current_decay, threshold=131071)
    data = np.full((12, 2, 40), 255)
    assert assert_exact(graph, tmp_path, data)
    assert max(map(abs, IntGraph(graph).bounds["fc1"])) > 2**18


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("high", [1, 255])
def test_a_readout_wraps_at_24_bits(sign: int, high: int, tmp_path: Path) -> None:
    dense = Dense("fc", (Ref("input"),), sign * np.array([[127] * 64, [1] * 64]))
    graph = Graph((Input("input", (), (64,), high), dense, Readout("answer", (Ref("fc"),))))
    data = np.full((40 if high > 1 else 300, 1, 64), high)
    assert assert_exact(graph, tmp_path, data)
    assert np.abs(simulate(IntGraph(graph), data)["answer"]).max() > 2**22


def test_a_readout_at_exactly_the_limit_saturates_but_keeps_its_current(tmp_path: Path) -> None:
    dense = Dense("fc", (Ref("input"),), np.array([[128] * 64 + [0] * 64, [0] * 64 + [-128] * 64]))
    graph = Graph((Input("input", (), (128,), 1), dense, Readout("answer", (Ref("fc"),))))
    data = np.ones((17, 1, 128), int)
    assert assert_exact(graph, tmp_path, data)
    trace = simulate(IntGraph(graph), data)
    assert trace["answer.current"][15, 0].tolist() == [2**23, 2**23]
    assert trace["answer"][15, 0].tolist() == [2**23 - 1, 2**23 - 1]


@pytest.mark.parametrize(
    ("low", "high", "step", "most"),
    [(-128, 128, 1, 255), (0, 256, 1, 255), (-128, 128, 2, 127), (-(2**15), 2**15, 1, 8), (-128, 128, 1, 128)],
)
def test_weights_of_every_storage_are_exact_at_their_extremes(
    low: int, high: int, step: int, most: int, rng: Rng, tmp_path: Path
) -> None:
    weight = rng.choice([low, high - 1], (64, 70)) * step
    weight[0], weight[1] = low * step, (high - 1) * step
    graph = chain(weight, high=most, threshold=131071)
    data = np.concatenate([np.full((1, 2, 70), most), frames(rng, graph, 3, 2)])
    assert assert_exact(graph, tmp_path, data)
    assert "MatMulInteger" in operators(tmp_path, "sequence")


@pytest.mark.parametrize(("channels", "operator"), [(86, "Conv"), (87, "ConvInteger")])
def test_float_convolution_is_used_and_exact_up_to_24_bits(
    channels: int, operator: str, rng: Rng, tmp_path: Path
) -> None:
    weight = np.full((3, channels, 1, 3), 255)
    weight[1] = rng.integers(250, 256, weight[1].shape)
    weight[2] *= rng.choice([0, 1], weight[2].shape)
    nodes = (
        Input("input", (), (channels, 2, 6), 255),
        Conv2d("conv", (Ref("input"),), weight, padding=(0, 1)),
        Cuba("cuba", (Ref("conv"),), 4096, 4096, 131071),
    )
    graph = Graph(nodes)
    data = np.concatenate([np.full((1, 2, channels, 2, 6), 255), 255 - rng.integers(0, 3, (2, 2, channels, 2, 6))])
    assert assert_exact(graph, tmp_path, data)
    bound = max(IntGraph(graph).bounds["conv"])
    assert (bound <= 2**24) == (operator == "Conv")
    assert {"Conv", "ConvInteger"} & operators(tmp_path, "sequence") == {operator}


def test_three_by_three_convolutions_round_nothing(rng: Rng, tmp_path: Path) -> None:
    nodes = (
        Input("input", (), (32, 9, 9), 255),
        Conv2d("conv", (Ref("input"),), rng.choice([-128, 31, 127], (16, 32, 3, 3)), padding=(1, 1)),
        Cuba("cuba", (Ref("conv"),), 4096, 0, 100000),
    )
    graph = Graph(nodes)
    data = rng.choice([0, 254, 255], (4, 2, 32, 9, 9))
    assert assert_exact(graph, tmp_path, data)
    assert "Conv" in operators(tmp_path, "step")


def test_sums_without_a_neuron_between_are_exact_in_float(rng: Rng, tmp_path: Path) -> None:
    nodes = (
        Input("input", (), (10,)),
        Dense("fc1", (Ref("input"),), rng.integers(-128, 128, (7, 10)), rng.integers(-50, 50, 7)),
        Dense("fc2", (Ref("fc1"),), rng.integers(-90, 90, (6, 7))),
        Cuba("lif", (Ref("fc2"),), 4096, 410, 3000),
    )
    graph = Graph(nodes)
    assert assert_exact(graph, tmp_path, frames(rng, graph, 6, 2))
    assert "MatMul" in operators(tmp_path, "sequence")


@pytest.mark.parametrize("last", ["Dense", "Conv2d", "Flatten", "SumPool2d", "Add"])
def test_a_network_may_end_with_any_node(last: str, rng: Rng, tmp_path: Path) -> None:
    nodes: list[Node] = [
        Input("input", (), (2, 5, 5), 9),
        Conv2d("conv", (Ref("input"),), rng.integers(-128, 128, (3, 2, 3, 3))),
        Cuba("cuba", (Ref("conv"),), 4096, 410, 300),
    ]
    if last == "Dense":
        nodes += [Flatten("flat", (Ref("cuba"),)), Dense("fc", (Ref("flat"),), rng.integers(-128, 128, (4, 27)))]
    ends: dict[str, Node] = {
        "Conv2d": Conv2d("end", (Ref("cuba"),), rng.integers(-9, 9, (2, 3, 1, 1)), rng.integers(-9, 9, 2)),
        "Flatten": Flatten("end", (Ref("cuba"),)),
        "SumPool2d": SumPool2d("end", (Ref("cuba"),), (2, 2), (1, 1)),
        "Add": Add("end", (Ref("cuba"), Ref("cuba", 1))),
    }
    graph = Graph((*nodes, ends[last]) if last in ends else tuple(nodes))
    assert assert_exact(graph, tmp_path, frames(rng, graph, 5, 2))


def test_more_timesteps_than_exported_run_on(rng: Rng, tmp_path: Path) -> None:
    graph = chain(rng.integers(-128, 128, (6, 9)))
    assert assert_exact(graph, tmp_path, frames(rng, graph, 50, 1), timesteps=3)


def test_states_carry_from_step_to_step_and_start_at_zero_for_every_call(rng: Rng, tmp_path: Path) -> None:
    graph = chain(np.full((1, 1), 90), voltage_decay=0, threshold=200)
    artefact = export(graph, tmp_path)
    for _ in range(2):
        found = run(artefact, INTEGER[1], np.ones((4, 1, 1), int))
        assert found["lif1.voltage"][:, 0, 0].tolist() == [64 * 90, 64 * 180, 0, 64 * 90]


def test_nodes_may_have_the_names_that_the_files_use(rng: Rng, tmp_path: Path) -> None:
    nodes: list[Node] = [
        Input("output", (), (1, 3, 3), 2),
        Flatten("x", (Ref("output"),)),
        Dense("frames", (Ref("x"),), rng.integers(-128, 128, (5, 9))),
        Cuba("time", (Ref("frames"),), 2048, 410, 100),
        Dense("state", (Ref("time"),), rng.integers(-128, 128, (5, 5))),
        Cuba("zero", (Ref("state"),), 4096, 410, 100),
        Dense("scale", (Ref("zero"),), rng.integers(-128, 128, (5, 5))),
        Readout("network", (Ref("scale"),)),
    ]
    graph = Graph(tuple(nodes))
    assert assert_exact(graph, tmp_path, frames(rng, graph, 5, 2))


def test_a_neuron_may_read_the_frames_themselves(rng: Rng, tmp_path: Path) -> None:
    graph = Graph((Input("input", (), (2, 3, 3), 200), Cuba("cuba", (Ref("input"),), 4096, 410, 300)))
    assert assert_exact(graph, tmp_path, frames(rng, graph, 5, 2))
