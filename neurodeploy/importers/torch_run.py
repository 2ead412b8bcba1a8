"""Running a torch module of another framework: how it takes frames, and listening to the modules inside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, final

import torch
from torch import Tensor, nn

from neurodeploy.importers.refusal import refused

Listener = Callable[[str, nn.Module, Tensor, Any], Any]
"""Told path, module, what entered it and what it gave; an answer other than None takes the place of the latter."""


class Layout(Enum):
    """How a module takes frames."""

    STEPS = "one call for each timestep, (batch, ...)"
    SEQUENCE = "one call with (time, batch, ...)"
    BATCH_FIRST = "one call with (batch, time, ...)"


@final
@dataclass(frozen=True)
class Feeding:
    """How frames (time, batch, *shape) are given to a module.

    Args:
        layout: all at once, or step by step.
        is_flat: maps are flattened first, in the order channel, height, width.
    """

    layout: Layout
    is_flat: bool


def run(module: nn.Module, frames: Tensor, feeding: Feeding) -> Any:  # Any: a module may give anything
    """What `module` gives for frames (time, batch, *shape): a list over time if it is called step by step."""
    frames = frames.flatten(2) if feeding.is_flat else frames
    if feeding.layout is Layout.STEPS:
        outputs, state = [], None
        for frame in frames:
            output, state = _call(module, frame, state)
            outputs.append(output)
        return outputs
    output, _ = _call(module, frames if feeding.layout is Layout.SEQUENCE else frames.transpose(0, 1), None)
    return output


def _call(module: nn.Module, value: Tensor, state: Any) -> tuple[Any, Any]:  # Any: states are the framework's own
    """Modules with an argument `state` give an output and the next state."""
    if "state" not in inspect.signature(module.forward).parameters:
        return module(value), None
    output, state = module(value, state)
    return output, state


def placed(module: nn.Module, frames: Tensor) -> Tensor:
    """`frames` on the module's device and of its dtype."""
    first = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(0))
    return frames.to(first.device, first.dtype)


def leaves(module: nn.Module, is_known: Callable[[nn.Module], bool]) -> dict[str, nn.Module]:
    """The modules by path that are read as a whole: known ones, and those that hold no others."""
    found: dict[str, nn.Module] = {}

    def walk(path: str, each: nn.Module) -> None:
        children = list(each.named_children())
        if is_known(each) or not children:
            found[path] = each
            return
        for name, child in children:
            walk(f"{path}.{name}" if path else name, child)

    walk("", module)
    return found


@contextmanager
def listening(inside: Mapping[str, nn.Module], listener: Listener) -> Iterator[None]:
    """Tell `listener` every call of the modules in `inside` (path to module) until the end of the block."""
    with ExitStack() as stack:
        for path, module in inside.items():
            hook = _hook(path, listener)
            stack.callback(module.register_forward_hook(hook, with_kwargs=True).remove)
        yield


def _hook(path: str, listener: Listener) -> Callable[..., Any]:
    def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        values = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)]
        if not values:
            reason = "it is called without a tensor"
            raise refused(path, type(module).__name__, reason)
        return listener(path, module, values[0], output)

    return hook


def spikes_of(output: Any) -> Tensor:  # Any: what a neuron of any framework gives
    """The first tensor: neurons give spikes, or spikes and states."""
    while isinstance(output, tuple | list):
        output = output[0]
    if not isinstance(output, Tensor):
        raise TypeError(f"a module gave {type(output).__name__}, wanted a tensor")
    return output


def with_spikes(output: Any, spikes: Tensor) -> Any:
    """`output` with other spikes."""
    return (spikes, *output[1:]) if isinstance(output, tuple) else spikes


@contextmanager
def inference(module: nn.Module) -> Iterator[None]:
    """Eval mode without gradients; afterwards every module is in the mode in which it was."""
    modes = {each: each.training for each in module.modules()}
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for each, mode in modes.items():
            each.training = mode
