"""The generated C in every compiler and build tool at hand: no warning, no library, no data, no undefined behaviour."""

import errno
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from c_nets import STRICT, Net, debug, gcc, net, random_networks, require, write

from neurodeploy.deployment import Deployment
from neurodeploy.errors import ArtefactError
from neurodeploy.exporters.c import EXPORTER
from neurodeploy.graph import IntGraph, simulate
from neurodeploy.targets import Artefact, read_artefact, write_artefact
from neurodeploy.verify.compare import compare

SEED = 7
ARM, RISCV = "arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"
COMPILERS = {
    "host": ("gcc",),
    "cortex-m0": (ARM, "-mcpu=cortex-m0", "-mthumb"),
    "cortex-m4": (ARM, "-mcpu=cortex-m4", "-mthumb"),
    "cortex-m4-dsp": (ARM, "-mcpu=cortex-m4", "-mthumb", "-DUSE_DSP"),
    "rv32": (RISCV, "-march=rv32imac_zicsr", "-mabi=ilp32"),
}


@pytest.fixture(scope="module")
def nets() -> list[Net]:
    """Random networks of every structure."""
    return [net(g, f"net{k}", rows=k % 3 == 2) for k, g in enumerate(random_networks(SEED, 12))]


def listed(folder: Path, compiler: str, tool: str, *arguments: str) -> str:
    program = compiler.removesuffix("gcc") + tool
    objects = sorted(path.name for path in folder.glob("*.o"))
    return subprocess.run(
        [program, *arguments, *objects], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("level", ["-Os", "-O2", "-O3"])
@pytest.mark.parametrize("processor", COMPILERS)
def test_no_symbol_is_missing_and_nothing_lies_in_ram(
    nets: list[Net], processor: str, level: str, tmp_path: Path
) -> None:
    compiler, *flags = COMPILERS[processor]
    require(compiler)
    flags = [f"-D{one.name}_USE_DSP" for one in nets] + flags[:-1] if "-DUSE_DSP" in flags else flags
    units = write(nets, tmp_path)
    gcc(tmp_path, *flags, level, *STRICT, "-ffreestanding", "-c", *units, compiler=compiler)
    assert [line for line in listed(tmp_path, compiler, "nm", "-u").splitlines() if " U " in line] == []
    rows = [line.split() for line in listed(tmp_path, compiler, "size").splitlines()[1:]]
    assert len(rows) == len(nets)
    assert {(row[1], row[2]) for row in rows} == {("0", "0")}


@pytest.mark.parametrize("debugged", [False, True])
def test_it_is_clean_cpp_too(nets: list[Net], debugged: bool, tmp_path: Path) -> None:
    require("g++")
    flags = ["-x", "c++", "-std=c++11", *STRICT[1:], "-O1", *(debug(nets) if debugged else [])]
    gcc(tmp_path, *flags, "-fsyntax-only", *write(nets, tmp_path), compiler="g++")


def test_golden_vectors_pass_without_undefined_behaviour(nets: list[Net], tmp_path: Path) -> None:
    require("gcc")
    units = write(nets, tmp_path, "test_{}.c")
    calls = "".join(f"    failed += {one.name}_golden();\n" for one in nets)
    declared = "".join(f"int {one.name}_golden(void);\n" for one in nets)
    (tmp_path / "main.c").write_text(
        f"{declared}int main(void)\n{{\n    int failed = 0;\n{calls}    return failed;\n}}\n"
    )
    sanitized = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    gcc(tmp_path, *sanitized, *STRICT, *debug(nets), *units, "main.c", "-o", "golden")
    done = subprocess.run([tmp_path / "golden"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("size", ["sizeof(int) >= 4", "sizeof(net0_t) =="])
def test_an_assumption_that_does_not_hold_stops_the_compiler(nets: list[Net], size: str, tmp_path: Path) -> None:
    require("gcc")
    (unit,) = write(nets[:1], tmp_path)
    path = tmp_path / unit
    path.write_text(path.read_text().replace(size, size.replace("4", "40").replace("==", "<")))
    with pytest.raises(AssertionError, match="negative"):
        gcc(tmp_path, "-c", unit)


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    return export(random_networks(SEED, 1)[0], tmp_path_factory.mktemp("artefact") / "out")


def export(network: IntGraph, folder: Path, name: str = "digits") -> Artefact:
    return write_artefact(EXPORTER, Deployment(network, None, 6, ("a", "b"), name), folder)


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_make_builds_and_tests_the_folder(artefact: Artefact) -> None:
    require("make", "cc")
    assert "all 64 comparisons equal" in run(artefact.folder, "make", "test")
    assert "digits_STATE_BYTES" in run(artefact.folder, "make", "size")
    run(artefact.folder, "make")
    assert (artefact.folder / "libdigits.a").is_file()
    run(artefact.folder, "make", "clean")
    assert artefact.changed_files() == []


def test_cmake_builds_and_tests_the_folder(artefact: Artefact, tmp_path: Path) -> None:
    require("cmake", "ctest", "cc")
    run(tmp_path, "cmake", str(artefact.folder), "-B", str(tmp_path))
    run(tmp_path, "cmake", "--build", str(tmp_path))
    assert "100% tests passed" in run(tmp_path, "ctest")


def test_the_example_reads_lines_of_indices(artefact: Artefact) -> None:
    require("make", "cc")
    run(artefact.folder, "make", "example")

    def said(text: str) -> tuple[int, str]:
        done = subprocess.run([artefact.folder / "example"], input=text, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    code, answer = said("0 1\n\n2\n")
    assert code == 0
    assert answer.strip()
    for wrong in ("0\n99999999\n", "\n-1\n", "0\n1 x\n"):
        code, answer = said(wrong)
        assert code == 1
        assert answer.startswith("line 2: ")
    run(artefact.folder, "make", "clean")


def test_the_runtime_of_this_computer_gives_every_value(artefact: Artefact) -> None:
    require("gcc")
    network = artefact.integer_graph()
    frames = some_frames(network)
    found = EXPORTER.run(artefact, EXPORTER.runtimes[0], frames)
    expected = simulate(network, frames)
    assert compare(expected, found, expected.values).values > 0


def some_frames(network: IntGraph) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 2, (6, 3, *network.graph.input.shape))


@pytest.mark.parametrize("damage", ["#error no", "", "int digits_step(void) {"])
def test_a_file_that_does_not_compile_is_named(artefact: Artefact, damage: str, tmp_path: Path) -> None:
    require("gcc")
    copy = export(artefact.integer_graph(), tmp_path / "copy")
    (copy.folder / "digits.c").write_text(damage)
    with pytest.raises(ArtefactError, match="copy"):
        EXPORTER.run(read_artefact(copy.folder), EXPORTER.runtimes[0], some_frames(copy.integer_graph()))


def test_a_file_that_faults_does_not_take_python_down(artefact: Artefact, tmp_path: Path) -> None:
    require("gcc")
    copy = export(artefact.integer_graph(), tmp_path / "copy")
    path = copy.folder / "digits.c"
    start = "static int digits_finish(digits_t *m)\n{\n"
    assert start in path.read_text()
    path.write_text(path.read_text().replace(start, f"{start}    *(volatile int *)0 = 1;\n"))
    with pytest.raises(ArtefactError, match="copy"):
        EXPORTER.run(read_artefact(copy.folder), EXPORTER.runtimes[0], some_frames(copy.integer_graph()))


def test_a_program_that_another_process_still_has_open_is_started_again(
    artefact: Artefact, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("gcc")
    start, refused = subprocess.Popen, []

    def busy(command: list[str], **settings: object) -> subprocess.Popen[bytes]:
        if command[0] == "./program" and len(refused) < 3:
            refused.append(command)
            raise OSError(errno.ETXTBSY, "Text file busy")
        return start(command, **settings)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", busy)
    frames = some_frames(artefact.integer_graph())
    assert EXPORTER.run(artefact, EXPORTER.runtimes[0], frames).values
    assert len(refused) == 3
