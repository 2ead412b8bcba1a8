"""Lava in a process of its own: started with the Python of .venv-lava, watched, and ended with all its children.

Every Lava process is an OS process, and one that fails leaves the others waiting for ever. So the run has a session of
its own, reports each finished timestep, and is killed as a group when that stops.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from neurodeploy.errors import ArtefactError, ToolchainMissingError
from neurodeploy.exporters._netx_notes import NETWORK, Notes
from neurodeploy.graph.numeric import Array
from neurodeploy.targets import Artefact

VARIABLE = "NEURODEPLOY_LAVA_PYTHON"
INSTALL = "make lava (in a checkout; elsewhere set NEURODEPLOY_LAVA_PYTHON to a Python that has lava-dl 0.6.0)"
STALL_S = 120.0
"""Longest wait for one more timestep; building a network of millions of weights takes less."""

NO_LAVA = 3
"""The script's exit status when Lava cannot be imported."""


def lava_python() -> Path:
    """The interpreter that has Lava: $NEURODEPLOY_LAVA_PYTHON, or .venv-lava in this folder, a parent, or the checkout.

    Raises:
        ToolchainMissingError: there is none.
    """
    given = os.environ.get(VARIABLE)
    folders = [Path.cwd(), *Path.cwd().parents, *Path(__file__).resolve().parents]
    places = [Path(given)] if given else [folder / ".venv-lava" / "bin" / "python" for folder in folders]
    for place in places:
        if place.is_file():
            return place
    reason = f"{VARIABLE} is {given}, which does not exist" if given else "no .venv-lava here or above"
    raise ToolchainMissingError(tool="lava", install=INSTALL, reason=reason)


def run_in_lava(
    artefact: Artefact, notes: Notes, frames: Array, script: bytes, stall_s: float = STALL_S
) -> Mapping[str, Array]:
    """What `script`, the one shipped with the artefact, records in Lava: "node.spikes", "node.current", "node.voltage".

    Args:
        frames: (time, samples, *input shape), 0 or 1.
        stall_s: seconds without a finished timestep after which the run is ended.
    Raises:
        ToolchainMissingError: no Lava.
        ArtefactError: Lava refused the network, crashed or stood still; the message ends with what it said last.
    """
    python = lava_python()
    with tempfile.TemporaryDirectory(prefix="neurodeploy-lava-") as name:
        folder = Path(name)
        (folder / "run_lava.py").write_bytes(script)
        np.savez(folder / "frames.npz", frames=frames.astype(np.uint8))
        places = ["--artefact", artefact.folder.resolve(), "--record", folder / "states.npz"]
        arguments = [folder / "run_lava.py", folder / "frames.npz", *places, "--progress", folder / "progress"]
        status = _watch([str(part) for part in (python, "-I", *arguments)], folder, stall_s)
        if status == NO_LAVA:
            raise ToolchainMissingError(tool="lava", install=INSTALL, reason=f"{python}: {_last_words(folder)}")
        if status != 0:
            what = f"made no timestep for {stall_s:g} s" if status is None else f"ended with status {status}"
            reason = f"Lava {what}; it said: {_last_words(folder)}"
            raise ArtefactError(path=artefact.folder / NETWORK, reason=reason)
        with np.load(folder / "states.npz", allow_pickle=False) as file:
            return {f"{node}.{kind}": file[f"{node}.{kind}"] for node in notes.layers for kind in KINDS}


KINDS = ("spikes", "current", "voltage")


def _watch(command: Sequence[str], folder: Path, stall_s: float) -> int | None:
    """Exit status of `command`, or None if it stood still; none of its processes is left in either case."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(folder)}
    with (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True, env=environment, cwd=folder
        )
        try:
            return _until_done(process, folder / "progress", stall_s)
        finally:
            _end_group(process)


def _until_done(process: subprocess.Popen[bytes], progress: Path, stall_s: float) -> int | None:
    seen, deadline = b"", time.monotonic() + stall_s
    while time.monotonic() < deadline:
        try:
            return process.wait(timeout=min(0.5, stall_s))
        except subprocess.TimeoutExpired:
            now = progress.read_bytes() if progress.exists() else b""
            if now != seen:
                seen, deadline = now, time.monotonic() + stall_s
    return None


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM ends Lava's processes but not Python's resource tracker, which then frees their shared memory and leaves.

    A main process that stands still gets a moment for that, then SIGKILL with all others.
    """
    _signal_group(process, signal.SIGTERM)
    try:
        process.wait(timeout=2.0)
    except subprocess.TimeoutExpired:
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _last_words(folder: Path) -> str:
    """The end of what the process wrote to its error output, without warnings, on one line."""
    text = (folder / "stderr").read_bytes()[-4000:].decode(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip() and "warn" not in line.lower()]
    return " | ".join(lines[-4:]) or "nothing"
