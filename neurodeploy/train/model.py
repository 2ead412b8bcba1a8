"""The trained network: stages of spiking neurons and a readout, computed in floats or in the deployed integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, cast, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurodeploy.errors import ConfigError
from neurodeploy.graph.node import Shape
from neurodeploy.graph.nodes import Reset
from neurodeploy.train.cells import Cell
from neurodeploy.train.config import ModelConfig, NeuronConfig
from neurodeploy.train.fake_quantize import on_grid, readout_scale
from neurodeploy.train.stage import Norm, Stage, Synapses, integer_sum, synapse_sum, unfold
from neurodeploy.train.surrogate import surrogate

S = TypeVar("S", nn.Conv2d, nn.Linear)


@final
@dataclass(frozen=True)
class Output:
    """What a network computed.

    Args:
        logits: (time, batch, classes); the answer is their sum over time.
        spikes: of each stage, (time, batch, *shape).
    """

    logits: Tensor
    spikes: tuple[Tensor, ...]


@final
class SpikingNet(nn.Module):
    """Stages in a row and a readout.

    Args:
        stages: each feeds the next; a map is flattened before the first dense stage or readout.
        readout: dense synapses whose sums are the logits of a timestep; None: the spikes of the last stage are counted.
        weight_bits: stored bits per weight in integer computation.
    """

    def __init__(self, stages: Sequence[Stage], readout: nn.Linear | None, weight_bits: int = 8) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.readout = readout
        self.weight_bits = weight_bits
        self.is_integer = False
        """True: the forward pass computes the integers of the deployed network, with the gradients of the float one."""

    def forward(self, frames: Float[Tensor, "time batch *shape"]) -> Output:
        """Logits of every timestep and the spikes of every stage; state is zero at the first timestep."""
        spikes: list[Tensor] = []
        # A ModuleList does not say what it holds.
        for stage in cast(Sequence[Stage], self.stages):
            value = spikes[-1] if spikes else frames
            spikes.append(stage.integer(value, self.weight_bits) if self.is_integer else stage(value))
        value = spikes[-1] if spikes else frames
        return Output(self._logits(value), tuple(spikes))

    @property
    def neuron_names(self) -> tuple[str, ...]:
        """Name of each stage's neurons in the graph: cuba1, cuba2, ...; "output" where their spikes are the answer."""
        names = [f"cuba{number}" for number in range(1, len(self.stages) + 1)]
        return tuple(names) if self.readout is not None else (*names[:-1], "output")

    def _logits(self, spikes: Tensor) -> Tensor:
        if self.readout is None:
            # Times T, so that the mean over time, which the loss takes, is the spike count.
            return spikes * len(spikes)
        if not self.is_integer:
            return unfold(synapse_sum(self.readout, spikes, self.readout.weight).float(), spikes)
        weight = self.readout.weight.double()
        scale, grid = readout_scale(weight, len(spikes), self.weight_bits)
        total = integer_sum(self.readout, spikes, on_grid(weight, scale, grid))
        return unfold(total / scale, spikes)


def build_model(
    model: ModelConfig,
    neuron: NeuronConfig,
    shape: Shape,
    classes: int,
    generator: torch.Generator,
    weight_bits: int = 8,
) -> SpikingNet:
    """A network with random weights.

    Args:
        shape: (channel, height, width) of one timestep of frames.
        classes: number of answers, >= 2.
        generator: where all randomness comes from; same state, same weights.
    Raises:
        ConfigError: the maps become smaller than a kernel.
    """
    cell = make_cell(neuron)
    synapses: list[Synapses] = []
    inputs = math.prod(shape)
    if model.kind == "strided-cnn":
        synapses, inputs = _convolutions(model, shape, generator)
    for size in model.hidden if model.kind == "mlp" else ():
        synapses.append(_linear(inputs, size, generator))
        inputs = size
    last = _linear(inputs, classes, generator)
    counted = neuron.readout == "spikes"
    stages = [Stage(s, _norm(s) if model.batch_norm else None, cell) for s in (*synapses, *([last] if counted else []))]
    return SpikingNet(stages, None if counted else last, weight_bits)


def make_cell(neuron: NeuronConfig) -> Cell:
    """The neurons described by a configuration."""
    current, voltage = neuron.decays
    width = surrogate(neuron.surrogate, neuron.gamma)
    return Cell(current, voltage, neuron.threshold, Reset(neuron.reset), width)


def _convolutions(model: ModelConfig, shape: Shape, generator: torch.Generator) -> tuple[list[Synapses], int]:
    """The convolutions, and how many neurons the last of them feeds."""
    channels, height, width = shape
    found: list[Synapses] = []
    for out, kernel, stride, padding in zip(model.channels, model.kernels, model.strides, model.paddings, strict=True):
        height, width = ((size + 2 * padding - kernel) // stride + 1 for size in (height, width))
        if height < 1 or width < 1:
            allowed = f"kernels that fit maps of {shape[1]}x{shape[2]} pixels and what the strides leave of them"
            raise ConfigError(key="model.kernels", found=model.kernels, allowed=allowed)
        conv = nn.Conv2d(channels, out, kernel, stride=stride, padding=padding, bias=False, device="meta")
        found.append(_with_weights(conv, channels * kernel * kernel, generator))
        channels = out
    return found, channels * height * width


def _linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    return _with_weights(nn.Linear(inputs, outputs, bias=False, device="meta"), inputs, generator)


def _with_weights(synapse: S, inputs: int, generator: torch.Generator) -> S:
    """`synapse` with uniform weights within +-1 / sqrt(inputs), the habit of torch.nn."""
    weight = torch.empty(synapse.weight.shape).uniform_(-(inputs**-0.5), inputs**-0.5, generator=generator)
    # Convolutions are faster on CPU when channels are the innermost axis; their results take over this layout.
    is_map = weight.ndim == 4
    synapse.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last) if is_map else weight)
    return synapse


def _norm(synapse: Synapses) -> Norm:
    size = len(synapse.weight)
    return nn.BatchNorm1d(size) if isinstance(synapse, nn.Linear) else nn.BatchNorm2d(size)
