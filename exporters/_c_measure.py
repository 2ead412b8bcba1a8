"""What building and running generated C tells: instructions of each timestep, bytes of code, constants and state.

Instructions are counted by QEMU with -icount, and every count comes out the same again. They say nothing of waiting for
flash, of caches or of two instructions at once, so they are neither cycles nor energy.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from neurodeploy.errors import BoardTooSmallError, ToolchainMissingError
from neurodeploy.exporters._c_boards import BOARDS, Board
from neurodeploy.exporters._c_build import OPTIMISE, build, compile_in, prefix, program, refusal, tool
from neurodeploy.exporters._c_execute import answered
from neurodeploy.exporters._c_request import request_bytes
from neurodeploy.graph.numeric import Array
from neurodeploy.targets import Artefact

INSTRUCTIONS = "instructions, QEMU -icount"
BYTES = "bytes"
MOST_SAMPLES = 8
"""Samples whose instructions an export counts."""


def count_instructions(artefact: Artefact, board: Board, frames: Array, options: Sequence[str] = (OPTIMISE,)) -> Array:
    """(samples, steps), int64: instructions that each call of NAME_step executed, without -DNAME_DEBUG.

    Args:
        frames: (time, samples, *input shape).
        options: of the compiler.
    Raises:
        ToolchainMissingError, BoardTooSmallError, ArtefactError: as for a run.
    """
    executable = build(board, program(artefact, ("counter.c", "request.c", board.clock, *board.start), (), options))
    steps, samples = frames.shape[:2]
    length = 8 * (1 + steps * samples)
    answer = answered(board, artefact.folder, executable, request_bytes(frames), length, counting=True)
    ticks = np.frombuffer(answer, "<u8").astype(np.int64)
    each = 1e9 / board.clock_hz / (1 << board.shift) if board.clock_hz else 1.0
    counted: Array = np.rint((ticks[1:] - ticks[0]) * each).astype(np.int64).reshape(samples, steps)
    return counted


@final
@dataclass(frozen=True)
class Sizes:
    """Bytes that NAME.c takes on a board: program code, constants (weights) and the state of one instance."""

    code: int
    constants: int
    state: int


def sizes(artefact: Artefact, board: Board, options: Sequence[str] = (OPTIMISE,)) -> Sizes:
    """Sizes of the compiled network alone, without -DNAME_DEBUG.

    Raises:
        ToolchainMissingError, ArtefactError: it cannot be compiled.
    """
    name = prefix(artefact)
    wanted = program(artefact, (), ())
    state = ("state.c", f'#include "{name}.h"\n{name}_t {name}_instance;\n'.encode())
    wanted = replace(wanted, sources=(*wanted.sources, state))
    flags = ("-std=c99", "-ffreestanding", "-fno-tree-loop-distribute-patterns", *options, "-I.", "-c")
    command = [tool(board.compiler[0], board), *board.compiler[1:], *flags, f"{name}.c", state[0]]
    measure = [tool(board.size_tool, board), "-A", f"{name}.o", "state.o"]
    with tempfile.TemporaryDirectory(prefix="neurodeploy-c-") as folder:
        said = compile_in(Path(folder), wanted, command)
        if said:
            raise refusal(board, wanted, said)
        table = subprocess.run(measure, cwd=folder, capture_output=True, text=True, check=True).stdout
    found = [(section, int(size)) for section, size in re.findall(r"^\.(\w+)[\w.]*\s+(\d+)", table, re.MULTILINE)]
    code, constants, state_bytes = (
        sum(size for section, size in found if section in kinds)
        for kinds in (("text",), ("rodata", "srodata"), ("bss", "sbss", "data", "sdata"))
    )
    return Sizes(code, constants, state_bytes)


def measure(artefact: Artefact, frames: Array) -> Mapping[str, Any]:
    """Instructions and bytes for every board whose tools are at hand and which the network fits, as JSON values.

    Args:
        frames: (time, samples, *input shape); the first `MOST_SAMPLES` are counted.
    """
    instructions: dict[str, object] = {}
    taken: dict[str, object] = {}
    for board in BOARDS:
        try:
            counted = count_instructions(artefact, board, frames[:, :MOST_SAMPLES])
            found = sizes(artefact, board)
        except (ToolchainMissingError, BoardTooSmallError):
            continue
        instructions[board.name] = _summary(counted)
        taken[board.name] = {"code": found.code, "constants": found.constants, "state": found.state}
    if not instructions:
        return {}
    return {INSTRUCTIONS: instructions, BYTES: taken, "optimisation": OPTIMISE}


def _summary(counted: Array) -> Mapping[str, object]:
    """Mean and largest, of an inference and of a timestep."""
    whole = counted.sum(1)
    samples, steps = counted.shape
    return {
        "samples": samples,
        "steps": steps,
        "inference": {"mean": round(float(whole.mean())), "max": int(whole.max())},
        "step": {"mean": round(float(counted.mean())), "max": int(counted.max())},
    }
