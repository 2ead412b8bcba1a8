"""Sums over few events: synapses whose input is mostly 0, forward and gradient of the weights, without the zeros.

Chosen by the density of the input, on the CPU only. Measured by `tests/benchmarks/bench_event_sums.py` on one thread of
an AMD EPYC (Zen 4) against torch 2.13 (MKL, oneDNN), forward and gradient of the weights together:

| synapses | rows | faster at 8 % | equal at |
|---|---|---|---|
| dense, 2312 to 512 | 640 | 3.2 times | 33 % |
| dense, 512 to 512 | 8000 | 3.9 times | 40 % |
| convolution 5x5, 2 to 16 channels, 34x34 | 320 | 1.5 times | 19 % |
| convolution 3x3, stride 2, 16 to 32 channels, 34x34 | 320 | 1.0 times | 8 % |
| convolution 3x3, 32 to 64 channels, 8x8 | 320 | 2.1 times | 24 % |

The limits of dense synapses and of convolutions of stride 1 are lower than that, as other processors multiply matrices
up to twice as fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.grad import conv2d_input

from neurodeploy.train.events import loops
from neurodeploy.train.events.plan import Array, Plan, flat, is_inner, plan
from neurodeploy.train.threads import spread

DENSE_LIMIT, MAP_LIMIT, STRIDED_LIMIT = 0.15, 0.12, 0.08
"""Density up to which events are faster; convolutions that skip places meet fewer weights at a time."""

LEAST_DENSE, LEAST_MAPS = 64, 8
"""Sums, or output channels, below which they are not."""

LEAST_WORK = 1 << 22
"""Products below which a layer is not worth the bookkeeping."""

SAMPLED = 17
"""The density is that of every 17th row: no batch size has this factor by habit."""

PARTS = 8
"""Gradients of a convolution are added up in as many parts, whatever the number of threads: the bits do not change."""


@final
@dataclass(frozen=True, eq=False)
class Events:
    """Everything in rows of values that is not 0; see `loops.find_events`."""

    bounds: Array
    places: Array
    amounts: Array

    @property
    def arrays(self) -> tuple[Array, Array, Array]:
        """As the loops take them."""
        return self.bounds, self.places, self.amounts


def event_sum(synapse: nn.Linear | nn.Conv2d, folded: Tensor, weight: Tensor) -> Tensor | None:
    """What `weight`, in the place of the synapses' own, makes of `folded` (row, *in); None where zeros do not matter.

    Args:
        folded: contiguous, of either memory format.
    """
    is_dense = isinstance(synapse, nn.Linear)
    if not _is_ready(folded, weight) or len(weight) < (LEAST_DENSE if is_dense else LEAST_MAPS):
        return None
    return _dense(folded, weight) if isinstance(synapse, nn.Linear) else _convolved(synapse, folded, weight)


def _is_ready(folded: Tensor, weight: Tensor) -> bool:
    plain = all(value.device.type == "cpu" and value.dtype is torch.float32 for value in (folded, weight))
    traced = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]  # torch leaves it untyped
    return plain and not torch.is_autocast_enabled("cpu") and not traced and len(folded) > 0


def _is_sparse(folded: Tensor, limit: float) -> bool:
    sample = folded[::SAMPLED]
    return float(torch.count_nonzero(sample)) <= limit * sample.numel()


def _dense(folded: Tensor, weight: Tensor) -> Tensor | None:
    if folded.ndim != 2 or not folded.is_contiguous() or folded.numel() * len(weight) < LEAST_WORK:
        return None
    if not _is_sparse(folded, DENSE_LIMIT):
        return None
    result: Tensor = _DenseEvents.apply(folded, weight)  # type: ignore[no-untyped-call]  # torch's apply
    return result


def _convolved(conv: nn.Conv2d, folded: Tensor, weight: Tensor) -> Tensor | None:
    simple = conv.groups == 1 and conv.dilation == (1, 1) and conv.padding_mode == "zeros"
    if not simple or isinstance(conv.padding, str) or folded.ndim != 4 or is_inner(folded) is None:
        return None
    work = folded.numel() * weight[:, 0].numel() // (conv.stride[0] * conv.stride[1])
    limit = MAP_LIMIT if conv.stride == (1, 1) else STRIDED_LIMIT
    if work < LEAST_WORK or not _is_sparse(folded, limit):
        return None
    stride, padding = (cast("tuple[int, int]", value) for value in (conv.stride, conv.padding))
    result: Tensor = _MapEvents.apply(folded, weight, stride, padding)  # type: ignore[no-untyped-call]
    return result


def _events(values: Array) -> Events:
    """The events in `values` (rows, places)."""
    bounds = np.empty((len(values), 2), np.int64)
    # Room for all; what is not written to takes no memory.
    places, amounts = np.empty(values.size, np.int32), np.empty(values.size, np.float32)
    spread(loops.find_events, len(values), values, bounds, places, amounts)
    return Events(bounds, places, amounts)


class _DenseEvents(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, folded: Tensor, weight: Tensor) -> Tensor:
        events = _events(folded.detach().numpy())
        sums = torch.empty(len(folded), len(weight))
        lines = weight.detach().t().contiguous().numpy()
        spread(loops.dense_sums, len(folded), *events.arrays, lines, sums.numpy())
        ctx.events = events
        ctx.save_for_backward(weight)
        return sums

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        grad = grads[0].contiguous()
        folded = grad @ weight if ctx.needs_input_grad[0] else None
        if not ctx.needs_input_grad[1]:
            return folded, None
        change = torch.empty(weight.shape[1], len(weight))
        spread(loops.dense_gradient, len(change), *ctx.events.arrays, grad.numpy(), change.numpy())
        return folded, change.t()


class _MapEvents(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, folded: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int]) -> Tensor:
        (rows, channels, *size), (maps, _, *kernel) = folded.shape, weight.shape
        height, width = (
            (length + 2 * p - k) // s + 1 for length, k, s, p in zip(size, kernel, stride, padding, strict=True)
        )
        inner = bool(is_inner(folded))
        shape, kernels = (channels, size[0], size[1]), (kernel[0], kernel[1])
        found = plan(shape, (maps, height, width), kernels, stride, padding, inner)
        events = _events(flat(folded, inner))
        sums = torch.empty((rows, maps, height, width), memory_format=torch.channels_last)
        packed = found.pack(weight.detach()).view(-1).numpy()
        spread(loops.map_sums, rows, *events.arrays, found.table, found.steps, packed, flat(sums, True))
        ctx.events, ctx.plan, ctx.stride, ctx.padding, ctx.shape = events, found, stride, padding, folded.shape
        ctx.save_for_backward(weight)
        return sums

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        grad = grads[0].contiguous(memory_format=torch.channels_last)
        folded = None
        if ctx.needs_input_grad[0]:
            shape, stride, padding = ctx.shape, ctx.stride, ctx.padding
            folded = conv2d_input(shape, weight, grad, stride, padding)  # type: ignore[no-untyped-call]  # torch's
        if not ctx.needs_input_grad[1]:
            return folded, None, None, None
        found: Plan = ctx.plan
        changes = np.empty((PARTS, weight.numel()), np.float32)
        spread(loops.map_gradient, PARTS, *ctx.events.arrays, found.table, found.steps, flat(grad, True), changes)
        maps, channels, *kernel = weight.shape
        change = found.unpack(torch.from_numpy(changes.sum(0)).view(channels, *kernel, maps))
        return folded, torch.empty_like(weight).copy_(change), None, None
