"""Exported networks on seven emulated processors: golden vectors, damage, and every value of random networks."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from c_stub import require_tools

from neurodeploy.conformance import RngChoose, draw_frames, draw_network
from neurodeploy.deployment import Deployment
from neurodeploy.errors import BoardTooSmallError
from neurodeploy.exporters._c_boards import BOARDS, BY_RUNTIME, HOST, Board
from neurodeploy.exporters._c_build import Program, build, program
from neurodeploy.exporters._c_execute import execute
from neurodeploy.exporters._c_measure import count_instructions
from neurodeploy.exporters._c_run import run_golden, run_on
from neurodeploy.exporters.c import EXPORTER
from neurodeploy.graph import Graph, IntGraph, Ref, Schedule, simulate
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset
from neurodeploy.targets import Artefact, write_artefact
from neurodeploy.verify import Status, verify
from neurodeploy.verify.compare import compare

Rng = np.random.Generator
M0, M3, M4, M7, M33, M55, RV32 = BOARDS


@pytest.fixture(autouse=True, scope="module")
def _tools() -> None:
    require_tools()


def named(board: Board) -> str:
    return board.name


# ------------------------------------------------------------------------------------ four networks


def dense(rng: Rng) -> Graph:
    """Current and voltage memory, biases, and a second layer that subtracts its threshold."""
    nodes = (
        Input("input", (), (20,)),
        Dense("fc1", (Ref("input"),), rng.integers(-60, 90, (13, 20))),
        Cuba("cuba1", (Ref("fc1"),), 1000, 300, 150, bias=rng.integers(-9, 20, 13)),
        Dense("fc2", (Ref("cuba1"),), rng.integers(-60, 90, (5, 13))),
        Cuba("cuba2", (Ref("fc2"),), 4096, 777, 100, reset=Reset.SUBTRACT),
    )
    return Graph(nodes)


def conv(rng: Rng) -> Graph:
    """Stride, padding, groups, a map of prime sides, a read-out."""
    nodes = (
        Input("input", (), (2, 11, 7)),
        Conv2d("conv1", (Ref("input"),), rng.integers(-60, 90, (4, 2, 3, 3)), stride=(2, 1), padding=(1, 1)),
        Cuba("lif1", (Ref("conv1"),), 4096, 410, 90, bias=rng.integers(-9, 20, 4)),
        Conv2d("conv2", (Ref("lif1"),), rng.integers(-60, 90, (6, 2, 2, 3)), groups=2),
        Cuba("lif2", (Ref("conv2"),), 1024, 128, 150),
        Flatten("flatten", (Ref("lif2"),)),
        Dense("fc", (Ref("flatten"),), rng.integers(-127, 128, (4, 6 * 5 * 5))),
        Readout("answer", (Ref("fc"),)),
    )
    return Graph(nodes)


def exact(rng: Rng) -> Graph:
    """Neurons without memory, whose voltage is exactly the threshold, one above it or one below it."""
    weight = np.diag([40, 41, 39, 40, -40, 20]) + 20 * np.eye(6, k=1, dtype=int)
    dense = Dense("fc", (Ref("input"),), weight)
    return Graph((Input("input", (), (6,)), dense, Cuba("out", (Ref("fc"),), 4096, 4096, 40)))


def wrapped(rng: Rng) -> Graph:
    """Event counts to 255 and currents that forget nothing: beyond 24 bits either way."""
    weight = rng.integers(-254, 255, (6, 40))
    weight[0], weight[1] = 254, -254
    fc = Dense("fc", (Ref("input"),), weight)
    nodes = (Input("input", (), (40,), 255), fc, Cuba("out", (Ref("fc"),), 0, 5, 131071))
    return Graph(nodes)


NETWORKS = {"dense": dense, "conv": conv, "exact": exact, "wrapped": wrapped}


def export(graph: Graph | IntGraph, folder: Path, name: str, timesteps: int = 8) -> Artefact:
    integer = graph if isinstance(graph, IntGraph) else IntGraph(graph)
    outputs = integer.graph.shapes[integer.graph.output.name][0]
    classes = tuple(map(str, range(outputs)))
    return write_artefact(EXPORTER, Deployment(integer, None, timesteps, classes, name), folder / name)


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artefact]:
    folder, rng = tmp_path_factory.mktemp("networks"), np.random.default_rng(7)
    return {name: export(make(rng), folder, name) for name, make in NETWORKS.items()}


def firmware(board: Board, artefacts: dict[str, Artefact]) -> Program:
    """One program with all networks, whose exit status has a bit for each one that differs."""
    parts = [program(a, ("golden.c", *board.start), ("test_{}.c",)) for a in artefacts.values()]
    sources = {name: content for part in parts for name, content in part.sources}
    names = list(artefacts)
    declared = "".join(f"int {name}_golden(void);\n" for name in names)
    status = " + ".join(f"({name}_golden() != 0) * {1 << bit}" for bit, name in enumerate(names))
    sources["golden.c"] = f'#include "io.h"\n{declared}int main(void) {{ return {status}; }}\n'.encode()
    options = ("-Os", *(f"-D{name}_DEBUG" for name in names))
    return replace(parts[0], sources=tuple(sorted(sources.items())), options=options)


@pytest.mark.parametrize("board", BOARDS, ids=named)
def test_the_golden_vectors_of_four_networks_pass_in_one_firmware(board: Board, artefacts: dict[str, Artefact]) -> None:
    status, _, said = execute(board, build(board, firmware(board, artefacts)))
    assert status == 0, said


def test_the_four_networks_reach_the_places_they_are_for(artefacts: dict[str, Artefact]) -> None:
    from neurodeploy.exporters._c_golden import golden_frames

    traces = {}
    for name, artefact in artefacts.items():
        integer = artefact.integer_graph()
        traces[name] = simulate(integer, golden_frames(integer.graph))
        assert all(traces[name][n.name].any() for n in integer.graph.nodes if isinstance(n, Cuba))
    assert (traces["exact"]["out.current"] == 64 * 40).any()
    assert np.abs(np.diff(traces["wrapped"]["out.current"], axis=0)).max() > 1 << 23
    assert np.abs(traces["wrapped"]["out.voltage"]).max() == (1 << 23) - 1


# ------------------------------------------------------------------------------------ damage

DAMAGE = {
    "a weight": ("dense", r"(weights_0\[\d+\][^=]*= \{\s*)(-?\d+),", lambda m: f"{m[1]}{int(m[2]) + 1},"),
    "a weight of a map": ("conv", r"(weights_0\[\d+\][^=]*= \{\s*)(-?\d+),", lambda m: f"{m[1]}{int(m[2]) + 1},"),
    "fires at the threshold": ("exact", r"if \(v > ", "if (v >= "),
    "decay rounds down": ("dense", r"return \(value \+ .*\) >> shift;", "return value >> shift;"),
    "decay in two parts rounds down": ("wrapped", r"\(part \+ .*\) >> 12\);", "part >> 12);"),
    "decay is another": ("dense", r"_share\(i \* 387, 9\)", "_share(i * 386, 9)"),
    "reset to one": ("conv", r"\bv = 0;", "v = 1;"),
    "no reset": ("exact", r"\bv = 0;", ";"),
    "current does not wrap": ("wrapped", r"& 0xFFFFFFu\)", "& 0x7FFFFFFFu)"),
    "voltage saturates elsewhere": ("wrapped", r"\bv = -8388607;", "v = -8388606;"),
    "bias of a channel": ("conv", r"(bias_lif1\[\d+\][^=]*= \{\s*)(-?\d+),", lambda m: f"{m[1]}{int(m[2]) - 1},"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_firmware_builds_runs_and_fails(what: str, artefacts: dict[str, Artefact], tmp_path: Path) -> None:
    name, pattern, new = DAMAGE[what]
    artefact = artefacts[name]
    for file in (f"{name}.c", f"{name}.h", f"test_{name}.c"):
        (tmp_path / file).write_bytes((artefact.folder / file).read_bytes())
    text, count = re.subn(pattern, new, (tmp_path / f"{name}.c").read_text())
    assert count > 0
    (tmp_path / f"{name}.c").write_text(text)
    found = run_golden(M4, Artefact(tmp_path, artefact.manifest))
    assert (found.status, found.reason) == (1, "a golden value is another one")


# ------------------------------------------------------------------------------------ every value


def tangled(rng: Rng) -> Graph:
    """A recurrent layer, delayed edges, a skip connection and a read-out, in Loihi's schedule."""
    nodes = (
        Input("input", (), (2, 5, 4)),
        Conv2d("conv", (Ref("input"),), rng.integers(-40, 70, (3, 2, 3, 3)), padding=(1, 1)),
        Conv2d("late", (Ref("input", 2),), rng.integers(-40, 70, (3, 2, 1, 1))),
        Cuba("first", (Ref("conv"), Ref("late")), 2000, 100, 90),
        Conv2d("on", (Ref("first"),), rng.integers(-40, 70, (3, 3, 1, 1))),
        Add("sum", (Ref("on"), Ref("conv", 1))),
        Cuba("second", (Ref("sum"),), 4096, 50, 120),
        Flatten("flat", (Ref("second"),)),
        Dense("fc", (Ref("flat"),), rng.integers(-40, 50, (7, 60))),
        Dense("back", (Ref("third", 1),), rng.integers(-60, 60, (7, 7))),
        Cuba("third", (Ref("fc"), Ref("back")), 900, 0, 300, bias=rng.integers(-5, 30, 7)),
        Dense("out", (Ref("third", 3),), rng.integers(-90, 90, (3, 7))),
        Readout("answer", (Ref("out"),)),
    )
    return Graph(nodes, schedule=Schedule.PIPELINED)


