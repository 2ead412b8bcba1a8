"""Which compiled kernels take a layer of neurons: loops on the CPU, Triton on CUDA, or none.

`torch.compile` is not used for the rest of a training step: on the CPU of `events.sums` (one thread, torch 2.13, case
`dense` of `tests/benchmarks/bench_training_step.py`) a step took 1.17 times as long with a compiled network, which
compiled for 8 s, and 1.09 times with a compiled loss.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from neurodeploy.train.neurons import kernels
from neurodeploy.train.neurons.cell import Gradients, Rule, State
from neurodeploy.train.neurons.memory_order import order
from neurodeploy.train.neurons.surrogate import Arctan, Surrogate, Triangle

FLOATS = (torch.float32, torch.bfloat16, torch.float16)
"""What drives are made of; anything else is computed in plain torch."""

Found = tuple[Tensor, Tensor, State | None]
"""Voltages before the reset, spikes, and the state after them."""


@runtime_checkable
class Kernels(Protocol):
    """What `kernels` and `triton_kernels` both offer."""

    def float_voltages(
        self, drive: Tensor, bias: Tensor | None, rule: Rule, before: State | None = None, *, spend: bool = False
    ) -> Found:
        """The recursion in floats."""

    def integer_voltages(
        self, drive: Tensor, bias: Tensor | None, decays: tuple[int, int], rule: Rule, before: State | None = None
    ) -> Found:
        """The recursion in integers."""

    def gradients(
        self,
        grad: Tensor,
        voltage: Tensor,
        rule: Rule,
        *,
        biased: bool,
        learned: bool,
        before: State | None = None,
        later: State | None = None,
    ) -> Gradients:
        """The backward pass of both."""


def kernels_for(drive: Tensor, surrogate: Surrogate) -> Kernels | None:
    """What computes `drive` (time, batch, *shape), which has to lie without gaps, time outermost; None: plain torch."""
    if drive.dtype not in FLOATS or not isinstance(surrogate, Triangle | Arctan) or order(drive) is None:
        return None
    if drive.device.type == "cpu":
        return kernels
    return triton_kernels() if drive.device.type == "cuda" else None


@cache
def triton_kernels() -> Kernels | None:
    """Those of CUDA, or None where Triton is not installed."""
    try:
        from neurodeploy.train.neurons import triton_kernels as found  # imported here: it needs Triton
    except ImportError:
        return None
    return found
