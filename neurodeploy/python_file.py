"""A Python file that its user names is run, for what it defines."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from typing import Any

from neurodeploy.errors import DataError

MISTAKES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What running somebody's file, or calling what it defines, may raise."""


def run_file(path: Path, hint: str) -> Any:  # Any: a file holds whatever its user put there
    """The module that running the file gives; its folder is on the import path meanwhile.

    Args:
        hint: for the error: how the file should have been named.
    Raises:
        DataError: there is no such file, or it is no Python file.
    """
    if not path.is_file():
        raise DataError(source=path, reason="there is no such file", hint=hint)
    spec = importlib.util.spec_from_file_location(f"_imported_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise DataError(source=path, reason="it is no Python file", hint=hint)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses in the file look their module up
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def place(error: BaseException) -> str:
    """The error with the last line that was run."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name} line {frames[-1].lineno}: " if frames else ""
    return f"{where}{type(error).__name__}: {error}"