@pytest.mark.parametrize("board", [M0, M55, RV32], ids=named)
def test_recurrence_delays_and_a_skip_are_equal_in_every_value(board: Board, rng: Rng, tmp_path: Path) -> None:
    graph = tangled(rng)
    frames = (rng.random((8, 3, *graph.input.shape)) < 0.4).astype(np.uint8)
    artefact = export(graph, tmp_path, "tangled")
    expected = simulate(artefact.integer_graph(), frames)
    assert all(expected[name].any() for name in ("first", "second", "third", "answer"))
    found = run_on(board, artefact, frames)
    assert set(found.values) == {
        f"{n.name}{part}" for n in graph.nodes if n.states for part in ("", ".current", ".voltage")
    }
    assert compare(expected, found, expected.values).values == sum(found[name].size for name in found.values)


@pytest.mark.parametrize("number", range(7))
def test_random_networks_are_equal_in_every_value(number: int, tmp_path: Path) -> None:
    """One on each board."""
    choose = RngChoose(np.random.default_rng((20261121, number)))
    network = draw_network(choose).network
    frames = draw_frames(choose, network)
    artefact = export(network, tmp_path, "drawn")
    expected = simulate(network, frames)
    found = run_on(BOARDS[number], artefact, frames)
    assert compare(expected, found, expected.values).values > 0


