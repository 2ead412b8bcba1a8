"""Networks of snnTorch: Leaky and Synaptic neurons.

Source:
    jeshraghian/snntorch 1.0.0 `snntorch/_neurons/leaky.py`, `synaptic.py`, `neurons.py`, read; replayed in the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, NoReturn, final

import numpy as np
import torch
from torch import Tensor, nn

from neurodeploy.graph import Shape
from neurodeploy.graph.nodes import Reset
from neurodeploy.importers.framework import PROBES, Framework, missing
from neurodeploy.importers.imported import Imported
from neurodeploy.importers.lif import Lif, one_value
from neurodeploy.importers.refusal import refused
from neurodeploy.importers.torch_layers import array
from neurodeploy.importers.torch_module import import_module, read_source

try:
    from snntorch import Leaky, SpikingNeuron, Synaptic
except ModuleNotFoundError as error:
    raise missing("snntorch", error) from error

KINDS: Final[tuple[type[nn.Module], ...]] = (Leaky, Synaptic)
RESETS: Final = ("subtract", "zero", "none")
"""In the order of snnTorch's reset_mechanism_val."""

DELAYED: Final = {"_base_sub": "subtract", "_base_zero": "zero", "_base_int": "none"}
"""The state function that a neuron chose when it was built, and what it is for."""

TWICE = (
    "reset_delay=False with 'subtract': where a voltage exceeds twice the threshold, snnTorch subtracts before it "
    "compares in the next step, the graph after; below that they are equal"
)


@final
class SnnTorch(Framework):
    """snnTorch 1.0.

    The reset of a neuron with reset_delay is taken off in the step after the spike, undecayed:
    v[t] = beta v[t-1] + x[t] - threshold z[t-1]. The graph's neuron resets at once and decays what is left, so the
    difference, -(1 - beta) threshold, returns through a synapse from each neuron to itself with a delay of one.
    Without any reset, beta threshold returns in the same way. Reset to zero is the same in both.
    """

    name: ClassVar[str] = "snnTorch"
    package: ClassVar[str] = "snntorch"
    kinds: ClassVar[tuple[type[nn.Module], ...]] = KINDS

    def is_neuron(self, module: nn.Module) -> bool:
        return isinstance(module, SpikingNeuron)

    def neuron(self, path: str, module: Any) -> Lif:  # Any: snnTorch has no types
        if type(module) not in KINDS:
            _refuse(path, module, "it has no form in the graph", "Use Leaky or Synaptic.")
        _check(path, module)
        reset = _reset(path, module)
        threshold = array(module.threshold)
        kind = type(module).__name__
        beta = one_value(path, kind, "beta", array(module.beta.clamp(0, 1)))
        alpha = one_value(path, kind, "alpha", array(module.alpha.clamp(0, 1))) if type(module) is Synaptic else 0.0
        text = f"{kind}, reset '{reset}'{', in the next step' if module.reset_delay else ''}, fires above its threshold"
        if reset == "zero":
            if type(module) is Synaptic and module.reset_delay:
                reason = "reset_delay=True with 'zero' also drops what arrives in the step after a spike"
                _refuse(path, module, reason, "Train it with reset_delay=False.")
            return Lif(beta, threshold, alpha, notes=(text,))
        if reset == "none":
            return Lif(beta, threshold, alpha, Reset.SUBTRACT, left=threshold, notes=(text,))
        if module.reset_delay:
            return Lif(
                beta, threshold, alpha, Reset.SUBTRACT, left=threshold, later=np.asarray(-threshold), notes=(text,)
            )
        return Lif(beta, threshold, alpha, Reset.SUBTRACT, notes=(text, TWICE))

    def layers(self) -> Mapping[type[nn.Module], type[nn.Module]]:
        return {}

    def reset(self, module: nn.Module) -> None:
        neurons: list[Any] = [each for each in module.modules() if isinstance(each, KINDS)]  # Any: as above
        for each in neurons:
            each.reset_mem()

    def voltage(self, module: Any, output: Any, spikes: Tensor) -> Tensor | None:  # Any: snnTorch has no types
        voltage: Tensor = module.mem
        reset = DELAYED[module.state_function.__name__]
        if reset == "zero":
            return voltage * (1 - spikes)
        resets_later = module.reset_delay or reset == "none"
        return voltage - spikes * module.threshold if resets_later else voltage


def _check(path: str, module: Any) -> None:  # Any: snnTorch has no types
    """Refuse settings that the graph's neuron does not have."""
    if module.inhibition:
        _refuse(path, module, "inhibition=True lets only one neuron of a layer fire", "Train without inhibition.")
    if module.state_quant:
        _refuse(path, module, "state_quant rounds its states in its own way", "Train with neurodeploy for integers.")
    if not bool((module.graded_spikes_factor == 1).all()):
        _refuse(
            path, module, "graded_spikes_factor makes spikes other than 1", "Fold it into the next layer's weights."
        )
    if torch.as_tensor(module.spike_grad(PROBES)).tolist() != [0, 0, 0, 1, 1]:
        _refuse(
            path, module, "its spike_grad is no step function in the forward pass", "Use one of snntorch.surrogate."
        )


def _reset(path: str, module: Any) -> str:  # Any: snnTorch has no types
    """The reset mechanism; the one of the settings must be the one that was chosen when the neuron was built."""
    named, used = RESETS[int(module.reset_mechanism_val)], DELAYED[module.state_function.__name__]
    if named != used:
        reason = f"it was built with reset '{used}' and set to '{named}' later, which snnTorch then does in part"
        _refuse(path, module, reason, "Build it with the reset_mechanism that it was trained with.")
    return named


def _refuse(path: str, module: nn.Module, reason: str, hint: str) -> NoReturn:
    raise refused(path, type(module).__name__, reason, hint)


def from_snntorch(
    module: nn.Module, shape: Shape | None = None, *, high: int = 1, timestep_us: float = 1000.0
) -> Imported:
    """The float graph of a snnTorch network.

    Args:
        module: takes one timestep (batch, ...) a call, or all of them (time, batch, ...); states are forgotten.
        shape: of a frame; needed when the first layer is a convolution.
        high: largest value of a frame.
        timestep_us: duration of a timestep.
    Raises:
        UnsupportedNodeError: a module has no form in the graph; its path and the way out are named.
    """
    source = read_source(module, shape, SnnTorch())
    return import_module(source, high=high, timestep_us=timestep_us)
