"""Networks of SpikingJelly: IF, LIF and parametric LIF nodes of activation_based.

Source:
    fangwei123456/spikingjelly 2.0.0 `activation_based/neuron/{lif,integrate_and_fire,plif,base_node}.py`,
    `_ops/lif/reference.py`, `_ops/plif/reference.py`, `activation_based/surrogate.py`, read; replayed in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Final, NoReturn, final

import numpy as np
from torch import Tensor, nn

from neurodeploy.graph import Shape
from neurodeploy.graph.nodes import Reset
from neurodeploy.importers.framework import PROBES, Framework, missing
from neurodeploy.importers.imported import Imported
from neurodeploy.importers.lif import Lif
from neurodeploy.importers.refusal import refused
from neurodeploy.importers.torch_layers import array
from neurodeploy.importers.torch_module import import_module, read_source

try:
    from spikingjelly.activation_based import base, layer, neuron
except ModuleNotFoundError as error:
    raise missing("spikingjelly", error) from error

KINDS: Final[tuple[type[nn.Module], ...]] = (neuron.IFNode, neuron.LIFNode, neuron.ParametricLIFNode)
LAYERS: Final[Mapping[type[nn.Module], type[nn.Module]]] = {
    layer.Linear: nn.Linear,
    layer.Conv2d: nn.Conv2d,
    layer.AvgPool2d: nn.AvgPool2d,
    layer.AdaptiveAvgPool2d: nn.AdaptiveAvgPool2d,
    layer.MaxPool2d: nn.MaxPool2d,
    layer.BatchNorm1d: nn.BatchNorm1d,
    layer.BatchNorm2d: nn.BatchNorm2d,
    layer.Flatten: nn.Flatten,
    layer.Dropout: nn.Dropout,
    layer.Dropout2d: nn.Dropout2d,
}


@final
class SpikingJelly(Framework):
    """SpikingJelly 2.0, single-step and multi-step.

    LIF: h = v + (x - (v - v_reset)) / tau, or v - (v - v_reset) / tau + x without decay_input; parametric LIF has
    sigmoid(w) for 1 / tau; IF: h = v + x. Fires at h >= v_threshold, then v = v_reset, or h - v_threshold where v_reset
    is None; starts at v_reset, or at 0. So a voltage counted from v_reset is the graph's, with 1 / tau or 1 as the
    gain, and its threshold is the largest number below v_threshold. In integers a voltage exactly at it does not fire.
    """

    name: ClassVar[str] = "SpikingJelly"
    package: ClassVar[str] = "spikingjelly"
    kinds: ClassVar[tuple[type[nn.Module], ...]] = KINDS

    def is_neuron(self, module: nn.Module) -> bool:
        return isinstance(module, neuron.BaseNode | neuron.SimpleBaseNode | neuron.NonSpikingBaseNode)

    def neuron(self, path: str, module: Any) -> Lif:  # Any: SpikingJelly has no types
        if type(module) not in KINDS:
            _refuse(path, module, "it has no form in the graph", f"Use {', '.join(k.__name__ for k in KINDS)}.")
        fires = module.surrogate_function(PROBES).tolist()
        if not module.surrogate_function.spiking or fires != [0, 0, 1, 1, 1]:
            _refuse(path, module, "its surrogate_function is no step in the forward pass", "Set spiking=True.")
        if module._neuron_precision is not None:
            _refuse(path, module, "its states have a precision of their own", "Compute it in float32.")
        rest = 0.0 if module.v_reset is None else module.v_reset
        rate = _rate(module)
        gain = rate if type(module) is not neuron.IFNode and module.decay_input else 1.0
        reset = "by subtraction" if module.v_reset is None else f"to {module.v_reset:.9g}"
        note = f"{type(module).__name__}, loses {rate:.9g} a step, input times {gain:.9g}, reset {reset}, fires at its "
        note += "threshold (>=): the graph's threshold is the next number below"
        return Lif(
            1 - rate,
            np.asarray(module.v_threshold - rest),
            reset=Reset.SUBTRACT if module.v_reset is None else Reset.ZERO,
            gain=gain,
            fires_at_threshold=True,
            has_time=module.step_mode == "m",
            notes=(note,),
        )

    def layers(self) -> Mapping[type[nn.Module], type[nn.Module]]:
        return LAYERS

    def reset(self, module: nn.Module) -> None:
        for each in module.modules():
            if isinstance(each, base.MemoryModule):
                each.reset()

    def voltage(self, module: Any, output: Any, spikes: Tensor) -> Tensor | None:  # Any: SpikingJelly has no types
        voltage: Tensor = module.v_seq if module.step_mode == "m" else module.v
        return voltage - (0.0 if module.v_reset is None else module.v_reset)

    @contextmanager
    def showing_voltages(self, module: Any) -> Iterator[None]:  # Any: SpikingJelly has no types
        before = module.store_v_seq
        module.store_v_seq = module.step_mode == "m"
        try:
            yield
        finally:
            module.store_v_seq = before


def _rate(module: Any) -> float:  # Any: SpikingJelly has no types
    """Share of the voltage that is lost in a step."""
    if type(module) is neuron.IFNode:
        return 0.0
    return float(array(module.w.sigmoid())) if type(module) is neuron.ParametricLIFNode else 1 / float(module.tau)


def _refuse(path: str, module: nn.Module, reason: str, hint: str) -> NoReturn:
    raise refused(path, type(module).__name__, reason, hint)


def from_spikingjelly(
    module: nn.Module, shape: Shape | None = None, *, high: int = 1, timestep_us: float = 1000.0
) -> Imported:
    """The float graph of a SpikingJelly network.

    Args:
        module: single-step, taking (batch, ...) a call, or multi-step, taking (time, batch, ...); states are forgotten.
        shape: of a frame; needed when the first layer is a convolution.
        high: largest value of a frame.
        timestep_us: duration of a timestep.
    Raises:
        UnsupportedNodeError: a module has no form in the graph; its path and the way out are named.
    """
    source = read_source(module, shape, SpikingJelly())
    return import_module(source, high=high, timestep_us=timestep_us)
