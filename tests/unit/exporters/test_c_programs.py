"""Programs around C that was written by hand: they run on every board, and what fails is named."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from c_stub import GRAPH, SOURCE, require_tools, spikes, stub

from neurodeploy.errors import ArtefactError, BoardTooSmallError, ToolchainMissingError
from neurodeploy.exporters import _c_execute
from neurodeploy.exporters._c_boards import BOARDS, BY_RUNTIME, HOST, RUNTIMES, Board
from neurodeploy.exporters._c_build import build, program
from neurodeploy.exporters._c_request import MAGIC, answer_length, request_bytes, trace_of
from neurodeploy.exporters._c_run import run_golden, run_on
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Dense, Input, Readout
from neurodeploy.verify.compare import compare

Rng = np.random.Generator
M0, M4, M55, RV32 = (BY_RUNTIME[f"qemu-{name}"] for name in ("cortex-m0", "cortex-m4", "cortex-m55", "rv32"))


@pytest.fixture
def _tools() -> None:
    require_tools()


def named(board: Board) -> str:
    return board.name


# ------------------------------------------------------------------------------------ what runs


def test_there_are_seven_boards_by_the_agreed_names() -> None:
    names = ["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "rv32"]
    assert [runtime.name for runtime in RUNTIMES] == [f"qemu-{name}" for name in names]


@pytest.mark.usefixtures("_tools")
@pytest.mark.parametrize("board", [HOST, *BOARDS], ids=named)
def test_every_spike_current_and_voltage_comes_back(board: Board, rng: Rng, tmp_path: Path) -> None:
    frames = spikes(rng)
    found = run_on(board, stub(tmp_path / "stub"), frames)
    expected = simulate(IntGraph(GRAPH), frames)
    assert set(found.values) == {"out", "out.current", "out.voltage"}
    assert expected["out"].any()
    assert compare(expected, found, expected.values).values == 3 * frames.shape[0] * frames.shape[1] * 3


@pytest.mark.usefixtures("_tools")
@pytest.mark.parametrize("options", [("-O0",), ("-Os",), ("-O3",)], ids=" ".join)
@pytest.mark.parametrize("board", [M0, M55, RV32], ids=named)
def test_the_runtime_works_at_every_optimisation(
    board: Board, options: tuple[str, ...], rng: Rng, tmp_path: Path
) -> None:
    """At -O3 even the start code of an M55 has vector instructions, and semihosting calls are inlined anywhere."""
    frames = spikes(rng)
    expected = simulate(IntGraph(GRAPH), frames)
    assert compare(expected, run_on(board, stub(tmp_path / "stub"), frames, options), expected.values).values > 0


@pytest.mark.usefixtures("_tools")
@pytest.mark.parametrize("board", BOARDS, ids=named)
def test_the_exit_status_is_the_verdict(board: Board, tmp_path: Path) -> None:
    assert run_golden(board, stub(tmp_path / "good")).passed
    wrong = run_golden(board, stub(tmp_path / "bad", source=SOURCE.replace("{7, -8, 9, 40}", "{7, -8, 9, 39}")))
    assert (wrong.status, wrong.passed) == (1, False)
    assert "golden value" in wrong.reason


@pytest.mark.usefixtures("_tools")
def test_a_program_is_compiled_once_for_each_content(rng: Rng, tmp_path: Path) -> None:
    artefact, before = stub(tmp_path / "stub"), build.cache_info()
    for _ in range(3):
        run_on(M4, artefact, spikes(rng))
    after = build.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)
    (artefact.folder / "stub.c").write_text(SOURCE + "\n")
    run_on(M4, artefact, spikes(rng))
    assert build.cache_info().misses == after.misses + 1


# ------------------------------------------------------------------------------------ what fails, by name


@pytest.mark.usefixtures("_tools")
@pytest.mark.parametrize("board", [M0, M4, RV32], ids=named)
def test_a_fault_is_told(board: Board, rng: Rng, tmp_path: Path) -> None:
    artefact = stub(tmp_path / "stub", here="if (m->v[0] != 0) __builtin_trap();")
    with pytest.raises(ArtefactError, match=f"on {board.name} the processor took a fault"):
        run_on(board, artefact, spikes(rng))


@pytest.mark.usefixtures("_tools")
def test_a_crash_on_the_host_is_told_and_harms_nobody(rng: Rng, tmp_path: Path) -> None:
    artefact = stub(tmp_path / "stub", here="if (n) *(volatile int *)0 = 1;")
    with pytest.raises(ArtefactError, match="on host it ended with status -11"):
        run_on(HOST, artefact, spikes(rng))


@pytest.mark.usefixtures("_tools")
@pytest.mark.parametrize("board", [HOST, M4], ids=named)
def test_a_program_that_stands_still_is_ended(
    board: Board, rng: Rng, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_c_execute, "STALL_S", 0.6)
    artefact = stub(tmp_path / "stub", here='for (;;) { __asm__ volatile(""); }')
    with pytest.raises(ArtefactError, match=r"stood still for 0\.6 s"):
        run_on(board, artefact, spikes(rng))


@pytest.mark.usefixtures("_tools")
@pytest.mark.parametrize("board", [HOST, M4], ids=named)
def test_an_endless_recursion_is_told(board: Board, rng: Rng, tmp_path: Path) -> None:
    deep = "static volatile int depth; static int deeper(int n) { volatile int x[9]; x[0] = n; depth += deeper(n + 1) + x[0]; return depth; }"
    with pytest.raises(ArtefactError, match=f"on {board.name}"):
        run_on(board, stub(tmp_path / "stub", here="deeper(1);", more=deep), spikes(rng))


@pytest.mark.usefixtures("_tools")
def test_an_input_that_the_network_refuses_is_told(rng: Rng, tmp_path: Path) -> None:
    artefact = stub(tmp_path / "stub", here="return -1;")
    with pytest.raises(ArtefactError, match="the network refused an input"):
        run_on(M4, artefact, spikes(rng))


@pytest.mark.usefixtures("_tools")
def test_an_answer_of_another_length_is_told(rng: Rng, tmp_path: Path) -> None:
    artefact = stub(tmp_path / "stub", source=SOURCE.replace("(void)layer; return 3;", "(void)layer; return 2;"))
    with pytest.raises(ArtefactError, match="answers 324 bytes, wanted 486"):
        run_on(M4, artefact, spikes(rng))


@pytest.mark.usefixtures("_tools")
def test_what_the_compiler_refuses_is_told_with_its_words(rng: Rng, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"arm-none-eabi-gcc refuses it: stub.c:\d+:.* error: .*nothing"):
        run_on(
            M4,
            stub(tmp_path / "stub", here="nothing();", more='#pragma GCC diagnostic error "-Wimplicit"'),
            spikes(rng),
        )


@pytest.mark.usefixtures("_tools")
def test_a_library_that_is_not_there_is_told(rng: Rng, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="undefined reference to `malloc'"):
        run_on(
            M4,
            stub(tmp_path / "stub", here="*(void *volatile *)m = malloc(n);", more="void *malloc(unsigned);"),
            spikes(rng),
        )


@pytest.mark.usefixtures("_tools")
@pytest.mark.parametrize(
    ("more", "memory"),
    [
        (
            "extern const uint8_t w0[]; const uint8_t w0[300000] = {1};",
            r"flash of 262,144 bytes: \d\d,\d\d\d bytes too many",
        ),
        ("extern uint8_t big[]; uint8_t big[20000];", r"RAM of 16,384 bytes: \d,\d\d\d bytes too many"),
    ],
)
def test_what_does_not_fit_the_smallest_board_is_said_with_numbers(
    more: str, memory: str, rng: Rng, tmp_path: Path
) -> None:
    artefact = stub(tmp_path / "stub", more=more)
    with pytest.raises(BoardTooSmallError, match=f"does not fit cortex-m0: {memory}"):
        run_on(M0, artefact, spikes(rng))
    assert run_on(M4, artefact, spikes(rng)).values


@pytest.mark.usefixtures("_tools")
def test_events_that_do_not_fit_beside_the_network_are_said(rng: Rng, tmp_path: Path) -> None:
    artefact = stub(tmp_path / "stub", more="extern uint8_t big[]; uint8_t big[12500];")
    frames = np.zeros((1, 1, 4), np.uint8)
    assert run_on(M0, artefact, frames).values
    with pytest.raises(BoardTooSmallError, match="input of one timestep"):
        run_on(M0, artefact, frames + 255)


def test_a_missing_compiler_is_named_with_the_line_that_installs_it(
    rng: Rng, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    artefact = stub(tmp_path / "stub")
    wanted = {M0: "gcc-arm-none-eabi qemu-system-arm", RV32: "gcc-riscv64-unknown-elf qemu-system-misc", HOST: "gcc"}
    for board, packages in wanted.items():
        with pytest.raises(ToolchainMissingError, match=f"{board.compiler[0]} is not available.*{packages}"):
            run_on(board, artefact, spikes(rng))
        with pytest.raises(ToolchainMissingError):
            run_golden(board, artefact)


@pytest.mark.usefixtures("_tools")
def test_a_missing_emulator_is_named(rng: Rng, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artefact = stub(tmp_path / "stub")
    run_on(RV32, artefact, spikes(rng))  # compiled and kept: only the emulator is looked for again
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainMissingError, match="qemu-system-riscv32 is not available"):
        run_on(RV32, artefact, spikes(rng))


def test_a_missing_file_and_a_manifest_without_prefix_are_named(tmp_path: Path) -> None:
    artefact = stub(tmp_path / "stub")
    (artefact.folder / "stub.c").unlink()
    with pytest.raises(ArtefactError, match=r"stub\.c: it cannot be read"):
        program(artefact, (), ())
    artefact.manifest["notes"]["prefix"] = "../x"
    with pytest.raises(ArtefactError, match="C prefix"):
        program(artefact, (), ())


# ------------------------------------------------------------------------------------ the form of request and answer


def test_a_request_holds_sample_after_sample_and_a_count_is_as_many_events() -> None:
    frames = np.zeros((2, 2, 1, 2, 2), np.uint8)
    frames[0, 0, 0, 1, 0], frames[1, 0, 0, 0, 1], frames[1, 0, 0, 1, 1], frames[0, 1, 0, 0, 0] = 1, 3, 1, 2
    words = np.frombuffer(request_bytes(frames), "<u4").tolist()
    assert words == [MAGIC, 2, 2, 1, 2, 4, 1, 1, 1, 3, 2, 0, 0, 0]


def test_a_request_without_events_holds_zeros() -> None:
    assert np.frombuffer(request_bytes(np.zeros((3, 1, 4), np.uint8)), "<u4").tolist() == [MAGIC, 3, 1, 0, 0, 0]


def test_an_output_without_states_has_only_its_own_name_in_the_trace() -> None:
    dense = Dense("fc", (Ref("input"),), np.array([[1, 2]]))
    answer = bytes([0, 0, 0, 0, 0, 250, 255, 255, 255])
    plain, readout = Graph((Input("input", (), (2,)), dense)), Readout("answer", (Ref("fc"),))
    assert answer_length(plain, 1, 1) == len(answer)
    assert {name: array.item() for name, array in trace_of(answer, plain, 1, 1).values.items()} == {"fc": -6}
    found = trace_of(answer, Graph((*plain.nodes, readout)), 1, 1).values
    assert {name: array.item() for name, array in found.items()} == {
        "answer": -6,
        "answer.current": 0,
        "answer.voltage": -6,
    }
