"""Builds the package from a copy of the sources, so that nothing is left in the checkout and nothing stale is packed."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("pyproject.toml", "README.md", "LICENSE", "neurodeploy", "exporters", "hw_profiles")


def _copy(folder: Path) -> None:
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, folder / part)


def _pip(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run([*command, "--no-deps", "--no-build-isolation", str(folder)], check=True, capture_output=True)


def build_wheel(target: Path) -> Path:
    """The wheel of the sources as they are now, in `target`."""
    with tempfile.TemporaryDirectory() as folder:
        _copy(Path(folder))
        _pip(Path(folder), "wheel", "--wheel-dir", str(target))
    return next(target.glob("neurodeploy-*.whl"))


def install_copy(target: Path) -> None:
    """The package as users get it, unpacked in `target`."""
    with tempfile.TemporaryDirectory() as folder:
        _copy(Path(folder))
        _pip(Path(folder), "install", "--target", str(target))
