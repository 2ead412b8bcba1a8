"""A module out of a Python file that its user names: the file is run."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from neurodeploy.errors import CheckpointError, ConfigError, DataError
from neurodeploy.importers.torch_module import FAILURES
from neurodeploy.python_file import MISTAKES, place, run_file

HINT = "Give MODEL as file.py:name."


def load_module(path: Path, name: str) -> nn.Module:
    """The torch module called `name` in the file, or the one that the function of that name returns.

    The file is run, with its folder on the import path.

    Raises:
        DataError: there is no such file, or running it failed; its line is named.
        ConfigError: the name is none of these.
    """
    try:
        found = getattr(run_file(path, HINT), name, None)
        found = found() if callable(found) and not isinstance(found, nn.Module) else found
    except MISTAKES as error:
        raise DataError(source=path, reason=f"running it failed ({place(error)})") from error
    if not isinstance(found, nn.Module):
        kind = "nothing" if found is None else type(found).__name__
        allowed = "a torch.nn.Module, or a function without arguments that returns one"
        raise ConfigError(key=f"{path.name}:{name}", found=kind, allowed=allowed)
    return found


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
