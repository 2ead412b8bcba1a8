"""The trained network: stages of spiking neurons and a readout, computed in floats or in the deployed integers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurodeploy.errors import ConfigError
from neurodeploy.graph.node import Shape
from neurodeploy.graph.nodes import Reset
from neurodeploy.quantize import WeightFormat
from neurodeploy.train.ann import make_activation
from neurodeploy.train.config import ModelConfig, NeuronConfig
from neurodeploy.train.delay_stages import add_delays, part_names
from neurodeploy.train.events.layout import laid_out
from neurodeploy.train.fake_quantize import readout_scale
from neurodeploy.train.neurons.cells import Cell
from neurodeploy.train.neurons.surrogate import surrogate
from neurodeploy.train.norm import Norm
from neurodeploy.train.precision import Precision
from neurodeploy.train.stage import Stage, Synapses, integer_sum, synapse_sum, unfold
from neurodeploy.train.step_size import StepSize
from neurodeploy.train.stepwise import Layer, Leaves, Walk

S = TypeVar("S", nn.Conv2d, nn.Linear)

STEP_SIZES = "step_sizes"
"""Name of the learned step sizes in a state dict."""


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
        weight_bits: stored bits per weight in integer computation, unless `store_weights` says otherwise.
    """

    def __init__(self, stages: Sequence[Stage], readout: nn.Linear | None, weight_bits: int = 8) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.readout = readout
        self.weight_bits = weight_bits
        self.layer_bits: tuple[int, ...] = (weight_bits,) * len(self.synapses)
        """Stored bits per weight of each layer of synapses."""
        self.step_sizes: nn.ModuleList | None = None
        self.is_integer = False
        """True: the forward pass computes the integers of the deployed network, with the gradients of the float one."""
        self.is_stepwise = False
        """True: training goes timestep by timestep, see `stepwise`."""

    @property
    def is_ann(self) -> bool:
        """Whether it computes activations in place of spikes; then it has no integers and no graph."""
        return any(getattr(stage, "activation", None) is not None for stage in self.stages)

    def store_weights(self, layer_bits: Sequence[int], learn_steps: bool) -> None:
        """Choose the width of every layer's weights, and whether their step sizes are learned.

        Args:
            layer_bits: one entry for each layer of synapses, 2..8; empty: `weight_bits` everywhere.
        Raises:
            ConfigError: another number of entries.
        """
        bits = tuple(layer_bits) or (self.weight_bits,) * len(self.synapses)
        if len(bits) != len(self.synapses):
            allowed = f"{len(self.synapses)} entries, one for each layer of synapses: {', '.join(self.synapse_names)}"
            raise ConfigError(key="train.layer_bits", found=list(layer_bits), allowed=allowed)
        self.layer_bits = bits
        self.step_sizes = nn.ModuleList(StepSize() for _ in bits) if learn_steps else None

    def precision(self, place: int) -> Precision:
        """How the weights of the layer of synapses number `place` become integers."""
        # A ModuleList does not say what it holds.
        step_size = None if self.step_sizes is None else cast(StepSize, self.step_sizes[place])
        return Precision(self.layer_bits[place], step_size)

    @property
    def formats(self) -> dict[str, WeightFormat]:
        """What `quantize` needs to find the same integers: synapse in the graph -> width and learned factor."""
        weights = [cast(Stage, stage).folded()[0] for stage in self.stages]
        weights += [] if self.readout is None else [self.readout.weight.double()]
        return {
            part: self.precision(place).format(weight)
            for place, (name, weight) in enumerate(zip(self.synapse_names, weights, strict=True))
            for part in part_names(name, self.stages[place] if place < len(self.stages) else None)
        }

    @property
    def synapses(self) -> tuple[Synapses, ...]:
        """The synapses of every stage, then those of the readout."""
        found = [cast(Stage, stage).synapse for stage in self.stages]
        return (*found, *([] if self.readout is None else [self.readout]))

    @property
    def synapse_names(self) -> tuple[str, ...]:
        """Name of each layer of synapses in the graph: conv1, fc2, ...; "conv" or "fc" before the answer."""
        numbers = [name.removeprefix("cuba") if name != "output" else "" for name in self.neuron_names]
        numbers += [] if self.readout is None else [""]
        kinds = ["conv" if isinstance(synapse, nn.Conv2d) else "fc" for synapse in self.synapses]
        return tuple(kind + number for kind, number in zip(kinds, numbers, strict=True))

    def forward(self, frames: Float[Tensor, "time batch *shape"]) -> Output:
        """Logits of every timestep and the spikes of every stage; state is zero at the first timestep."""
        if self.is_stepwise and self.training:
            return self._in_steps(frames)
        spikes: list[Tensor] = []
        # A ModuleList does not say what it holds.
        for place, stage in enumerate(cast(Sequence[Stage], self.stages)):
            value = spikes[-1] if spikes else frames
            spikes.append(stage.integer(value, self.precision(place)) if self.is_integer else stage(value))
        value = spikes[-1] if spikes else frames
        return Output(self._answer(len(frames))(value), tuple(spikes))

    def _in_steps(self, frames: Tensor) -> Output:
        """The same, one timestep after the other."""
        walk = self.walk(len(frames))
        logits, spikes = zip(*(walk.step(frame) for frame in frames), strict=True)
        return Output(torch.cat(logits), tuple(torch.cat(each) for each in zip(*spikes, strict=True)))

    def walk(self, timesteps: int, *, cut: bool = False) -> Walk:
        """A pass over `timesteps`, one at a time.

        Args:
            cut: the graph of each timestep has leaves of its own; `Walk.leaves.go_on` ends the pass.
        Raises:
            ConfigError: spikes arrive later than in the timestep that they are of.
        """
        leaves, stages = Leaves(cut), cast(Sequence[Stage], self.stages)
        if any(stage.delay is not None for stage in stages):
            allowed = "none where timesteps are computed one by one (train.execution=step, train.gradient=sltt)"
            raise ConfigError(key="neuron.delays", found="learned delays", allowed=allowed)
        layers = [self._layer(stage, place, leaves) for place, stage in enumerate(stages)]
        return Walk(layers, self._answer(timesteps, leaves), leaves)

    def _layer(self, stage: Stage, place: int, leaves: Leaves) -> Layer:
        if stage.activation is not None:
            return lambda value, state: (stage(value), None)
        if not self.is_integer:
            return stage.after
        weight, bias, scale = stage.integers(self.precision(place))
        integers = (leaves.of(weight), leaves.of(bias), scale)
        return lambda value, state: stage.integer_after(value, integers, state)

    @property
    def neuron_names(self) -> tuple[str, ...]:
        """Name of each stage's neurons in the graph: cuba1, cuba2, ...; "output" where their spikes are the answer."""
        names = [f"cuba{number}" for number in range(1, len(self.stages) + 1)]
        return tuple(names) if self.readout is not None else (*names[:-1], "output")

    def _answer(self, timesteps: int, leaves: Leaves | None = None) -> Callable[[Tensor], Tensor]:
        """What makes logits of spikes (time, batch, *shape), of a recording of so many timesteps."""
        if self.readout is None:
            # Times T, so that the mean over time, which the loss takes, is the spike count.
            return lambda spikes: spikes.float() * timesteps
        readout = self.readout
        if not self.is_integer:
            return lambda spikes: unfold(synapse_sum(readout, spikes, readout.weight).float(), spikes)
        weight, precision = readout.weight.double(), self.precision(len(self.stages))
        if self.training:
            precision.begin(weight)
        scale, grid = readout_scale(weight, timesteps, precision.bits, precision.factor(weight))
        integers = (leaves or Leaves(cut=False)).of(precision.integers(weight, scale, grid))
        return lambda spikes: unfold(integer_sum(readout, spikes, integers) / scale, spikes)


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
        ConfigError: the maps become smaller than a kernel, or no layer can have the delays that are wanted.
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
    stages = [
        Stage(s, _norm(s) if model.batch_norm else None, cell, make_activation(neuron))
        for s in (*synapses, *([last] if counted else []))
    ]
    for stage in stages if neuron.learn_decay else []:
        stage.learn_decay()
    add_delays(stages, neuron, generator)
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
    synapse.weight = nn.Parameter(laid_out(weight))
    return synapse


def _norm(synapse: Synapses) -> Norm:
    size = len(synapse.weight)
    return nn.BatchNorm1d(size) if isinstance(synapse, nn.Linear) else nn.BatchNorm2d(size)
