"""A built program runs on its board, under watch: what it answers, and what its exit status means."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from enum import IntEnum
from io import BufferedWriter
from pathlib import Path

from neurodeploy.errors import ArtefactError, BoardTooSmallError
from neurodeploy.exporters._c_boards import Board
from neurodeploy.exporters._c_build import tool

STALL_S = 60.0
"""Longest wait for another byte of the answer; an emulated timestep takes far less than a second."""

BUSY_TRIES, BUSY_S = 200, 0.01
"""How often, and after what pause, a program is started that another process still has open."""

REQUEST, ANSWER = "request.bin", "answer.bin"
SEMIHOSTING = ("-semihosting-config", "enable=on,target=native")
QUIET = ("-nographic", "-monitor", "none", "-serial", "none")


class Exit(IntEnum):
    """Exit statuses of the programs in c_runtime; see io.h there."""

    FINE = 0
    DIFFERS = 1
    BAD_REQUEST = 2
    REFUSED = 3
    NO_ROOM = 4
    FAULT = 99


MEANING: Mapping[int, str] = {
    Exit.DIFFERS: "a golden value is another one",
    Exit.BAD_REQUEST: "its input ended early, or its answer could not be written",
    Exit.REFUSED: "the network refused an input",
    Exit.FAULT: "the processor took a fault",
}


def execute(
    board: Board, executable: bytes, request: bytes = b"", counting: bool = False
) -> tuple[int | None, bytes, str]:
    """Exit status (None: it stood still and was ended), answer, and the last words of program and emulator.

    Args:
        counting: virtual time advances by instructions; slower.
    Raises:
        ToolchainMissingError: no emulator for the board.
    """
    emulator = [tool(board.emulator[0], board), *board.emulator[1:], *QUIET, *SEMIHOSTING] if board.emulator else []
    with tempfile.TemporaryDirectory(prefix="neurodeploy-board-") as name:
        folder = Path(name)
        (folder / "program").write_bytes(executable)
        (folder / "program").chmod(0o700)
        (folder / REQUEST).write_bytes(request)
        command = [*emulator, "-kernel", "program"] if emulator else ["./program"]
        if counting and emulator:
            command[1:1] = ["-icount", f"shift={board.shift}"]
        status = _watch(command, folder)
        answer = (folder / ANSWER).read_bytes() if (folder / ANSWER).exists() else b""
        words = (folder / "said").read_bytes()[-2000:].decode(errors="replace")
        return status, answer, " ".join(words.split())[-300:]


def answered(
    board: Board, folder: Path, executable: bytes, request: bytes, length: int, counting: bool = False
) -> bytes:
    """The answer of a program that came to its end.

    Args:
        folder: of the artefact, for messages.
        length: bytes wanted.
    Raises:
        ToolchainMissingError: no emulator for the board.
        BoardTooSmallError: the events of a timestep do not fit the memory that is left.
        ArtefactError: it failed, stood still or answered with another number of bytes.
    """
    status, answer, said = execute(board, executable, request, counting)
    if status == Exit.NO_ROOM:
        hint = "Choose another board."
        reason = "the input of one timestep does not fit beside the network"
        raise BoardTooSmallError(board=board.name, memory="RAM", reason=reason, hint=hint)
    if status != Exit.FINE:
        raise ArtefactError(path=folder, reason=f"on {board.name} {failure(status, said)}")
    if len(answer) != length:
        raise ArtefactError(path=folder, reason=f"on {board.name} it answers {len(answer)} bytes, wanted {length}")
    return answer


def failure(status: int | None, said: str) -> str:
    """What a status other than 0 means, in words."""
    if status is None:
        return f"it stood still for {STALL_S:g} s"
    return MEANING.get(status) or f"it ended with status {status}{': ' + said if said else ''}"


def _watch(command: Sequence[str], folder: Path) -> int | None:
    """Exit status, or None when nothing was written for `STALL_S`; the process has ended in either case."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    with (folder / "said").open("wb") as said:
        process = _started(command, folder, said, environment)
        try:
            return _until_done(process, folder / ANSWER)
        finally:
            process.kill()
            process.wait()


def _started(
    command: Sequence[str], folder: Path, said: BufferedWriter, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """The running program.

    For a moment it may be "busy": where another thread started a process while the file was being written, that process
    has it open until it is itself replaced by what it was started for.
    """
    for _ in range(BUSY_TRIES):
        try:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=folder, env=environment
            )
        except OSError as error:
            if error.errno != errno.ETXTBSY:
                raise
            time.sleep(BUSY_S)
    raise OSError(errno.ETXTBSY, os.strerror(errno.ETXTBSY), command[0])


def _until_done(process: subprocess.Popen[bytes], answer: Path) -> int | None:
    seen, deadline = 0, time.monotonic() + STALL_S
    while time.monotonic() < deadline:
        try:
            return process.wait(timeout=min(0.5, STALL_S))
        except subprocess.TimeoutExpired:
            now = answer.stat().st_size if answer.exists() else 0
            if now != seen:
                seen, deadline = now, time.monotonic() + STALL_S
    return None
