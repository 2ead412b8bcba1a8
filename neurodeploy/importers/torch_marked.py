"""One run of a network in which every module puts out numbers that occur nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor, nn

from neurodeploy.graph import Shape
from neurodeploy.importers.torch_run import Feeding, inference, listening, placed, run, spikes_of, with_spikes

TIME, BATCH = 3, 2
"""Of a marked run; they differ, so that a tensor's axes can be told apart."""


@final
@dataclass(frozen=True, eq=False)
class Call:
    """One call of a module.

    Args:
        value: what entered.
        result: the marked values that it was made to give.
        states: tensors that it gave besides.
    """

    path: str
    module: nn.Module
    value: Tensor
    result: Tensor
    states: tuple[Tensor, ...]


@final
@dataclass(frozen=True, eq=False)
class MarkedRun:
    """What happened.

    Args:
        frames: marked values (time, batch, *shape).
        output: whatever the network gave.
    """

    frames: Tensor
    calls: tuple[Call, ...]
    output: Any


def marked_run(
    module: nn.Module,
    inside: Mapping[str, nn.Module],
    shape: Shape,
    feeding: Feeding,
    refuse: Callable[[str, nn.Module], None],
) -> MarkedRun:
    """Run `module` on marked frames.

    Args:
        inside: path to module, of all that are read as a whole.
        refuse: raises for a module that has no form in the graph; asked for each one that is called.
    """
    generator = torch.Generator().manual_seed(0)
    frames = placed(module, _marked((TIME, BATCH, *shape), generator))
    calls: list[Call] = []

    def listen(path: str, each: nn.Module, value: Tensor, output: Any) -> Any:  # Any: states are the framework's own
        refuse(path, each)
        given = spikes_of(output)
        result = _marked(tuple(given.shape), generator).to(given.device, given.dtype)
        states = tuple(tensors_of(output))[1:]
        calls.append(Call(path, each, value.detach().clone(), result, states))
        return with_spikes(output, result)

    with inference(module), listening(inside, listen):
        output = run(module, frames, feeding)
    return MarkedRun(frames, tuple(calls), output)


def tensors_of(value: Any) -> Iterator[Tensor]:  # Any: whatever a module gives
    """The tensors in `value` in order; a list with one tensor for each timestep counts as their stack."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors_of(list(value.values()))
    elif isinstance(value, list | tuple):
        parts = [list(tensors_of(each)) for each in value]
        together = len(parts) == TIME and len({tuple(t.shape for t in part) for part in parts}) == 1
        if together:
            yield from (torch.stack(steps) for steps in zip(*parts, strict=True))
        else:
            yield from (tensor for part in parts for tensor in part)


def _marked(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Random values of 0.5..1.5."""
    return torch.rand(shape, generator=generator) + 0.5
