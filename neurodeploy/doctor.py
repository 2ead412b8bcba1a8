"""What is installed, and what each missing part would enable."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import final


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
    _library("scikit-learn", "the embedded data set digits-dvs"),
    _library("matplotlib", "plots and report"),
    _library("jinja2", "report"),
    _library("typer", "the command line"),
    _library("rich", "tables and progress"),
    _library("jaxtyping", "shape annotations"),
    Part("snntorch", "tests/benchmarks against snnTorch", "pip install 'neurodeploy[bench]'"),
    Part("norse", "tests/benchmarks against Norse", "pip install 'neurodeploy[bench]'"),
    Part("spikingjelly", "tests/benchmarks against SpikingJelly", "pip install 'neurodeploy[bench]'"),
    Part("tonic", "tests/benchmarks of event reading against tonic (GPL-3.0)", "pip install tonic"),
)

LAVA = Part(
    "lava", "verify of Loihi artefacts in Lava's CPU simulator", "make lava (in a checkout), see docs in README"
)


def lava_python() -> Path | None:
    """The interpreter that has Lava: $NEURODEPLOY_LAVA_PYTHON, or .venv-lava in this or a parent folder."""
    given = os.environ.get("NEURODEPLOY_LAVA_PYTHON")
    if given:
        return Path(given) if Path(given).is_file() else None
    here = [Path.cwd(), *Path.cwd().parents, Path(__file__).resolve().parent.parent]
    found = [folder / ".venv-lava" / "bin" / "python" for folder in here]
    return next((path for path in found if path.is_file()), None)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def examine() -> dict[str, object]:
    """Versions found, and for every missing part what it would enable and how to install it."""
    rows: list[Mapping[str, object]] = [
        {
            "name": p.name,
            "version": _version(p.name),
            "enables": p.enables,
            "install": p.install,
            "required": p.required,
        }
        for p in PARTS
    ]
    lava = lava_python()
    place = str(lava) if lava else None
    rows.append(
        {"name": LAVA.name, "version": place, "enables": LAVA.enables, "install": LAVA.install, "required": False}
    )
    compiler = shutil.which("cc")
    missing = [row["name"] for row in rows if row["required"] and row["version"] is None]
    return {
        "neurodeploy": version("neurodeploy"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "compiler": compiler,
        "parts": rows,
        "missing": missing,
    }
