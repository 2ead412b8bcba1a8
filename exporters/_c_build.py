"""Generated C becomes a program for a board: compiled once for each content, and kept in memory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import final

from neurodeploy.errors import ArtefactError, BoardTooSmallError, ToolchainMissingError
from neurodeploy.exporters._c_boards import STACK_MOST, STACK_SHARE, Board, Memory
from neurodeploy.targets import Artefact

COMPILE_S = 300.0
"""Longest time for one program; a network of millions of weights takes seconds."""

FREESTANDING = ("-ffreestanding", "-nostdlib", "-fno-tree-loop-distribute-patterns")
"""No C library; the last keeps the compiler from calling memset and memcpy of one."""

SCRIPT = "board.ld"
OPTIMISE = "-O2"


@final
@dataclass(frozen=True)
class Program:
    """C sources and the options they are compiled with.

    Args:
        folder: of the artefact, for messages.
        sources: relative name and content; names ending in .c are compiled, all others included by them.
        options: compiler options.
    """

    folder: Path
    sources: tuple[tuple[str, bytes], ...]
    options: tuple[str, ...] = ()


def program(artefact: Artefact, runtime: Sequence[str], own: Sequence[str], options: Sequence[str] = ()) -> Program:
    """The network of an artefact with programs around it.

    Args:
        runtime: files of `c_runtime` to compile.
        own: endings of the artefact's files to compile besides NAME.c, with {} for NAME: "test_{}.c".
        options: compiler options besides the optimisation.
    Raises:
        ArtefactError: a file is missing.
    """
    name = prefix(artefact)
    sources = {"model.h": model_header(name), SCRIPT: runtime_file(SCRIPT)}
    sources |= {file: runtime_file(file) for file in (*HEADERS, *runtime)}
    for file in (f"{name}.h", f"{name}.c", *(pattern.format(name) for pattern in own)):
        path = artefact.folder / file
        try:
            sources[file] = path.read_bytes()
        except OSError as error:
            raise ArtefactError(path=path, reason=f"it cannot be read ({error.strerror})") from error
    return Program(artefact.folder, tuple(sorted(sources.items())), tuple(options))


HEADERS = ("io.h", "request.h", "clock.h")


def model_header(name: str) -> bytes:
    """model.h, through which programs that know no NAME reach the network."""
    return f'#include "{name}.h"\n#define NET(x) {name}_##x\n'.encode()


def prefix(artefact: Artefact) -> str:
    """NAME, with which every name in the generated C starts.

    Raises:
        ArtefactError: the manifest does not say it.
    """
    name = artefact.manifest["notes"].get("prefix")
    if not isinstance(name, str) or not name.isidentifier():
        raise ArtefactError(
            path=artefact.folder, reason="its manifest does not name the C prefix", hint="Export again."
        )
    return name


def runtime_file(name: str) -> bytes:
    """A file of `exporters/c_runtime`."""
    return (files("neurodeploy.exporters") / "c_runtime" / name).read_bytes()


def tool(name: str, board: Board) -> str:
    """Where the program `name` is.

    Raises:
        ToolchainMissingError: not on the PATH; the message has the line that installs it.
    """
    found = shutil.which(name)
    if found is None:
        install = f"apt-get install -y --no-install-recommends {board.packages}"
        raise ToolchainMissingError(tool=name, install=install)
    return found


@lru_cache(maxsize=32)
def build(board: Board, wanted: Program) -> bytes:
    """An executable for `board`.

    Raises:
        ToolchainMissingError: no compiler for it.
        BoardTooSmallError: code or data is larger than the board's memory.
        ArtefactError: the compiler refuses a file; the message has its first words.
    """
    units = sorted(name for name, _ in wanted.sources if name.endswith(".c"))
    command = [tool(board.compiler[0], board), *board_flags(board), *wanted.options, "-s", "-I."]
    with tempfile.TemporaryDirectory(prefix="neurodeploy-c-") as name:
        said = compile_in(Path(name), wanted, [*command, *units, "-o", "program", "-lgcc"])
        if said:
            raise refusal(board, wanted, said)
        return (Path(name) / "program").read_bytes()


def compile_in(folder: Path, wanted: Program, command: Sequence[str]) -> str:
    """What `command` says when it fails, or "" when it succeeds, run on the sources in `folder`."""
    for name, content in wanted.sources:
        (folder / name).write_bytes(content)
    environment = {**os.environ, "LC_ALL": "C", "TMPDIR": str(folder)}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", timeout=COMPILE_S
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} took longer than {COMPILE_S:g} s"
    return "" if done.returncode == 0 else done.stderr.replace(f"{folder}/", "") or f"status {done.returncode}"


def board_flags(board: Board) -> list[str]:
    """Options that compile and link a whole program for `board`, with the linker script in the current folder."""
    flags = [*board.compiler[1:], "-std=c99"]
    if board.flash is None or board.ram is None:
        return flags
    return [*flags, *FREESTANDING, *_layout(board.flash, board.ram)]


def _layout(flash: Memory, ram: Memory) -> list[str]:
    symbols: Mapping[str, int] = {
        "CODE_ORIGIN": flash.origin,
        "CODE_BYTES": flash.length,
        "DATA_ORIGIN": ram.origin,
        "DATA_BYTES": ram.length,
        "STACK_BYTES": min(STACK_MOST, ram.length // STACK_SHARE),
    }
    return ["-T", SCRIPT, *(f"-Wl,--defsym={name}={value:#x}" for name, value in symbols.items())]


def refusal(board: Board, wanted: Program, said: str) -> ArtefactError | BoardTooSmallError:
    """The error that the words of compiler and linker mean."""
    over = re.search(r"region `(CODE|DATA)' overflowed by (\d+) bytes", said)
    if over is not None:
        memory = board.flash if over[1] == "CODE" else board.ram
        what = f"{'flash' if over[1] == 'CODE' else 'RAM'} of {memory.length:,} bytes" if memory else over[1]
        compared = over[1] == "DATA" and any(option.endswith("_DEBUG") for option in wanted.options)
        reason = f"{int(over[2]):,} bytes too many" + (", with all values kept that are compared" if compared else "")
        hint = "Choose another board, or a smaller network."
        return BoardTooSmallError(board=board.name, memory=what, reason=reason, hint=hint)
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("collect2")] or [said]
    wrong = next((line for line in lines if re.search("error:|undefined", line, re.IGNORECASE)), lines[0])
    text = " ".join(wrong.split()).rstrip(".")
    return ArtefactError(path=wanted.folder, reason=f"{board.compiler[0]} refuses it: {text[:300]}")
