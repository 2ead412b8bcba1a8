"""One layer of a spiking network: synapses, their normalisation, and the neurons they feed."""

from __future__ import annotations

from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from neurodeploy.errors import GraphError
from neurodeploy.train.cells import Cell, spike, spike_integer
from neurodeploy.train.fake_quantize import bias_steps, layer_scale, on_grid

Synapses = nn.Conv2d | nn.Linear
Norm = nn.BatchNorm1d | nn.BatchNorm2d


@final
class Stage(nn.Module):
    """Synapses, batch norm over time and batch, neurons; time is folded into the batch except in the neurons.

    The normalisation's factor belongs to the synapses and its shift to the neurons' voltage: what is left of it after
    training is a weight and a bias. Without a norm, the neurons have a trained bias of their own.

    Args:
        synapse: without a bias; weights are set by whoever builds the stage.
        norm: or None.
        cell: the neurons.
    """

    def __init__(self, synapse: Synapses, norm: Norm | None, cell: Cell) -> None:
        super().__init__()
        self.synapse, self.norm, self.cell = synapse, norm, cell
        self.bias = nn.Parameter(torch.zeros(len(synapse.weight))) if norm is None else None

    def forward(self, spikes: Float[Tensor, "time batch *shape"]) -> Float[Tensor, "time batch *out"]:
        """Spikes computed in floats; batch statistics in train mode, running ones in eval mode."""
        total = synapse_sum(self.synapse, spikes, self.synapse.weight)
        if self.norm is None:
            return spike(unfold(total, spikes), self.cell, self.bias)
        if not self.cell.keep_current:
            # Without current memory it is the same whether the shift goes into the current or the voltage.
            return spike(unfold(self.norm(total), spikes), self.cell)
        scale, shift = normalisation(self.norm, total)
        return spike(unfold(total * _per_channel(scale, total), spikes), self.cell, shift)

    def integer(self, spikes: Float[Tensor, "time batch *shape"], bits: int) -> Float[Tensor, "time batch *out"]:
        """Spikes computed in the integers that `quantize` makes of this stage; running statistics are used."""
        weight, bias = self.folded()
        scale, grid = layer_scale(weight, bias, self.cell.threshold, bits)
        total = integer_sum(self.synapse, spikes, on_grid(weight, scale, grid))
        return spike_integer(unfold(total, spikes), self.cell, bias_steps(bias, scale), scale)

    def folded(self) -> tuple[Float[Tensor, "out inputs *kernel"], Float[Tensor, " out"]]:
        """Weights and biases with the running normalisation in them, float64."""
        weight = self.synapse.weight.double()
        if self.norm is None:
            return weight, torch.zeros(len(weight)).double() if self.bias is None else self.bias.double()
        mean, variance = (value.double() for value in _running(self.norm))
        factor = self.norm.weight.double() * (variance + self.norm.eps).rsqrt()
        return weight * _per_channel(factor, weight, axis=0), self.norm.bias.double() - mean * factor


def normalisation(norm: Norm, total: Tensor) -> tuple[Tensor, Tensor]:
    """Factor and shift per channel of `norm`, which sees `total` (time * batch, channel, *map) and learns from it."""
    mean, variance = _running(norm)
    if norm.training:
        total = total.float()
        variance, mean = torch.var_mean(total, [axis for axis in range(total.ndim) if axis != 1], correction=0)
        count = total.numel() / total.shape[1]
        _learn(norm, mean.detach(), variance.detach() * count / max(count - 1, 1))
    scale = norm.weight * (variance + norm.eps).rsqrt()
    return scale, norm.bias - mean * scale


def _learn(norm: Norm, mean: Tensor, variance: Tensor) -> None:
    """Move the running statistics as torch does."""
    for running, new in zip(_running(norm), (mean, variance), strict=True):
        running.lerp_(new, 0.0 if norm.momentum is None else norm.momentum)


def _running(norm: Norm) -> tuple[Tensor, Tensor]:
    if norm.running_mean is None or norm.running_var is None:
        raise GraphError(node="norm", reason="it keeps no running statistics, so it cannot be folded")
    return norm.running_mean, norm.running_var


def synapse_sum(synapse: Synapses, spikes: Tensor, weight: Tensor) -> Tensor:
    """What the neurons receive, (time * batch, *out), with `weight` in place of the synapses' own."""
    folded = spikes.flatten(0, 1)
    if isinstance(synapse, nn.Linear):
        return _dense_sum(folded, weight)
    return F.conv2d(folded, weight, None, synapse.stride, synapse.padding, synapse.dilation, synapse.groups)


def _dense_sum(folded: Tensor, weight: Tensor) -> Tensor:
    """weight x; a map whose channels are innermost is flattened as it lies, and the weights take its order."""
    if folded.ndim == 4 and folded.shape[1] > 1 and folded.is_contiguous(memory_format=torch.channels_last):
        maps = weight.view(len(weight), *folded.shape[1:])
        folded, weight = (value.permute(0, 2, 3, 1).flatten(1) for value in (folded, maps))
    return F.linear(folded.flatten(1), weight)


def integer_sum(synapse: Synapses, spikes: Tensor, weight: Tensor) -> Tensor:
    """`synapse_sum` of integers in float32, whatever autocast says: bfloat16 would lose all but 8 bits of a sum.

    TensorFloat-32, which CUDA may use, is exact here: it rounds factors to 11 bits, and these have at most 9.
    """
    with torch.autocast(spikes.device.type, enabled=False):
        return synapse_sum(synapse, spikes.float(), weight)


def unfold(total: Tensor, spikes: Tensor) -> Tensor:
    """`total` (time * batch, *out) with the time and batch of `spikes` as axes of their own; a view."""
    return total.view(*spikes.shape[:2], *total.shape[1:])


def _per_channel(values: Tensor, total: Tensor, axis: int = 1) -> Tensor:
    """`values` shaped so that they multiply `total` along `axis`."""
    return values.reshape(-1, *(1,) * (total.ndim - 1 - axis))
