"""A network in one timestep after the other: all layers now, then all layers a timestep later.

Batch norm in training takes its statistics from each timestep alone. Everything else is what the execution layer by
layer computes: integers to the last bit, floats but for the order of sums.

Measured by `tests/benchmarks/bench_execution.py` on one thread of an AMD EPYC (Zen 4): processor time and memory of a
step of backpropagation through time, as multiples of those layer by layer:

| network | batch, timesteps | time | memory |
|---|---|---|---|
| 2312-512-10 | 64, 10 | 1.9 | 2.0 |
| 2312-512-10 | 512, 50 | 1.5 | 0.73 |
| 16c5-32c3s2-10 | 32, 10 | 1.8 | 1.3 |
| 16c5-32c3s2-10 | 4, 100 | 4.7 | 1.7 |
| 512-512-10 | 16, 500 | 10.3 | 1.5 |
| 1024-2048-2048-2048-10 | 64, 50 | 2.0 | 1.5 |

It is slower in all of them: what a layer costs whatever its input (looking for events, calling a library, adding up the
gradients of the weights) is paid at every timestep, and what the backward pass needs is kept all the same. So
`train.execution=auto` is layer by layer with backpropagation through time; SLTT (`online`), which keeps nothing, has no
other execution than this one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from neurodeploy.train.neurons.cells import State

Layer = Callable[[Tensor, State | None], tuple[Tensor, State | None]]
"""Spikes (1, batch, *shape) and a state before them -> the layer's spikes and the state after them."""


@final
class Leaves:
    """Tensors that are computed once and read at every timestep: weights in integers.

    Args:
        cut: the graphs of timesteps end at these tensors, and `go_on` takes their gradients further, once for all.
    """

    def __init__(self, cut: bool) -> None:
        self.cut = cut
        self.pairs: list[tuple[Tensor, Tensor]] = []

    def of(self, value: Tensor) -> Tensor:
        """What timesteps may read in the place of `value`."""
        if not self.cut or not value.requires_grad:
            return value
        leaf = value.detach().requires_grad_()
        self.pairs.append((value, leaf))
        return leaf

    def go_on(self) -> None:
        """Add the gradients that have arrived to those of the parameters."""
        arrived = [(value, leaf.grad) for value, leaf in self.pairs if leaf.grad is not None]
        if arrived:
            torch.autograd.backward([value for value, _ in arrived], [grad for _, grad in arrived])


@final
class Walk:
    """One pass of a network over the timesteps of a batch.

    Args:
        layers: each feeds the next.
        answer: spikes (1, batch, *shape) -> logits (1, batch, classes).
        leaves: what the layers read at every timestep.
    """

    def __init__(self, layers: Sequence[Layer], answer: Callable[[Tensor], Tensor], leaves: Leaves) -> None:
        self.layers, self.answer, self.leaves = layers, answer, leaves
        self.states: list[State | None] = [None] * len(layers)

    def step(
        self, frame: Float[Tensor, " batch *shape"]
    ) -> tuple[Float[Tensor, "1 batch classes"], tuple[Tensor, ...]]:
        """Logits and the spikes of every layer, (1, batch, *shape), in the next timestep."""
        value, spikes = frame[None], []
        for place, layer in enumerate(self.layers):
            value, self.states[place] = layer(value, self.states[place])
            spikes.append(value)
        return self.answer(value), tuple(spikes)

    def forget_history(self) -> None:
        """Let no gradient pass from the next timestep to those before it."""
        self.states = [None if state is None else state.detached() for state in self.states]
