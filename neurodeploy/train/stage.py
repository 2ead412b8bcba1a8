"""One layer of a spiking network: synapses, their normalisation, and the neurons they feed."""

from __future__ import annotations

from dataclasses import replace
from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from neurodeploy.graph.numeric import DECAY_ONE
from neurodeploy.train.ann import Activation
from neurodeploy.train.delays import Delay, SynapticDelay
from neurodeploy.train.events.sums import event_sum
from neurodeploy.train.fake_quantize import bias_steps, layer_scale
from neurodeploy.train.neurons.cells import Cell, State, spike, spike_integer, spike_integer_on, spike_on
from neurodeploy.train.neurons.normed import normed_spike
from neurodeploy.train.norm import Norm, normalisation, normalised, per_channel, running
from neurodeploy.train.precision import Precision

Synapses = nn.Conv2d | nn.Linear


@final
class Stage(nn.Module):
    """Synapses, batch norm over time and batch, neurons; time is folded into the batch except in the neurons.

    The normalisation's factor belongs to the synapses and its shift to the neurons' voltage: what is left of it after
    training is a weight and a bias. Without a norm, the neurons have a trained bias of their own.

    Args:
        synapse: without a bias; weights are set by whoever builds the stage.
        norm: or None.
        cell: the neurons.
        activation: takes the place of the neurons in an artificial network, where timesteps know nothing of each other.
    """

    def __init__(self, synapse: Synapses, norm: Norm | None, cell: Cell, activation: Activation | None = None) -> None:
        super().__init__()
        self.synapse, self.norm, self.cell, self.activation = synapse, norm, cell, activation
        self.bias = nn.Parameter(torch.zeros(len(synapse.weight))) if norm is None else None
        self.delay: Delay | None = None
        """When the spikes that arrive here, or those at each synapse, do so; None: in the timestep that they are of."""
        self.leak: nn.Parameter | None = None
        """Logit of the share of the voltage that is lost per timestep, where that is learned."""

    def forward(self, spikes: Float[Tensor, "time batch *shape"]) -> Float[Tensor, "time batch *out"]:
        """Spikes computed in floats; batch statistics in train mode, running ones in eval mode."""
        total = self._arriving(spikes, self.synapse.weight)
        if self.activation is not None:
            return unfold(self.activation(self._shifted(total)), spikes)
        cell, keep = self.neurons, self.keep
        found = None if self.norm is None else normed_spike(unfold(total, spikes), self.norm, cell, keep)
        if found is not None:
            return found
        drive, bias = self._drive(total, spikes)
        return spike(drive, cell, bias, keep=keep, spend=True)

    def after(
        self, spikes: Float[Tensor, "time batch *shape"], state: State | None
    ) -> tuple[Float[Tensor, "time batch *out"], State]:
        """`forward` of neurons in `state` (None: before the first timestep), and the state that they reach.

        Batch statistics are those of these timesteps alone.
        """
        drive, bias = self._drive(self._arriving(spikes, self.synapse.weight), spikes)
        return spike_on(drive, self.neurons, bias, state, keep=self.keep)

    def _drive(self, total: Tensor, spikes: Tensor) -> tuple[Tensor, Tensor | None]:
        """What the neurons receive, (time, batch, *out), and what is added to their voltage at every timestep."""
        if self.norm is None:
            return unfold(total, spikes), self.bias
        if not self.cell.keep_current:
            # Without current memory it is the same whether the shift goes into the current or the voltage.
            return unfold(normalised(self.norm, total), spikes), None
        scale, shift = normalisation(self.norm, total)
        return unfold(total * per_channel(scale, total), spikes), shift

    def learn_decay(self) -> None:
        """Let training change the voltage decay, from that of the cell on; 0 and 4096 become the next value inside.

        Source:
            Fang et al. 2021, "Incorporating learnable membrane time constant", arXiv:2007.05785: one for each layer,
            as a logit.
        """
        share = min(max(self.cell.voltage_decay, 1), DECAY_ONE - 1) / DECAY_ONE
        self.leak = nn.Parameter(torch.tensor(share, device=self.synapse.weight.device).logit())

    @property
    def keep(self) -> Float[Tensor, ""] | None:
        """Share of the voltage that survives a timestep, where it is learned, for its gradient."""
        return None if self.leak is None else torch.sigmoid(-self.leak)

    @property
    def neurons(self) -> Cell:
        """The neurons with the decay that they have now: what was learned, rounded to 1/4096 as in every target."""
        if self.leak is None:
            return self.cell
        share = float(torch.sigmoid(self.leak.detach().double()))
        return replace(self.cell, voltage_decay=round(DECAY_ONE * share))

    def _arriving(self, spikes: Tensor, weight: Tensor, is_integer: bool = False) -> Tensor:
        """What the neurons receive, (time * batch, *out), after the delays."""
        if isinstance(self.delay, SynapticDelay):
            return self.delay.integer_sum(spikes, weight) if is_integer else self.delay(spikes, weight)
        arrived = spikes if self.delay is None else self.delay(spikes)
        return integer_sum(self.synapse, arrived, weight) if is_integer else synapse_sum(self.synapse, arrived, weight)

    def _shifted(self, total: Tensor) -> Tensor:
        """`total` normalised, or with the bias."""
        if self.norm is not None:
            return normalised(self.norm, total)
        return total if self.bias is None else total + per_channel(self.bias, total)

    def integer(
        self, spikes: Float[Tensor, "time batch *shape"], precision: Precision
    ) -> Float[Tensor, "time batch *out"]:
        """Spikes computed in the integers that `quantize` makes of this stage; running statistics are used."""
        weight, bias, scale = self.integers(precision)
        total = self._arriving(spikes, weight, is_integer=True)
        return spike_integer(unfold(total, spikes), self.neurons, bias, scale, keep=self.keep)

    def integer_after(
        self,
        spikes: Float[Tensor, "time batch *shape"],
        integers: tuple[Tensor, Tensor, float],
        state: State | None,
    ) -> tuple[Float[Tensor, "time batch *out"], State]:
        """`integer` of neurons in `state` (None: before the first timestep), and the state that they reach.

        Args:
            integers: what `integers` gave.
        """
        weight, bias, scale = integers
        total = self._arriving(spikes, weight, is_integer=True)
        return spike_integer_on(unfold(total, spikes), self.neurons, bias, scale, state, keep=self.keep)

    def integers(
        self, precision: Precision
    ) -> tuple[Float[Tensor, "out inputs *kernel"], Float[Tensor, " out"], float]:
        """Weights and biases in the weight steps that `quantize` makes of them, and how many of these are one unit."""
        weight, bias = self.folded()
        if self.training:
            precision.begin(weight)
        scale, grid = layer_scale(weight, bias, self.cell.threshold, precision.bits, precision.factor(weight))
        return precision.integers(weight, scale, grid), bias_steps(bias, scale), scale

    def folded(self) -> tuple[Float[Tensor, "out inputs *kernel"], Float[Tensor, " out"]]:
        """Weights and biases with the running normalisation in them, float64."""
        weight = self.synapse.weight.double()
        if self.norm is None:
            return weight, torch.zeros(len(weight)).double() if self.bias is None else self.bias.double()
        mean, variance = (value.double() for value in running(self.norm))
        factor = self.norm.weight.double() * (variance + self.norm.eps).rsqrt()
        return weight * per_channel(factor, weight, axis=0), self.norm.bias.double() - mean * factor


