"""The packages around generated C: an Arduino sketch that compiles, a Zephyr module that builds, firmware by make."""

import importlib.resources
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from c_stub import SOURCE, require_tools, stub

from neurodeploy.exporters._c_board_files import board_files
from neurodeploy.exporters._c_boards import BOARDS
from neurodeploy.exporters._c_packages import arduino_files, zephyr_files
from neurodeploy.exporters._c_text import identifier

ARDUINO_H = """
#include <stdint.h>
struct Port { void begin(long) {} template <class T> void print(T) {} template <class T> void println(T) {} };
static Port Serial;
"""

ZEPHYR = """
cmake_minimum_required(VERSION 3.20)
project(app C)
set(CONFIG_NEURODEPLOY_STUB {switch})
add_library(app STATIC main.c)
macro(zephyr_library)
endmacro()
macro(zephyr_library_sources)
  target_sources(app PRIVATE ${{ARGV}})
endmacro()
macro(zephyr_include_directories)
  target_include_directories(app PUBLIC ${{ARGV}})
endmacro()
add_subdirectory({module}/zephyr module)
"""
"""What Zephyr's own build does with a module, as far as these files see it."""


def written(folder: Path, *files: dict[str, bytes]) -> Path:
    for name, content in {name: content for part in files for name, content in part.items()}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def call(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=120)


def test_the_arduino_library_has_what_the_specification_asks_for() -> None:
    files = arduino_files("stub", b"header", b"source")
    lines = files["arduino/library.properties"].decode().splitlines()
    keys = [line.partition("=")[0] for line in lines]
    wanted = ["name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"]
    assert set(wanted) <= set(keys)
    assert len(keys) == len(set(keys))
    assert (files["arduino/src/stub.h"], files["arduino/src/stub.c"]) == (b"header", b"source")


def test_the_arduino_sketch_compiles(tmp_path: Path) -> None:
    require_tools("g++")
    artefact = stub(tmp_path / "stub")
    header = (artefact.folder / "stub.h").read_bytes() + b"int stub_predict(const stub_t *m);\n"
    written(tmp_path, dict(arduino_files("stub", header, b"")), {"Arduino.h": ARDUINO_H.encode()})
    sketch = "arduino/examples/first_step/first_step.ino"
    options = ["-x", "c++", "-std=c++11", "-Wall", "-Werror", "-fsyntax-only", "-include", "Arduino.h"]
    done = call("g++", *options, "-Iarduino/src", "-I.", sketch, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("switch", ["ON", "OFF"])
def test_the_zephyr_module_adds_the_network_when_it_is_switched_on(tmp_path: Path, switch: str) -> None:
    require_tools("cmake", "make", "nm")
    artefact = stub(tmp_path / "stub")
    module = written(artefact.folder, dict(zephyr_files("stub")))
    includes = '#include "stub.h"\n' if switch == "ON" else ""
    app = written(tmp_path / "app", {"main.c": f"{includes}int main(void) {{ return 0; }}\n".encode()})
    (app / "CMakeLists.txt").write_text(ZEPHYR.format(switch=switch, module=module))
    assert call("cmake", "-S", ".", "-B", "build", cwd=app).returncode == 0
    built = call("cmake", "--build", "build", cwd=app)
    assert built.returncode == 0, built.stdout + built.stderr
    symbols = call("nm", "build/libapp.a", cwd=app).stdout
    assert ("stub_step" in symbols) == (switch == "ON")


def test_the_zephyr_module_names_its_folders_and_its_option() -> None:
    files = {name: content.decode() for name, content in zephyr_files("stub").items()}
    assert files["zephyr/module.yml"].splitlines() == [
        "name: stub",
        "build:",
        "  cmake: zephyr",
        "  kconfig: zephyr/Kconfig",
    ]
    assert files["zephyr/Kconfig"].startswith("config NEURODEPLOY_STUB\n\tbool ")
    assert "CONFIG_NEURODEPLOY_STUB" in files["zephyr/CMakeLists.txt"]


def test_make_runs_the_golden_vectors_on_every_board_and_fails_when_a_value_is_another(tmp_path: Path) -> None:
    require_tools("make")
    artefact = stub(tmp_path / "stub")
    folder = written(artefact.folder, dict(board_files("stub"))) / "boards"
    done = call("make", "-j2", "all", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("every golden value is equal") == len(BOARDS)
    (artefact.folder / "stub.c").write_text(SOURCE.replace("sum * 64", "sum * 63"))
    done = call("make", "cortex-m4", cwd=folder)
    assert done.returncode != 0
    assert "Error 1" in done.stderr


def test_packages_are_the_same_bytes_each_time() -> None:
    for make in (zephyr_files, board_files):
        assert make("stub") == make("stub")
    assert not any(b"/work" in content or b"/tmp" in content for content in board_files("stub").values())


def test_no_network_is_named_like_a_file_that_is_put_beside_it() -> None:
    runtime = importlib.resources.files("neurodeploy.exporters") / "c_runtime"
    beside = {Path(file.name).stem for file in runtime.iterdir() if file.is_file()} | {"model", "state"}
    assert {"io", "request", "start_arm", "clock_systick", "golden"} <= beside
    assert [name for name in sorted(beside) if identifier(name) == name] == []
