"""The order of a layer's values in memory, in which kernels walk over all neurons of a timestep."""

from __future__ import annotations

import torch
from torch import Tensor

from neurodeploy.train.neurons.cell import State


def order(values: Tensor) -> tuple[int, ...] | None:
    """Axes from the outermost to the innermost, time first, or None where the memory has gaps or time is inside."""
    strides = values.stride()
    axes = sorted(range(values.ndim), key=lambda axis: (-strides[axis], values.shape[axis] != 1, axis))
    axes = [0, *(axis for axis in axes if axis)]
    return tuple(axes) if values.permute(axes).is_contiguous() else None


def inner(values: Tensor, channels: int) -> int:
    """Neurons between one channel and the next, axis 2 of (time, batch, channel, ...); all of them with one channel."""
    return values.stride(2) if channels > 1 and values.shape[2] > 1 else values[0].numel()


def in_order_of(value: Tensor, like: Tensor) -> Tensor:
    """`value` in the memory order of `like`."""
    return value if value.stride() == like.stride() else torch.empty_like(like, dtype=value.dtype).copy_(value)


def copied(state: State | None, values: Tensor) -> State | None:
    """A float32 copy of `state`, for a kernel to change, in the order of `values` (time, batch, *shape)."""
    if state is None:
        return None
    remains = torch.empty_like(values[0], dtype=torch.float32).copy_(state.remains)
    current = None if state.current is None else torch.empty_like(remains).copy_(state.current)
    return State(current, remains)


def nothing(state: State | None) -> State | None:
    """Zeros in the place of a state."""
    if state is None:
        return None
    return State(None if state.current is None else torch.zeros_like(state.current), torch.zeros_like(state.remains))
