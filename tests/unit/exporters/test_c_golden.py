"""The golden vectors notice damage: a weight, a decay, a comparison, a rounding, a reset, a lost state."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from c_nets import Net, gcc, net, require, write

from neurodeploy.deployment import Deployment
from neurodeploy.exporters._c_boards import BY_RUNTIME
from neurodeploy.exporters._c_build import build, program
from neurodeploy.exporters._c_execute import Exit, execute
from neurodeploy.exporters._c_golden import EVERY, SHARES, golden_frames, state_hashes
from neurodeploy.exporters.c import EXPORTER
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input
from neurodeploy.targets import write_artefact


def edge_net() -> IntGraph:
    """lif1 meets its threshold exactly when all inputs are active; signs, odd voltages and two kinds of decay."""
    rng = np.random.default_rng(2)
    conv = Conv2d("conv", (Ref("input"),), rng.integers(-60, 90, (4, 1, 2, 3)))
    exact = np.full((3, 4 * 4 * 3), 2)
    exact[1:] = rng.integers(-60, 60, exact[1:].shape)
    total = np.zeros((3, 25), int)
    total[0], total[1], total[2] = 4, -3, 9
    nodes = (
        Input("input", (), (1, 5, 5)),
        Flatten("pixels", (Ref("input"),)),
        Dense("sum", (Ref("pixels"),), total),
        Cuba("lif1", (Ref("sum"),), 4096, 4096, 100),
        conv,
        Cuba("lif2", (Ref("conv"),), 4096, 411, 130),
        Flatten("flat", (Ref("lif2"),)),
        Dense("fc", (Ref("flat"),), exact),
        Cuba("lif3", (Ref("fc"),), 700, 33, 90),
    )
    return IntGraph(Graph(nodes))


@pytest.fixture(scope="module")
def edge() -> Net:
    return net(edge_net(), "edge")


def failures(one: Net, folder: Path, edit: tuple[str, str] | None = None) -> str:
    """What the golden program prints after an edit of the network's source, which must apply and compile."""
    units = write([one], folder, "test_{}.c")
    (folder / "main_test.c").write_bytes(one.files["main_test.c"])
    if edit is not None:
        path = folder / f"{one.name}.c"
        text, count = re.subn(*edit, path.read_text(), count=1)
        assert count == 1
        path.write_text(text)
    gcc(folder, "-O1", f"-D{one.name}_DEBUG", *units, "main_test.c", "-o", "golden")
    done = subprocess.run([folder / "golden"], capture_output=True, text=True, check=False)
    assert done.returncode == (0 if "all" in done.stdout else 1)
    return done.stdout


def test_they_pass_as_written(edge: Net, tmp_path: Path) -> None:
    require("gcc")
    assert failures(edge, tmp_path) == "edge: all 64 comparisons equal\n"


DAMAGE = {
    "a weight": (r"(weights_\d\[\d+\] = \{\s+-?\d+, -?)(\d)", r"\g<1>1\2"),
    "a decay": (r"(edge_(?:share|decay)\(v(?: \*|,) )(\d+)", r"\g<1>1\2"),
    "at least instead of above": (r"if \(v > 6400\)", "if (v >= 6400)"),
    "a threshold": (r"if \(v > 8320\)", "if (v > 8000)"),
    "rounding of products": (r"\(value \+ [^;]*\) >> shift", "value >> shift"),
    "rounding of large products": (r"\(part \+ \([^;]*20\)\) >> 12", "part >> 12"),
    "no reset to zero": (r"v = 0;\n", ";\n"),
    "a voltage that is not kept": (r"voltage\[k\] = v;", ";"),
    "a channel too far": (r"edge_add_int8_4\(sums, w,", "edge_add_int8_4(sums + 1, w,"),
    "an event too few": (r"(edge_spread_lif2\(m, spikes, count)\)", r"\1 - 1u)"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_counted(edge: Net, what: str, tmp_path: Path) -> None:
    require("gcc")
    assert re.fullmatch(r"edge: \d+ of 64 comparisons failed\n", failures(edge, tmp_path, DAMAGE[what]))


def test_the_hash_is_fnv_of_every_spike_current_and_voltage() -> None:
    network = edge_net()
    frames = golden_frames(network.graph)[:3, :2]
    trace = simulate(network, frames)
    found = state_hashes(network.graph, trace)
    for step, sample in np.ndindex(*found.shape):
        value = 2166136261
        for name in ("lif1", "lif2", "lif3"):
            states = [trace[key][step, sample].reshape(-1) for key in (name, f"{name}.current", f"{name}.voltage")]
            for spike, current, voltage in zip(*states, strict=True):
                numbers = (
                    int(spike).to_bytes(1, "little"),
                    *(int(v).to_bytes(4, "little", signed=True) for v in (current, voltage)),
                )
                for octet in b"".join(numbers):
                    value = (value ^ octet) * 16777619 % 2**32
        assert found[step, sample] == value


@pytest.mark.parametrize("high", [1, 2, 200])
def test_inputs_are_as_dense_as_announced(high: int) -> None:
    weight = np.ones((1, 3000), int)
    nodes = Input("input", (), (3000,), high), Dense("fc", (Ref("input"),), weight), Cuba("a", (Ref("fc"),), 4096, 0, 9)
    frames = golden_frames(Graph(nodes))
    for sequence, shares in enumerate(SHARES):
        for step, share in enumerate(shares):
            values = frames[step, sequence]
            assert abs((values > 0).mean() - share / EVERY) < 0.05
            assert values.max() <= high
            assert share != EVERY or (values == high).all()
    active = frames[frames > 0]
    assert set(np.unique(active)) >= {1, high}


def test_sums_of_16_bits_hold_as_many_weights_as_are_added_before_they_are_emptied(tmp_path: Path) -> None:
    board = BY_RUNTIME["qemu-cortex-m4"]
    require(board.compiler[0], board.emulator[0])
    dense = Dense("fc", (Ref("input"),), np.full((8, 900), -128))  # 256 of them are -2**15
    nodes = Input("input", (), (900,)), dense, Cuba("lif", (Ref("fc"),), 4096, 410, 2000)
    artefact = write_artefact(EXPORTER, Deployment(IntGraph(Graph(nodes)), None, 8, ("a",), "dsp"), tmp_path / "out")
    options = ("-O2", "-Ddsp_USE_DSP", "-Ddsp_DEBUG")
    firmware = build(board, program(artefact, ("golden.c", *board.start), ("test_{}.c",), options))
    assert execute(board, firmware)[0] == Exit.FINE
