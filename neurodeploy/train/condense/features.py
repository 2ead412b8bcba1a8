"""SDR: the spikes of a layer made dense with what is left of its voltages (spike densification by residual potential).

d[t] = s[t] + kappa v[t] / threshold, v[t] after the reset. With a reset to zero d is 1 where the neuron fires and
v / threshold elsewhere; with a subtracting reset and kappa = 1 it is the voltage before the reset over the threshold. A
neuron that stays silent still tells how near it came, and how its input would have to change.

Training keeps voltages to itself (`cells`: one autograd function that returns spikes), so the same recursion is written
here in plain torch operations: the gradient reaches v exactly, and s by the surrogate. As in `cells` the reset is a
constant for the gradient.

Source:
    Ye et al. 2025, arXiv:2511.12095 (abstract); the formula is our reading of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from neurodeploy.errors import ConfigError
from neurodeploy.graph.nodes import Reset
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.neurons.cells import Cell
from neurodeploy.train.neurons.surrogate import Surrogate
from neurodeploy.train.stage import Stage, synapse_sum, unfold

Statistics = tuple[Tensor, Tensor] | None
"""Mean and variance per channel of what a layer receives; None where the layer has no norm."""


@final
@dataclass(frozen=True, eq=False)
class Activity:
    """What the neurons of one layer did, (time, batch, *shape) each.

    Args:
        spikes: 0 or 1.
        residual: voltage after the reset, in units of the threshold.
    """

    spikes: Tensor
    residual: Tensor

    def densified(self, kappa: float, *, clamped: bool) -> Float[Tensor, "time batch features"]:
        """SDR features, one row for each recording.

        Args:
            kappa: weight of the residual; 0 gives the spikes.
            clamped: keep the residual within -1..1, as strong inhibition would otherwise outweigh all else.
        """
        residual = self.residual.clamp(-1, 1) if clamped else self.residual
        return (self.spikes + kappa * residual if kappa else self.spikes).flatten(2)


@final
@dataclass(frozen=True, eq=False)
class View:
    """A network at work on some recordings.

    Args:
        layers: of each stage.
        statistics: that its norms used.
        logits: (time, batch, classes).
    """

    layers: tuple[Activity, ...]
    statistics: tuple[Statistics, ...]
    logits: Tensor


def observe(
    net: SpikingNet, frames: Float[Tensor, "time batch *shape"], statistics: Sequence[Statistics] | None = None
) -> View:
    """The activity of every layer, differentiable with respect to `frames`; nothing of `net` changes.

    Args:
        statistics: for the norms, from another view; None: those of these frames, as in train mode. Both are constants
            for the gradient.
    Raises:
        ConfigError: a layer is of a kind that is not looked into.
    """
    value, layers, used = frames, [], []
    # A ModuleList does not say what it holds.
    for place, stage in enumerate(cast(Sequence[Stage], net.stages)):
        _refuse_others(stage)
        total = synapse_sum(stage.synapse, value, stage.synapse.weight)
        own = None if stage.norm is None else _statistics(total) if statistics is None else statistics[place]
        spikes, residual = _neurons(stage, total, value, own)
        layers.append(Activity(spikes, residual))
        used.append(own)
        value = spikes
    if net.readout is None:
        logits = value * len(value)
    else:
        logits = unfold(synapse_sum(net.readout, value, net.readout.weight), value)
    return View(tuple(layers), tuple(used), logits)


def running(net: SpikingNet) -> tuple[Statistics, ...]:
    """Statistics that the norms of `net` learned: with them `observe` computes what eval mode does."""
    norms = [stage.norm for stage in cast(Sequence[Stage], net.stages)]
    return tuple(
        None if n is None or n.running_mean is None or n.running_var is None else (n.running_mean, n.running_var)
        for n in norms
    )


def _refuse_others(stage: Stage) -> None:
    if stage.activation is not None or stage.delay is not None:
        allowed = "spiking layers without delays, to look into"
        raise ConfigError(key="model", found="a layer of another kind", allowed=allowed)


def _statistics(total: Tensor) -> Statistics:
    axes = [axis for axis in range(total.ndim) if axis != 1]
    variance, mean = torch.var_mean(total.detach(), axes, correction=0)
    return mean, variance


def _neurons(stage: Stage, total: Tensor, arrived: Tensor, statistics: Statistics) -> tuple[Tensor, Tensor]:
    """Spikes and residual voltages of a stage; the shift of a norm goes where the stage puts it."""
    norm, cell = stage.norm, stage.neurons
    if norm is None or statistics is None:
        return neurons(unfold(total, arrived), cell, stage.bias)
    mean, variance = statistics
    if not cell.keep_current:
        drive = F.batch_norm(total, mean, variance, norm.weight, norm.bias, False, 0.0, norm.eps)
        return neurons(unfold(drive, arrived), cell)
    scale = norm.weight * (variance + norm.eps).rsqrt()
    shape = (-1, *(1,) * (total.ndim - 2))
    return neurons(unfold(total * scale.reshape(shape), arrived), cell, norm.bias - mean * scale)


def neurons(
    drive: Float[Tensor, "time batch *shape"], cell: Cell, bias: Float[Tensor, " channel"] | None = None
) -> tuple[Float[Tensor, "time batch *shape"], Float[Tensor, "time batch *shape"]]:
    """Spikes, and voltages after the reset in units of the threshold; the recursion of `recursion.float_states`."""
    current = torch.zeros_like(drive[0])
    voltage = torch.full_like(drive[0], cell.start * cell.threshold)
    offset = None if bias is None else bias.reshape(-1, *(1,) * (drive.ndim - 3))
    spikes, residual = [], []
    for inflow in drive:
        current = current * cell.keep_current + inflow if cell.keep_current else inflow
        level = voltage * cell.keep_voltage + current
        level = level if offset is None else level + offset
        fired = _Fire.apply(level, cell.threshold, cell.surrogate)  # type: ignore[no-untyped-call]  # torch's apply
        spent = fired.detach()
        voltage = level * (1 - spent) if cell.reset is Reset.ZERO else level - cell.threshold * spent
        spikes.append(fired)
        residual.append(voltage / cell.threshold)
    return torch.stack(spikes), torch.stack(residual)


class _Fire(torch.autograd.Function):
    """1 where the voltage is above the threshold; the surrogate for the gradient."""

    @staticmethod
    def forward(ctx: Any, voltage: Tensor, threshold: float, surrogate: Surrogate) -> Tensor:
        ctx.save_for_backward(voltage)
        ctx.threshold, ctx.surrogate = threshold, surrogate
        return (voltage > threshold).to(voltage.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (voltage,) = ctx.saved_tensors
        bump: Tensor = ctx.surrogate.derivative(voltage - ctx.threshold)
        return grads[0] * bump, None, None
