"""The nets of `bench_training_step` in snnTorch, Norse and SpikingJelly, in every way of running them that they offer.

`step-wise` nets take one timestep after the other through all layers. `layer-wise` ones fold time into the batch in
synapses and normalisations, and walk through time in the neurons only: SpikingJelly's step mode "m"; for snnTorch and
Norse the neuron's own step inside a loop over time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor, nn

CLASSES, DENSITY, KEEP = 10, 0.08, 0.75


@dataclass(frozen=True)
class Case:
    """A net and what it learns from.

    Args:
        shape: of one timestep of a recording.
        convolutions: (out, kernel, stride, padding) of each; hidden: neurons of each dense layer.
        threshold: chosen so that, with the habitual random weights, about every tenth neuron fires at a time.
    """

    batch: int
    steps: int
    shape: tuple[int, ...]
    threshold: float
    convolutions: tuple[tuple[int, int, int, int], ...] = ()
    hidden: tuple[int, ...] = ()


CASES = {
    "dense": Case(64, 10, (2, 34, 34), threshold=0.2, hidden=(512,)),
    "conv": Case(32, 10, (2, 34, 34), threshold=0.3, convolutions=((16, 5, 1, 2), (32, 3, 2, 1))),
    "fc500": Case(16, 500, (512,), threshold=0.3, hidden=(512,)),
}


def synapses(case: Case, bias: bool) -> Iterator[nn.Module]:
    """Synapses of all layers, the readout last, each flattened before where that is needed."""
    size = case.shape
    for out, kernel, stride, padding in case.convolutions:
        yield nn.Conv2d(size[0], out, kernel, stride=stride, padding=padding, bias=bias)
        size = (out, *((length + 2 * padding - kernel) // stride + 1 for length in size[1:]))
    inputs = torch.Size(size).numel()
    for outputs in case.hidden:
        yield nn.Linear(inputs, outputs, bias=bias)
        inputs = outputs
    yield nn.Linear(inputs, CLASSES, bias=False)


def layers(case: Case, normed: bool, neuron: Callable[[], nn.Module]) -> list[nn.Module]:
    """The net as a list of modules."""
    *hidden, readout = synapses(case, bias=not normed)
    found: list[nn.Module] = []
    is_map = len(case.shape) == 3
    for synapse in hidden:
        if is_map and isinstance(synapse, nn.Linear):
            found.append(nn.Flatten())
            is_map = False
        found.append(synapse)
        if normed:
            size = len(synapse.weight)
            found.append(nn.BatchNorm2d(size) if isinstance(synapse, nn.Conv2d) else nn.BatchNorm1d(size))
        found.append(neuron())
    return [*found, *([nn.Flatten()] if is_map else []), readout]


class StepWise(nn.Module):
    """All layers at one timestep, then at the next; `is_neuron` modules take and give a state."""

    def __init__(self, modules: Sequence[nn.Module], is_neuron: Callable[[nn.Module], bool]) -> None:
        super().__init__()
        self.layers, self.is_neuron = nn.ModuleList(modules), is_neuron

    def forward(self, frames: Tensor) -> Tensor:
        states: dict[int, Any] = {}
        outputs = []
        for value in frames:
            for place, module in enumerate(self.layers):
                if self.is_neuron(module):
                    value, states[place] = module(value, states.get(place))
                else:
                    value = module(value)
            outputs.append(value)
        return torch.stack(outputs).mean(0)


class LayerWise(nn.Module):
    """All timesteps of one layer, then those of the next."""

    def __init__(self, modules: Sequence[nn.Module], is_neuron: Callable[[nn.Module], bool]) -> None:
        super().__init__()
        self.layers, self.is_neuron = nn.ModuleList(modules), is_neuron

    def forward(self, frames: Tensor) -> Tensor:
        steps, value = len(frames), frames.flatten(0, 1)
        for module in self.layers:
            value = self._walk(module, value, steps) if self.is_neuron(module) else module(value)
        return value.unflatten(0, (steps, -1)).mean(0)

    def _walk(self, module: nn.Module, value: Tensor, steps: int) -> Tensor:
        state, spikes = None, []
        for inflow in value.unflatten(0, (steps, -1)):
            fired, state = module(inflow, state)
            spikes.append(fired)
        return torch.cat(spikes)


Peer = tuple[str, nn.Module, Callable[[], None]]
"""Name, net, and what makes it forget its states after a step."""


def nothing() -> None:
    """Nothing is to be forgotten."""


def snntorch_nets(case: Case, normed: bool) -> Iterator[Peer]:
    snn = import_module("snntorch")
    name = f"snntorch {version('snntorch')}"

    def neuron() -> nn.Module:
        made: nn.Module = snn.Leaky(beta=KEEP, threshold=case.threshold, reset_mechanism="zero")
        return made

    def is_neuron(module: nn.Module) -> bool:
        return isinstance(module, snn.Leaky)

    def forget(net: nn.Module) -> Callable[[], None]:
        return lambda: [m.reset_mem() for m in net.modules() if is_neuron(m)] and None

    for net in (StepWise(layers(case, normed, neuron), is_neuron), LayerWise(layers(case, normed, neuron), is_neuron)):
        yield f"{name} {_way(net)}", net, forget(net)


def norse_nets(case: Case, normed: bool) -> Iterator[Peer]:
    norse = import_module("norse.torch")
    name = f"norse {version('norse')}"
    # Its drive is multiplied by dt / tau = 1 - KEEP.
    threshold = torch.as_tensor(case.threshold * (1 - KEEP))
    parameters = norse.LIFBoxParameters(tau_mem_inv=torch.as_tensor((1 - KEEP) * 1000.0), v_th=threshold)

    def neuron() -> nn.Module:
        made: nn.Module = norse.LIFBoxCell(p=parameters)
        return made

    def is_neuron(module: nn.Module) -> bool:
        return isinstance(module, norse.LIFBoxCell)

    for net in (StepWise(layers(case, normed, neuron), is_neuron), LayerWise(layers(case, normed, neuron), is_neuron)):
        yield f"{name} {_way(net)}", net, nothing


def spikingjelly_nets(case: Case, normed: bool) -> Iterator[Peer]:
    package = "spikingjelly.activation_based"
    neuron, layer = import_module(f"{package}.neuron"), import_module(f"{package}.layer")
    functional, surrogate = import_module(f"{package}.functional"), import_module(f"{package}.surrogate")
    name = f"spikingjelly {version('spikingjelly')}"

    def lif() -> nn.Module:
        settings = {"decay_input": False, "detach_reset": True, "surrogate_function": surrogate.ATan()}
        made: nn.Module = neuron.LIFNode(tau=1 / (1 - KEEP), v_threshold=case.threshold, **settings)
        return made

    class SingleStep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(*layers(case, normed, lif))

        def forward(self, frames: Tensor) -> Tensor:
            return torch.stack([self.layers(value) for value in frames]).mean(0)

    class MultiStep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            made = layers(case, normed, lif)
            wrapped = [m if isinstance(m, neuron.LIFNode) else layer.SeqToANNContainer(m) for m in made]
            self.layers = nn.Sequential(*wrapped)
            functional.set_step_mode(self, "m")

        def forward(self, frames: Tensor) -> Tensor:
            output: Tensor = self.layers(frames)
            return output.mean(0)

    for way, net in (("m", MultiStep()), ("s", SingleStep())):
        yield f"{name} step mode {way}", net, lambda net=net: functional.reset_net(net)


def _way(net: nn.Module) -> str:
    return "layer-wise" if isinstance(net, LayerWise) else "step-wise"


PEERS = {"snntorch": snntorch_nets, "norse": norse_nets, "spikingjelly": spikingjelly_nets}
