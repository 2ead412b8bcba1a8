"""The generated C computes what the simulator does: every spike, current and voltage, of networks of every structure."""

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from c_nets import Net, library, net, random_networks, replay, require

from neurodeploy.conformance import RngChoose, draw_frames
from neurodeploy.graph import Graph, IntGraph, Node, Ref, Schedule, simulate
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset, SumPool2d
from neurodeploy.verify.compare import compare

Library = tuple[ctypes.CDLL, list[Net]]
RANDOM, SEED = 40, 20261121


@pytest.fixture(scope="module")
def random(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Random networks, dense weights by turns in tiles and in rows; all warnings are errors."""
    require("gcc")
    nets = [net(g, f"net{k}", rows=k % 2 == 1) for k, g in enumerate(random_networks(SEED, RANDOM))]
    return library(nets, tmp_path_factory.mktemp("random")), nets


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Networks in which one thing is as large or as odd as it gets."""
    require("gcc")
    nets = [
        net(IntGraph(make(np.random.default_rng(number))), name) for number, (name, make) in enumerate(CHOSEN.items())
    ]
    return library(nets, tmp_path_factory.mktemp("chosen")), nets


def assert_exact(lib: ctypes.CDLL, one: Net, frames: np.ndarray) -> None:
    expected = simulate(one.network, frames)
    output = expected[one.network.graph.output.name].reshape(*frames.shape[:2], -1)
    for dense in (False, True):
        found = replay(lib, one, frames, dense)
        assert compare(expected, found.trace, expected.values).values > 0
        spiking = isinstance(one.network.graph.output, Cuba)
        np.testing.assert_array_equal(found.answers, output.sum(-1) if spiking else 0)
        np.testing.assert_array_equal(found.classes, (output.cumsum(0) if spiking else output).argmax(-1))


def test_random_networks_are_exact(random: Library) -> None:
    lib, nets = random
    for number, one in enumerate(nets):
        assert_exact(lib, one, draw_frames(RngChoose(np.random.default_rng((SEED, number, 1))), one.network))


def even(rng: np.random.Generator, *shape: int, top: int = 60) -> np.ndarray:
    return 2 * rng.integers(-top, top + 1, shape)


def lif(name: str, *sources: str | Ref, **settings: object) -> Cuba:
    refs = tuple(s if isinstance(s, Ref) else Ref(s) for s in sources)
    values = {"current_decay": 4096, "voltage_decay": 410, "threshold": 150, **settings}
    return Cuba(name, refs, **values)  # type: ignore[arg-type]


def wide_input(rng: np.random.Generator) -> Graph:
    """More inputs than two bytes can number."""
    conv = Conv2d("conv1", (Ref("input"),), even(rng, 2, 2, 3, 3), stride=(61, 59))
    nodes = (Input("input", (), (2, 211, 173)), conv, lif("lif1", "conv1"))
    flat = Flatten("flat", (Ref("lif1"),))
    inside = Dense("fc", (Ref("flat"),), even(rng, 3, 2 * 4 * 3))
    return Graph((*nodes, flat, inside, lif("lif2", "fc")))


def indivisible_input(rng: np.random.Generator) -> Graph:
    """A map so large that its indices are divided bit by bit."""
    conv = Conv2d("conv1", (Ref("input"),), even(rng, 1, 3, 1, 3), stride=(101, 97))
    return Graph((Input("input", (), (3, 331, 337)), conv, lif("lif1", "conv1")))


def overlapping_windows(rng: np.random.Generator) -> Graph:
    """One event lies in 100 windows, more than a list on the stack holds otherwise."""
    pool = SumPool2d("pool", (Ref("input"),), (10, 10), (1, 1))
    inside = Dense("fc", (Ref("flat"),), even(rng, 9, 2 * 9, top=5))
    return Graph((Input("input", (), (2, 12, 12)), pool, Flatten("flat", (Ref("pool"),)), inside, lif("lif1", "fc")))


def pooled_twice(rng: np.random.Generator) -> Graph:
    """Windows of windows, with gaps and remainders, before a convolution."""
    nodes: list[Node] = [Input("input", (), (3, 17, 19), 3)]
    nodes += [SumPool2d("pool1", (Ref("input"),), (2, 3), (3, 2)), SumPool2d("pool2", (Ref("pool1"),), (2, 2), (2, 1))]
    nodes += [Conv2d("conv", (Ref("pool2"),), even(rng, 4, 3, 2, 2, top=9)), lif("lif1", "conv", threshold=400)]
    return Graph(tuple(nodes))


def linear_chain(rng: np.random.Generator) -> Graph:
    """Sums that are read by further sums: convolution, windows, dense, with biases and delays on the way."""
    conv = Conv2d("conv", (Ref("input"),), rng.integers(-9, 10, (3, 2, 3, 3)), rng.integers(-5, 6, 3), padding=(1, 1))
    nodes: list[Node] = [Input("input", (), (2, 6, 7)), conv, SumPool2d("pool", (Ref("conv", 1),), (2, 2), (2, 2))]
    nodes += [Flatten("flat", (Ref("pool"),))]
    nodes += [Dense("fc1", (Ref("flat", 2),), rng.integers(-9, 10, (8, 27)), rng.integers(-5, 6, 8))]
    nodes += [Dense("fc2", (Ref("fc1"), Ref("fc1", 3)), rng.integers(-3, 4, (6, 8)), rng.integers(-90, 91, 6))]
    nodes += [lif("lif1", "fc2", Ref("fc2", 2), threshold=2000, current_decay=900)]
    return Graph(tuple(nodes))


def read_again(rng: np.random.Generator) -> Graph:
    """A readout whose values drive neurons, at once and later."""
    nodes: list[Node] = [Input("input", (), (9,)), Dense("fc1", (Ref("input"),), even(rng, 5, 9))]
    nodes += [Readout("values", (Ref("fc1"),)), lif("lif1", "values", Ref("values", 2), threshold=131071)]
    return Graph(tuple(nodes))


def odd_convolutions(rng: np.random.Generator) -> Graph:
    """Stride beyond the kernel, dilation that the stride does not divide, groups, prime sides."""
    nodes: list[Node] = [Input("input", (), (4, 23, 29))]
    nodes += [Conv2d("conv1", (Ref("input"),), even(rng, 6, 2, 3, 2), None, (3, 2), (2, 1), (2, 3), 2)]
    nodes += [lif("lif1", "conv1", bias=rng.integers(-20, 40, 6))]
    nodes += [Conv2d("conv2", (Ref("lif1"),), even(rng, 5, 6, 2, 2), None, (3, 4), (1, 0), (1, 1))]
    nodes += [lif("lif2", "conv2", reset=Reset.SUBTRACT)]
    return Graph(tuple(nodes))


def crossed_maps(rng: np.random.Generator) -> Graph:
    """Flattened maps of other shapes meet in one layer, by synapses and without."""
    nodes: list[Node] = [Input("input", (), (2, 4, 6))]
    nodes += [Conv2d("conv1", (Ref("input"),), even(rng, 3, 2, 1, 3)), lif("lif1", "conv1")]  # 3 x 4 x 4
    nodes += [Conv2d("conv2", (Ref("lif1"),), even(rng, 4, 3, 1, 1), stride=(2, 1)), Flatten("flat2", (Ref("conv2"),))]
    nodes += [Conv2d("conv3", (Ref("lif1"),), even(rng, 2, 3, 1, 1)), Flatten("flat3", (Ref("conv3"),))]
    nodes += [SumPool2d("pool", (Ref("input"),), (1, 3), (1, 1)), Flatten("flat4", (Ref("pool"),))]  # 2 x 4 x 4
    return Graph((*nodes, lif("lif2", "flat2", "flat3", "flat4", Ref("flat2", 1)), Add("sum", (Ref("lif2"),))))


def many_delays(rng: np.random.Generator) -> Graph:
    """Each synapse has its own delay, one node for each; most weights of each are zero."""
    weight, delays = even(rng, 12, 20), rng.integers(0, 13, (12, 20))
    nodes: list[Node] = [Input("input", (), (20,))]
    nodes += [Dense(f"fc{d}", (Ref("input", d),), weight * (delays == d)) for d in range(13)]
    nodes += [lif("lif1", *(f"fc{d}" for d in range(13)))]
    nodes += [Dense("out", (Ref("lif1", 40),), even(rng, 3, 12)), Readout("answer", (Ref("out"),))]
    return Graph(tuple(nodes), schedule=Schedule.PIPELINED)


def wrapping(rng: np.random.Generator) -> Graph:
    """Currents that leave 24 bits, with and without memory; voltages at both limits."""
    nodes: list[Node] = [Input("input", (), (700,), 2), Dense("fc1", (Ref("input"),), rng.integers(150, 255, (9, 700)))]
    nodes += [Dense("fc2", (Ref("input"),), -rng.integers(150, 255, (9, 700)))]
    for number, (current, voltage) in enumerate(((4096, 0), (0, 0), (1, 4096), (500, 3))):
        nodes.append(lif(f"up{number}", "fc1", current_decay=current, voltage_decay=voltage, threshold=60000))
        subtract = {"reset": Reset.SUBTRACT, "threshold": 0}
        nodes.append(lif(f"down{number}", "fc2", current_decay=current, voltage_decay=voltage, **subtract))
    return Graph(tuple(nodes))


def nothing_weighs(rng: np.random.Generator) -> Graph:
    """Weights that are all zero, and a neuron that only its bias drives."""
    nodes: list[Node] = [Input("input", (), (2, 3, 3)), Conv2d("conv", (Ref("input"),), np.zeros((2, 2, 2, 2), int))]
    nodes += [lif("lif1", "conv", bias=np.array([70, 90])), Flatten("flat", (Ref("lif1"),))]
    nodes += [Dense("none", (Ref("flat"),), np.zeros((3, 8), int)), Dense("some", (Ref("flat", 1),), even(rng, 3, 8))]
    return Graph((*nodes, lif("lif2", "none", "some")))


CHOSEN: dict[str, Callable[[np.random.Generator], Graph]] = {
    make.__name__: make
    for make in (
        wide_input,
        indivisible_input,
        overlapping_windows,
        pooled_twice,
        linear_chain,
        read_again,
        odd_convolutions,
        crossed_maps,
        many_delays,
        wrapping,
        nothing_weighs,
    )
}


@pytest.mark.parametrize("name", CHOSEN)
def test_an_extreme_network_is_exact(chosen: Library, name: str) -> None:
    lib, nets = chosen
    one = next(n for n in nets if n.name == name)
    rng, source = np.random.default_rng(5), one.network.graph.input
    steps = 60 if name == "many_delays" else 8
    shares = np.array([0.02, 0.3, 1.0]).reshape(1, 3, *(1,) * len(source.shape))
    frames = (rng.random((steps, 3, *source.shape)) < shares) * rng.integers(1, source.high + 1, source.shape)
    frames[3:5, 2] = 0
    expected = simulate(one.network, frames)
    neurons = [n.name for n in one.network.graph.nodes if isinstance(n, Cuba)]
    assert all(expected[n].any() for n in neurons if not n.startswith("down"))
    if name == "wrapping":
        assert (expected["up0.current"] < 0).any()
        assert (expected["down0.voltage"] == 1 - 2**23).any()
    assert_exact(lib, one, frames)


def test_a_difference_in_one_weight_is_seen(chosen: Library) -> None:
    lib, nets = chosen
    one = next(n for n in nets if n.name == "crossed_maps")
    frames = np.ones((4, 1, 2, 4, 6), np.uint8)
    nodes = list(one.network.graph.nodes)
    changed = np.array(nodes[1].weight)  # type: ignore[union-attr]
    changed[0, 0, 0, 0] += 2
    nodes[1] = Conv2d("conv1", nodes[1].inputs, changed)
    other = simulate(IntGraph(Graph(tuple(nodes))), frames)
    with pytest.raises(Exception, match="lif1"):
        compare(other, replay(lib, one, frames).trace, other.values)
