"""A module out of a Python file that its user names: the file is run."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from neurodeploy.errors import CheckpointError, ConfigError, DataError
from neurodeploy.importers.torch_module import FAILURES

MISTAKES = (*FAILURES, ArithmeticError, ImportError, LookupError, NameError, OSError, SyntaxError)
"""What a file that is run may raise."""


def load_module(path: Path, name: str) -> nn.Module:
    """The torch module called `name` in the file, or the one that the function of that name returns.

    The file is run, with its folder on the import path.

    Raises:
        DataError: there is no such file, or running it failed; its line is named.
        ConfigError: the name is none of these.
    """
    if not path.is_file():
        raise DataError(source=path, reason="there is no such file", hint="Give MODEL as file.py:name.")
    try:
        found = getattr(_run(path), name, None)
        found = found() if callable(found) and not isinstance(found, nn.Module) else found
    except MISTAKES as error:
        raise DataError(source=path, reason=f"running it failed ({_place(error)})") from error
    if not isinstance(found, nn.Module):
        kind = "nothing" if found is None else type(found).__name__
        allowed = "a torch.nn.Module, or a function without arguments that returns one"
        raise ConfigError(key=f"{path.name}:{name}", found=kind, allowed=allowed)
    return found


def _run(path: Path) -> Any:  # Any: a file holds whatever its user put there
    spec = importlib.util.spec_from_file_location(f"_imported_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise DataError(source=path, reason="it is no Python file", hint="Give MODEL as file.py:name.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses in the file look their module up
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def _place(error: BaseException) -> str:
    """The error with the last line that was run."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name} line {frames[-1].lineno}: " if frames else ""
    return f"{where}{type(error).__name__}: {error}"


def load_weights(module: nn.Module, path: Path) -> None:
    """Put the state dict in `path` into `module`: safetensors, or what torch.save wrote, read as tensors only.

    Raises:
        CheckpointError: it cannot be read, or is of another model.
    """
    try:
        if path.suffix == ".safetensors":
            state: Any = safetensors.torch.load(path.read_bytes())  # Any: what a file holds is not known
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, *FAILURES, EOFError, UnpicklingError) as error:
        hint = "Save it with torch.save(module.state_dict(), path) or safetensors."
        raise CheckpointError(path=path, reason=f"it is no state dict ({_first_line(error)})", hint=hint) from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise CheckpointError(path=path, reason="it is no state dict", hint="Save module.state_dict().")
    wanted = module.state_dict()
    missing, unknown = set(wanted) - set(state), set(state) - set(wanted)
    if missing or unknown:
        raise CheckpointError(path=path, reason="it is of another model", missing=missing, unknown=unknown)
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(path=path, reason=f"it is of another model ({_first_line(error)})") from error


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split()[:30])
