"""Learned delays, in timesteps: when the spikes of a neuron arrive is trained like their weights are.

Only what dense layers of neurons receive is delayed, as on Loihi. A readout that adds up all timesteps has no delays:
they could only keep the last spikes from it. Nothing is padded: what would arrive after the last timestep is lost, in
training as in deployment.

Sources:
    axonal delays: Shrestha and Orchard 2018, "SLAYER", arXiv:1810.08646, as lava-dl and slayerPytorch compute them;
    delays of synapses: Hammouamri et al. 2024, "Learning delays in spiking neural networks using dilated convolutions
    with learnable spacings", arXiv:2306.17670.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, final

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from neurodeploy.graph.numeric import Array

SIGMA_END: Final = 0.23
"""Standard deviation of a synapse's taps at the end; `SIGMA_MORE` is added wherever it is used."""

SIGMA_MORE: Final = 0.27

SIGMA_SHARE: Final = 0.25
"""Share of the epochs after which sigma has reached its end."""


@final
class AxonalDelay(nn.Module):
    """y[t] = s[t - floor(d)]: the spikes of each neuron, or of each channel of a map, arrive d timesteps later.

    The gradient of d is that of a shifted signal, by a finite difference of what arrives:
    dL/dd = grad_scale sum dL/dy[t] (y[t-1] - y[t]).
    It sees one timestep, so it leads far only where neurons answer a spike smoothly, with slow currents and voltages.

    Args:
        channels: neurons, or channels of a map.
        max_delay: d stays within 0..max_delay.
        grad_scale: factor of the gradient of d.
        start: first delays are uniform within 0..start; up to 1, as in SLAYER, all floor to 0.
    """

    def __init__(
        self,
        channels: int,
        max_delay: int = 62,
        grad_scale: float = 1.0,
        start: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.max_delay, self.grad_scale = max_delay, grad_scale
        self.steps = nn.Parameter(torch.empty(channels).uniform_(0, start, generator=generator))

    def forward(self, spikes: Float[Tensor, "time batch channel *map"]) -> Float[Tensor, "time batch channel *map"]:
        """What arrives of `spikes`; what would arrive after the last timestep is lost."""
        _clamp(self)
        if not self.training or not torch.is_grad_enabled():
            return shift(spikes, self.rounded())
        result: Tensor = _Shift.apply(spikes, self.steps, self.rounded(), self.grad_scale)  # type: ignore[no-untyped-call]  # torch's apply
        return result

    def rounded(self) -> Int[Tensor, " channel"]:
        """Delays in use."""
        return self.steps.detach().clamp(0, self.max_delay).floor().long()

    def export_delays(self, inputs: int) -> Array:
        """Delay of each synapse that reads these spikes, flattened to `inputs` values: (1, inputs), integers."""
        found: Array = self.rounded().repeat_interleave(inputs // len(self.steps))[None].cpu().numpy()
        return found


@final
class SynapticDelay(nn.Module):
    """I[o, t] = sum over i of w[o, i] x[i, t - d[o, i]]: each synapse of a dense layer has a delay of its own.

    In training, a synapse has a tap at each delay n = 0..max_delay, together as strong as its weight:
    exp(-((n - d) / (sigma + 0.27))^2 / 2), divided by their sum. `narrow` makes sigma smaller from epoch to epoch, so
    that a delay first sees all timesteps. In evaluation and in the deployed integers it has one tap, at round(d); the
    gradient of d is then still that of the taps.

    Args:
        max_delay: d stays within 0..max_delay, and is uniform in it at first.
    """

    def __init__(self, outputs: int, inputs: int, max_delay: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.max_delay = max_delay
        self.sigma = sigma_at(1, 1, max_delay)
        self.steps = nn.Parameter(torch.empty(outputs, inputs).uniform_(0, max_delay, generator=generator))

    def forward(
        self, spikes: Float[Tensor, "time batch *shape"], weight: Float[Tensor, "out inputs"]
    ) -> Float[Tensor, "steps out"]:
        """What the neurons receive, (time * batch, out), with `weight` in place of the synapses' own."""
        return self._sum(spikes, weight[..., None] * self.taps(is_exact=not self.training))

    def integer_sum(
        self, spikes: Float[Tensor, "time batch *shape"], weight: Float[Tensor, "out inputs"]
    ) -> Float[Tensor, "steps out"]:
        """`forward` of integers in float32: one tap for each synapse in training too, and no autocast."""
        with torch.autocast(spikes.device.type, enabled=False):
            return self._sum(spikes.float(), weight[..., None] * self.taps(is_exact=True))

    def _sum(self, spikes: Tensor, kernel: Tensor) -> Tensor:
        values = F.pad(spikes.flatten(2).permute(1, 2, 0), (self.max_delay, 0))
        return F.conv1d(values, kernel.flip(2)).permute(2, 0, 1).flatten(0, 1)

    def taps(self, is_exact: bool) -> Float[Tensor, "out inputs taps"]:
        """How much of each synapse's weight acts after 0, 1, ..., max_delay steps."""
        _clamp(self)
        places = torch.arange(self.max_delay + 1, device=self.steps.device)
        needs_bell = not is_exact or (self.training and torch.is_grad_enabled())
        bell = bells(self.steps, places, self.sigma + SIGMA_MORE) if needs_bell else None
        if bell is not None and not is_exact:
            return bell
        single = (places == self.rounded()[..., None]).to(self.steps.dtype)
        # Straight through: the value of the single tap, the gradient of the bell.
        return single if bell is None else single + (bell - bell.detach())

    def rounded(self) -> Int[Tensor, "out inputs"]:
        """Delays in use in evaluation and in the integers."""
        return self.steps.detach().clamp(0, self.max_delay).round().long()

    def export_delays(self, inputs: int) -> Array:
        """Delay of each synapse: (out, inputs), integers."""
        found: Array = self.rounded().cpu().numpy()
        return found


Delay = AxonalDelay | SynapticDelay


def delays_of(module: nn.Module) -> Iterator[Delay]:
    """The delays in `module`."""
    return (found for found in module.modules() if isinstance(found, Delay))


def narrow(module: nn.Module, epoch: int, epochs: int) -> None:
    """Set the width of all synapses' taps for epoch number `epoch`, from 1.

    Args:
        epochs: of the training; 0 where delays were learned before, so that they are only refined.
    """
    for delay in delays_of(module):
        if isinstance(delay, SynapticDelay):
            delay.sigma = sigma_at(epoch, epochs, delay.max_delay)


def sigma_at(epoch: int, epochs: int, max_delay: int) -> float:
    """sigma in epoch number `epoch`, from 1: half the largest delay at first, 0.23 after a quarter of the epochs.

    Args:
        epochs: 0 gives 0.23.
    """
    start = max(max_delay / 2, SIGMA_END)
    if not epochs:
        return SIGMA_END
    share: float = (SIGMA_END / start) ** ((epoch - 1) / (SIGMA_SHARE * epochs))
    return max(SIGMA_END, start * share)


def bells(centres: Float[Tensor, "*shape"], places: Int[Tensor, " taps"], width: float) -> Float[Tensor, "*shape taps"]:
    """Gaussian curves around `centres` at the integers `places`, each with the sum 1."""
    heights = torch.exp(-0.5 * ((places - centres[..., None]) / width) ** 2)
    return heights / (heights.sum(-1, keepdim=True) + 1e-7)


def shift(
    spikes: Float[Tensor, "time batch channel *map"], steps: Int[Tensor, " channel"]
) -> Float[Tensor, "time batch channel *map"]:
    """Each channel `steps` later, or earlier where that is negative; zeros come in, what leaves is lost."""
    sources = torch.arange(len(spikes), device=spikes.device)[:, None] - steps
    exists = (sources >= 0) & (sources < len(spikes))
    sources, exists = (
        value.view(len(spikes), 1, -1, *(1,) * (spikes.ndim - 3))
        for value in (sources.clamp(0, len(spikes) - 1), exists)
    )
    return spikes.gather(0, sources.expand(spikes.shape)) * exists


def _clamp(delay: Delay) -> None:
    """Bring delays that a step of the optimizer took out of range back, where they learn on."""
    if delay.training:
        delay.steps.data.clamp_(0, delay.max_delay)


class _Shift(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, spikes: Tensor, steps: Tensor, rounded: Tensor, grad_scale: float) -> Tensor:
        arrived = shift(spikes, rounded)
        ctx.save_for_backward(arrived, rounded)
        ctx.grad_scale = grad_scale
        return arrived

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        arrived, rounded = ctx.saved_tensors
        change = arrived.clone()
        change[1:] -= arrived[:-1]
        others = [axis for axis in range(arrived.ndim) if axis != 2]
        steps = -(grads[0] * change).sum(others) * ctx.grad_scale
        return shift(grads[0], -rounded), steps, None, None
