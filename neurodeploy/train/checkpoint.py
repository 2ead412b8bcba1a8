"""Training state as safetensors and JSON, written whole and read without trust; never pickle."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from neurodeploy.errors import CheckpointError
from neurodeploy.files import write_folder

WEIGHTS, OPTIMIZER, METHODS = "weights.safetensors", "optimizer.safetensors", "methods.safetensors"
STATE = "state.json"
FORMAT = "neurodeploy checkpoint"
VERSION = 1

Tensors = Mapping[str, Tensor]


@final
@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Contents of a checkpoint folder.

    Args:
        weights: parameters and buffers of the network by name.
        optimizer: state of the optimizer, `<state>.<parameter>` to tensor; empty where training ends.
        state: progress of the training, plain values.
        methods: what training methods remember, `<method>.<name>` to tensor; empty where training ends.
    """

    weights: Tensors
    optimizer: Tensors
    state: Mapping[str, Any]
    methods: Tensors = field(default_factory=dict)


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint in the place of the one that `folder` holds; Ctrl-C waits until that is done.

    Raises:
        OutputError: the folder cannot be written; the old checkpoint is kept.
    """
    head = {"format": FORMAT, "version": VERSION}
    files = {WEIGHTS: _pack(checkpoint.weights), STATE: json.dumps({**head, **checkpoint.state}, indent=1).encode()}
    for name, tensors in ((OPTIMIZER, checkpoint.optimizer), (METHODS, checkpoint.methods)):
        if tensors:
            files[name] = _pack(tensors)
    with _uninterrupted():
        write_folder(folder, files, marker=STATE)


def _pack(tensors: Tensors) -> bytes:
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    packed: bytes = safetensors.torch.save(plain)
    return packed


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Deliver SIGINT afterwards, where the system can hold it back: a checkpoint is replaced in two renames."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def load_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in `folder`.

    Raises:
        CheckpointError: a file is missing, truncated, damaged or of another format, or a weight is NaN or infinite.
    """
    state = _read_state(folder / STATE)
    optimizer, methods = (_unpack(path) if path.exists() else {} for path in (folder / OPTIMIZER, folder / METHODS))
    return Checkpoint(_unpack(folder / WEIGHTS), optimizer, state, methods)


def _read_state(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(path=path, reason=f"it cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise CheckpointError(path=path, reason=f"it is not JSON ({error})") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT or state.get("version") != VERSION:
        raise CheckpointError(path=path, reason=f"it is no {FORMAT} of version {VERSION}")
    return state


def _unpack(path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = safetensors.torch.load(path.read_bytes())
    except OSError as error:
        raise CheckpointError(path=path, reason=f"it cannot be read ({error.strerror})") from error
    except SafetensorError as error:
        raise CheckpointError(path=path, reason=f"it is truncated or damaged ({error})") from error
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(path=path, reason=f"tensor '{name}' holds NaN or infinity", hint="Train again.")
    return tensors


def restore_weights(net: nn.Module, weights: Tensors, path: Path) -> None:
    """Copy `weights` into `net`.

    Args:
        path: of the checkpoint; for the message.
    Raises:
        CheckpointError: the names or shapes are those of another model; nothing was copied.
    """
    wanted = net.state_dict()
    _check_names(wanted, weights, path)
    net.load_state_dict(dict(weights))


def restore_optimizer(optimizer: torch.optim.Optimizer, net: nn.Module, tensors: Tensors, path: Path) -> None:
    """Copy the saved state of every parameter into `optimizer`.

    Raises:
        CheckpointError: it belongs to another model; nothing was copied.
    """
    # A step without gradients creates the state of no parameter, so the wanted names come from the parameters.
    parameters = dict(net.named_parameters())
    wanted = {f"{state}.{name}": _like(state, value) for state in _STATES for name, value in parameters.items()}
    if not tensors:
        return
    _check_names(wanted, tensors, path)
    for name, value in parameters.items():
        optimizer.state[value] = {state: _placed(tensors[f"{state}.{name}"], state, value) for state in _STATES}


_STATES = ("exp_avg", "exp_avg_sq", "step")


def _like(state: str, value: Tensor) -> Tensor:
    return torch.zeros(()) if state == "step" else value


def _placed(tensor: Tensor, state: str, value: Tensor) -> Tensor:
    """`tensor` on the device and in the memory layout that the optimizer would have given it."""
    return tensor.to(value.device) if state == "step" else torch.empty_like(value, requires_grad=False).copy_(tensor)


def optimizer_tensors(optimizer: torch.optim.Optimizer, net: nn.Module) -> dict[str, Tensor]:
    """State of every parameter, ready for a checkpoint; empty before the first step.

    A parameter that had no gradient yet has no state; zeros are what it would begin with.
    """
    if not optimizer.state:
        return {}
    found: dict[str, Tensor] = {}
    for name, value in net.named_parameters():
        kept = optimizer.state.get(value) or {state: torch.zeros_like(_like(state, value)) for state in _STATES}
        found |= {f"{state}.{name}": tensor for state, tensor in kept.items()}
    return found


def _check_names(wanted: Tensors, found: Tensors, path: Path) -> None:
    missing, unknown = set(wanted) - set(found), set(found) - set(wanted)
    hint = "Use the configuration that the checkpoint was trained with."
    if missing or unknown:
        reason = "it is of another model"
        raise CheckpointError(path=path, reason=reason, missing=missing, unknown=unknown, hint=hint)
    for name, tensor in wanted.items():
        if tensor.shape != found[name].shape:
            shapes = f"{tuple(found[name].shape)}, the model has {tuple(tensor.shape)}"
            raise CheckpointError(path=path, reason=f"tensor '{name}' has shape {shapes}", hint=hint)
