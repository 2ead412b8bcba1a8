"""Penalties on activity: spikes, and the synaptic operations that they cost with the exact fan-out of each neuron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neurodeploy.graph import Synapse
from neurodeploy.graph.node import Shape
from neurodeploy.train.config import PenaltyConfig
from neurodeploy.train.evaluate import TrainingFrames
from neurodeploy.train.methods.method import Batch, Method
from neurodeploy.train.model import Output, SpikingNet
from neurodeploy.train.packed import Packed
from neurodeploy.train.to_graph import to_graph


def make_penalty(config: PenaltyConfig, net: SpikingNet, frames: TrainingFrames) -> Penalty | None:
    """The penalties that the configuration switches on, or None.

    Args:
        frames: the training split; its shape decides how many weights an input meets.
    """
    if not config.rate and not config.synops:
        return None
    device = next(net.parameters()).device
    shape = tuple(int(size) for size in frames.whole(np.array([0])).shape[2:])
    return Penalty(config, [fan.to(device) for fan in fan_outs(net, shape)], answers_spike=net.readout is None)


def fan_outs(net: SpikingNet, shape: Shape) -> list[Float[Tensor, "*shape"]]:
    """How many weights each input of each layer of synapses meets, borders, stride and groups respected.

    Args:
        shape: of one timestep of frames.
    """
    graph = to_graph(net, shape)
    found = [node.fan_out(graph.input_shape(node)) for node in graph.nodes if isinstance(node, Synapse)]
    return [torch.from_numpy(np.asarray(fan.stored, np.float64)) for fan in found if fan is not None]


@final
class Penalty(Method):
    """rate * mean over layers of max(0, rate of the layer - target) + synops * operations / operations at rate 1.

    The gradient goes through the spikes by their surrogate. What the input costs is counted, but has no gradient;
    spikes that are the answer are not penalised, as no synapse reads them.

    Args:
        fans: of `fan_outs`, on the device of the network.
        answers_spike: the last layer's spikes are counted as the answer.
    """

    name = "penalty"

    def __init__(self, config: PenaltyConfig, fans: Sequence[Tensor], answers_spike: bool) -> None:
        self.config, self.fans, self.answers_spike = config, fans, answers_spike
        self.dense = sum(float(fan.sum()) for fan in fans)
        """Synaptic operations of one timestep if every input is active."""
        self.samples, self.operations, self.spikes = 0, 0.0, 0.0

    def loss(self, net: SpikingNet, batch: Batch, output: Output) -> Tensor | None:
        frames, hidden = _frames(batch), self._hidden(output)
        value = torch.zeros((), device=frames.device)
        if self.config.rate and hidden:
            above = [(spikes.mean(dtype=torch.float32) - self.config.target_rate).clamp(min=0) for spikes in hidden]
            value = value + self.config.rate * torch.stack(above).mean()
        if self.config.synops:
            share = self.synaptic_operations(frames, output) / (self.dense * len(frames))
            value = value + self.config.synops * share.float()
        return value

    def synaptic_operations(self, frames: Float[Tensor, "time batch *shape"], output: Output) -> Float[Tensor, ""]:
        """Weights met by active inputs and by spikes, per inference: what the energy report counts on the same data."""
        active = [(frames != 0).float(), *self._hidden(output)]
        total = torch.zeros((), dtype=torch.float64, device=frames.device)
        for values, fan in zip(active, self.fans, strict=True):
            # How often each was active is exact in float32; what it costs may exceed 2**24.
            total = total + (values.float().sum((0, 1)).reshape(fan.shape).double() * fan).sum()
        return total / frames.shape[1]

    def observe(self, batch: Batch, output: Output, losses: Float[Tensor, " batch"]) -> None:
        count, hidden = len(batch.labels), self._hidden(output)
        self.samples += count
        self.operations += count * float(self.synaptic_operations(_frames(batch), output))
        self.spikes += count * sum(float(spikes.mean(dtype=torch.float32)) for spikes in hidden) / max(len(hidden), 1)

    def facts(self) -> Mapping[str, float]:
        """Synaptic operations per inference and the mean firing rate of the hidden layers, in this epoch."""
        count = max(self.samples, 1)
        found = {"synops": self.operations / count, "rate": self.spikes / count}
        self.samples, self.operations, self.spikes = 0, 0.0, 0.0
        return found

    def _hidden(self, output: Output) -> tuple[Tensor, ...]:
        return output.spikes[:-1] if self.answers_spike else output.spikes


def _frames(batch: Batch) -> Tensor:
    """What the network saw."""
    # Frames are packed where timesteps are learned one by one, and there methods with a loss are refused.
    assert not isinstance(batch.frames, Packed)
    return batch.frames
