"""Batch norm and the neurons behind it in one: the normalised drive is never written to memory.

With x what the synapses give, m and s2 its mean and variance in a channel, r = (s2 + eps)^-1/2 and n values in the
channel, the drive is g x with g = weight r, and the voltage gets b = bias - m g. From a and c, the gradients with
respect to voltage and drive (`recursion.gradients`), follow

S = sum c (x - m) + m (sum c - sum a),   dL/dbias = sum a,   dL/dweight = r S,   dL/ds2 = -S weight r^3 / 2
dL/dx = g c - g sum a / n + 2 (x - m) dL/ds2 / n

Only for training in one process, on the CPU, with channels as the innermost axis; everything else goes through torch's
batch norm, which this is tested against.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neurodeploy.graph.nodes import Reset
from neurodeploy.train import ranks
from neurodeploy.train.neurons import kernels
from neurodeploy.train.neurons.cell import Cell, Rule
from neurodeploy.train.neurons.cells import float_rule
from neurodeploy.train.neurons.compiled import kernels_for
from neurodeploy.train.neurons.loops import CHUNK, add_moments, backward_steps, float_steps, sum_channels
from neurodeploy.train.neurons.memory_order import in_order_of
from neurodeploy.train.norm import Norm, learn_statistics
from neurodeploy.train.threads import spread


def normed_spike(
    total: Float[Tensor, "time batch channel *map"], norm: Norm, cell: Cell, keep: Float[Tensor, ""] | None = None
) -> Float[Tensor, "time batch channel *map"] | None:
    """Spikes of neurons that receive `norm` of `total`; its running statistics learn. None: not here.

    Args:
        keep: gets the gradient of the share of the voltage that survives a timestep.
    """
    if not _fits(total, norm, cell):
        return None
    mean, variance = _moments(total)
    with torch.no_grad():
        count = total.numel() // total.shape[2]
        learn_statistics(norm, mean, variance * (count / max(count - 1, 1)))
    spread_of = (variance + norm.eps).rsqrt()
    found: Tensor = _NormedSpikes.apply(total, norm.weight, norm.bias, keep, mean, spread_of, float_rule(cell))  # type: ignore[no-untyped-call]
    return found


def _fits(total: Tensor, norm: Norm, cell: Cell) -> bool:
    learns = norm.training and norm.affine and norm.running_mean is not None and norm.momentum is not None
    plain = total.dtype is torch.float32 and total.numel() > 0 and total.stride(2) == 1
    return learns and plain and ranks.size() == 1 and kernels_for(total, cell.surrogate) is kernels


def _rows(values: Tensor) -> kernels.Flat:
    """(values in a channel, channels), a view."""
    return kernels.flat(values).reshape(-1, values.shape[2])


def _chunks(rows: kernels.Flat) -> int:
    return (len(rows) + CHUNK - 1) // CHUNK


def _moments(total: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel, float64."""
    rows = _rows(total)
    sums = np.zeros((_chunks(rows), 2, rows.shape[1]), np.float64)
    spread(sum_channels, len(sums), rows, sums)
    first, second = torch.from_numpy(sums.sum(0)) / len(rows)
    return first, (second - first.square()).clamp_(min=0)


class _NormedSpikes(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, total: Tensor, weight: Tensor, bias: Tensor, keep: Tensor | None, mean: Tensor, r: Tensor, rule: Rule
    ) -> Tensor:
        gains = weight.detach().double() * r
        push = (bias.detach().double() - mean * gains).float().numpy()
        voltage, spikes = torch.empty_like(total), torch.empty_like(total)
        numbers = (*kernels.forward_numbers(rule), rule.reset is Reset.ZERO)
        arrays = (kernels.flat(voltage), kernels.flat(spikes), None, None, gains.float().numpy())
        spread(float_steps, kernels.blocks_of(total), kernels.flat(total), push, 1, *numbers, *arrays)
        ctx.save_for_backward(total, voltage, weight)
        ctx.mean, ctx.r, ctx.rule = mean, r, rule
        return spikes

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        total, voltage, weight = ctx.saved_tensors
        rule, mean, r = ctx.rule, ctx.mean, ctx.r
        change, blocks, channels = torch.empty_like(voltage), kernels.blocks_of(voltage), voltage.shape[2]
        biases, plains, products = (np.zeros((blocks, channels)) for _ in range(3))
        shares = np.zeros(blocks) if ctx.needs_input_grad[3] else None
        arrays = (kernels.flat(in_order_of(grads[0], voltage)), kernels.flat(voltage), 1)
        numbers = (*kernels.forward_numbers(rule), *kernels.backward_numbers(rule))
        states = (None, None, None)
        sums = (
            kernels.flat(change),
            biases,
            shares,
            *states,
            kernels.flat(total),
            mean.float().numpy(),
            plains,
            products,
        )
        spread(backward_steps, blocks, *arrays, *numbers, *sums)
        bias, plain, product = (torch.from_numpy(found.sum(0)) for found in (biases, plains, products))
        slope = product + mean * (plain - bias)
        gains, rows = weight.double() * r, _rows(total)
        towards = -slope * weight.double() * r**3 / len(rows)
        offsets = -gains * bias / len(rows) - mean * towards
        factors = (each.float().numpy() for each in (gains.detach(), offsets.detach(), towards.detach()))
        spread(add_moments, _chunks(rows), _rows(change), rows, *factors)
        keep = None if shares is None else torch.tensor(shares.sum(), dtype=torch.float32)
        return change, (slope * r).float(), bias.float(), keep, None, None, None
