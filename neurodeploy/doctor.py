"""What is installed, and what each missing part would enable."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import final

from neurodeploy.errors import ToolchainMissingError
from neurodeploy.exporters._c_boards import BOARDS, HOST
from neurodeploy.exporters._lava import INSTALL, lava_python
from neurodeploy.measure import find_gauges


@final
@dataclass(frozen=True)
class Part:
    """One package or tool.

    Args:
        name: as imported or called.
        enables: what works with it.
        install: the line that installs it.
        required: whether a plain installation brings it.
    """

    name: str
    enables: str
    install: str
    required: bool = False


def _library(name: str, enables: str) -> Part:
    return Part(name, enables, f"pip install {name}", required=True)


PARTS = (
    _library("numpy", "everything"),
    _library("torch", "train, eval --runtime torch"),
    _library("safetensors", "checkpoints"),
    _library("h5py", "export --target loihi"),
    _library("onnx", "export --target onnx"),
    _library("onnxruntime", "verify of ONNX artefacts"),
    _library("nir", "export --target nir, import of NIR files"),
    _library("numba", "the fast simulator, training on CPU"),
    _library("scikit-learn", "the embedded data set digits-dvs"),
    _library("matplotlib", "plots and report"),
    _library("jinja2", "report"),
    _library("typer", "the command line"),
    _library("rich", "tables and progress"),
    _library("jaxtyping", "shape annotations"),
    Part("snntorch", "import of snnTorch networks", "make peers, or pip install snntorch"),
    Part("norse", "import of Norse networks", "make peers, or pip install norse"),
    Part("spikingjelly", "import of SpikingJelly networks", "make peers, or pip install spikingjelly"),
    Part("tonic", "tests/benchmarks of event reading against tonic (GPL-3.0)", "pip install tonic"),
)


def _programs() -> tuple[Part, ...]:
    """Compilers and emulators that run generated C, each with the boards that need it."""
    parts = []
    for tool in dict.fromkeys(
        tool[0] for board in (HOST, *BOARDS) for tool in (board.compiler, board.emulator) if tool
    ):
        users = [board for board in (HOST, *BOARDS) if tool in (*board.compiler[:1], *board.emulator[:1])]
        names = ", ".join(board.name for board in users)
        install = f"apt-get install -y --no-install-recommends {users[0].packages}"
        parts.append(Part(tool, f"verify of C artefacts: {names}", install))
    return tuple(parts)


def _program_version(name: str) -> str | None:
    """What the program calls its version, or "found" when it does not tell."""
    if shutil.which(name) is None:
        return None
    try:
        said = subprocess.run([name, "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "found"
    number = re.search(r"\d+\.\d+(\.\d+)?", said)
    return number[0] if number else "found"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _lava() -> Mapping[str, object]:
    try:
        place: str | None = str(lava_python())
    except ToolchainMissingError:
        place = None
    enables = "verify of Loihi artefacts in Lava's CPU simulator"
    return {"name": "lava", "version": place, "enables": enables, "install": INSTALL, "required": False}


def _meters() -> list[Mapping[str, object]]:
    """Meters of energy: those that can be read, and why others cannot."""
    found, missing = find_gauges()
    rows: list[tuple[str, str | None, str]] = [(gauge.name, "readable", "") for gauge in found]
    rows += [(each.name, None, f"{each.reason}. {each.hint}".rstrip()) for each in missing]
    enables = "measure, eval --measure"
    return [
        {"name": name, "version": state, "enables": enables, "install": way, "required": False}
        for name, state, way in rows
    ]


def examine() -> dict[str, object]:
    """Versions found, and for every missing part what it would enable and how to install it."""
    found = [(part, _version(part.name)) for part in PARTS] + [(p, _program_version(p.name)) for p in _programs()]
    rows: list[Mapping[str, object]] = [
        {"name": p.name, "version": version, "enables": p.enables, "install": p.install, "required": p.required}
        for p, version in found
    ]
    rows.append(_lava())
    rows += _meters()
    missing = [row["name"] for row in rows if row["required"] and row["version"] is None]
    return {
        "neurodeploy": version("neurodeploy"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "parts": rows,
        "missing": missing,
    }