@pytest.mark.parametrize("board", [M4, M33, M55], ids=named)
def test_the_kernel_of_the_dsp_extension_is_equal_and_shorter(board: Board, rng: Rng, tmp_path: Path) -> None:
    nodes = (
        Input("input", (), (300,)),
        Dense("fc", (Ref("input"),), rng.integers(-127, 128, (40, 300))),
        Cuba("lif", (Ref("fc"),), 4096, 400, 300),
    )
    artefact = export(Graph(nodes), tmp_path, "simd")
    frames = (rng.random((8, 3, 300)) < 0.3).astype(np.uint8)
    expected = simulate(artefact.integer_graph(), frames)
    options = ("-O2", "-Dsimd_USE_DSP")
    found = run_on(board, artefact, frames, options)
    assert compare(expected, found, expected.values).values > 0
    plain = count_instructions(artefact, board, frames)
    assert count_instructions(artefact, board, frames, options).sum() < 0.8 * plain.sum()


# ------------------------------------------------------------------------------------ as `verify` sees it


def test_verify_says_exact_on_a_board_and_not_run_where_the_network_does_not_fit(rng: Rng, tmp_path: Path) -> None:
    nodes = (
        Input("input", (), (2, 24, 24)),
        Conv2d("conv", (Ref("input"),), rng.integers(-127, 128, (8, 2, 5, 5))),
        Cuba("lif", (Ref("conv"),), 4096, 400, 300),
    )
    artefact = export(Graph(nodes), tmp_path, "large", timesteps=2)
    frames = (rng.random((2, 2, 2, 24, 24)) < 0.1).astype(np.uint8)
    small, large = verify(artefact, frames, runtimes=["qemu-cortex-m0", "qemu-cortex-m7"])
    assert (small.status, large.status) == (Status.NOT_RUN, Status.EXACT)
    assert "it does not fit cortex-m0: RAM of 16,384 bytes" in small.reason
    with pytest.raises(BoardTooSmallError):
        count_instructions(artefact, M0, frames)


def test_verify_says_mismatch_when_a_weight_in_the_source_is_another(rng: Rng, tmp_path: Path) -> None:
    artefact = export(dense(rng), tmp_path, "dense")
    path = artefact.folder / "dense.c"
    path.write_text(re.sub(*DAMAGE["a weight"][1:], path.read_text()))
    frames = (rng.random((8, 3, 20)) < 0.5).astype(np.uint8)
    files, board = verify(artefact, frames, runtimes=["qemu-cortex-m3"])
    assert (files.runtime, files.status, board.status) == ("files", Status.MISMATCH, Status.MISMATCH)
    assert "cuba1.current at timestep" in board.reason


def test_counts_of_an_exported_network_are_the_same_each_time(artefacts: dict[str, Artefact], rng: Rng) -> None:
    frames = (rng.random((8, 2, 2, 11, 7)) < 0.2).astype(np.uint8)
    first, again = (count_instructions(artefacts["conv"], M4, frames) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    silent = count_instructions(artefacts["conv"], M4, np.zeros_like(frames))
    assert silent.sum() < first.sum()


def test_every_runtime_of_the_target_has_its_board() -> None:
    assert [runtime.name for runtime in EXPORTER.runtimes][1:] == list(BY_RUNTIME)
    assert HOST.emulator == ()