def synapse_sum(synapse: Synapses, spikes: Tensor, weight: Tensor) -> Tensor:
    """What the neurons receive, (time * batch, *out), with `weight` in place of the synapses' own."""
    folded = spikes.flatten(0, 1)
    if isinstance(synapse, nn.Linear):
        return _dense_sum(synapse, folded, weight)
    total = event_sum(synapse, folded, weight)
    if total is None:
        total = F.conv2d(folded, weight, None, synapse.stride, synapse.padding, synapse.dilation, synapse.groups)
    return total


def _dense_sum(synapse: nn.Linear, folded: Tensor, weight: Tensor) -> Tensor:
    """weight x; a map whose channels are innermost is flattened as it lies, and the weights take its order."""
    if folded.ndim == 4 and folded.shape[1] > 1 and folded.is_contiguous(memory_format=torch.channels_last):
        maps = weight.view(len(weight), *folded.shape[1:])
        folded, weight = (value.permute(0, 2, 3, 1).flatten(1) for value in (folded, maps))
    folded = folded.flatten(1)
    total = event_sum(synapse, folded, weight)
    return F.linear(folded, weight) if total is None else total


def integer_sum(synapse: Synapses, spikes: Tensor, weight: Tensor) -> Tensor:
    """`synapse_sum` of integers in float32, whatever autocast says: bfloat16 would lose all but 8 bits of a sum.

    TensorFloat-32, which CUDA may use, is exact here: it rounds factors to 11 bits, and these have at most 9.
    """
    with torch.autocast(spikes.device.type, enabled=False):
        return synapse_sum(synapse, spikes.float(), weight)


def unfold(total: Tensor, spikes: Tensor) -> Tensor:
    """`total` (time * batch, *out) with the time and batch of `spikes` as axes of their own; a view."""
    return total.view(*spikes.shape[:2], *total.shape[1:])
