"""Networks of Norse: LIF and LIFBox neurons.

Source:
    norse/norse 1.1.0 `norse/torch/functional/lif.py`, `lif_box.py`, `threshold.py`, `reset.py` and
    `norse/torch/module/snn.py`, read; replayed in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Final, NoReturn, final

import numpy as np
from torch import Tensor, nn

from neurodeploy.graph import Shape
from neurodeploy.graph.nodes import Reset
from neurodeploy.importers.framework import Framework, missing
from neurodeploy.importers.imported import Imported
from neurodeploy.importers.lif import Lif, one_value, within_unit
from neurodeploy.importers.refusal import refused
from neurodeploy.importers.torch_layers import array
from neurodeploy.importers.torch_module import import_module, read_source

try:
    from norse.torch import LIF, LIFBoxCell, LIFCell, LIFRecurrent, LIFRecurrentCell
    from norse.torch.functional.reset import reset_subtract, reset_value
    from norse.torch.module.snn import SNN, SNNCell, SNNRecurrent, SNNRecurrentCell
except ModuleNotFoundError as error:
    raise missing("norse", error) from error

KINDS: Final[tuple[type[nn.Module], ...]] = (LIFCell, LIFBoxCell, LIF, LIFRecurrentCell, LIFRecurrent)
STEPS: Final = ("super", "heaviside", "triangle", "tanh", "circ", "heavi_erfc")
"""Methods of which the forward pass is v > v_th."""


@final
class Norse(Framework):
    """Norse 1.1.

    With m = dt tau_mem_inv and s = dt tau_syn_inv:  i_new = i + x,  v = (1 - m) v + m (v_leak + i_new),
    z = v > v_th,  v = v_reset where z,  i = (1 - s) i_new.  So a current acts in the step in which it arrives, and a
    voltage counted from v_leak is the graph's with m as the gain. Where v_reset is not v_leak, what it leaves returns
    through a synapse from each neuron to itself. LIFBox has no current: i_new = x.
    """

    name: ClassVar[str] = "Norse"
    package: ClassVar[str] = "norse"
    kinds: ClassVar[tuple[type[nn.Module], ...]] = KINDS

    def is_neuron(self, module: nn.Module) -> bool:
        return isinstance(module, SNN | SNNCell | SNNRecurrent | SNNRecurrentCell)

    def neuron(self, path: str, module: Any) -> Lif:  # Any: Norse's modules share no type
        kind = type(module).__name__
        if type(module) not in KINDS:
            _refuse(path, module, "it has no form in the graph", f"Use {', '.join(k.__name__ for k in KINDS)}.")
        if module.p.method not in STEPS:
            _refuse(path, module, f"method '{module.p.method}' is no step function", f"Use one of {', '.join(STEPS)}.")
        p, dt = module.p, float(module.dt)
        gain = dt * one_value(path, kind, "tau_mem_inv", array(p.tau_mem_inv))
        voltage = within_unit(path, kind, "voltage", 1 - gain)
        current = 0.0
        if type(module) is not LIFBoxCell:
            rate = dt * one_value(path, kind, "tau_syn_inv", array(p.tau_syn_inv))
            current = within_unit(path, kind, "current", 1 - rate)
        leak, threshold, to = (array(value) for value in (p.v_leak, p.v_th, p.v_reset))
        reset, left = Reset.ZERO, np.asarray(to - leak)
        if type(module) is LIFBoxCell and p.reset_method is reset_subtract:
            # It takes off v_th counted from 0, the graph v_th counted from v_leak.
            reset, left = Reset.SUBTRACT, np.asarray(-leak)
        elif type(module) is LIFBoxCell and p.reset_method is not reset_value:
            _refuse(path, module, "its reset_method is unknown", "Use reset_value or reset_subtract.")
        note = f"{kind}, dt {dt:.9g} s, voltage and input times dt tau_mem_inv = {gain:.9g}, fires above v_th"
        has_time = isinstance(module, LIF | LIFRecurrent)
        weights = _weights(module) if isinstance(module, LIFRecurrentCell | LIFRecurrent) else None
        return Lif(
            voltage,
            np.asarray(threshold - leak),
            current,
            reset,
            gain,
            left,
            has_time=has_time,
            weights=weights,
            notes=(note,),
        )

    def layers(self) -> Mapping[type[nn.Module], type[nn.Module]]:
        return {}

    def reset(self, module: nn.Module) -> None:
        """Nothing: states are given and taken, not kept."""

    def voltage(self, module: Any, output: Any, spikes: Tensor) -> Tensor | None:  # Any: Norse has no types
        voltage: Tensor = output[1].v
        if spikes.ndim > 1 and isinstance(module, LIF | LIFRecurrent) and len(voltage) != len(spikes):
            return None
        lif = self.neuron("", module)
        leak: Tensor = module.p.v_leak
        return voltage - leak - spikes * spikes.new_tensor(lif.left)

    def timestep_us(self, module: nn.Module) -> float:
        cells: dict[str, Any] = {p: each for p, each in module.named_modules() if isinstance(each, KINDS)}
        found = {path: float(cell.dt) for path, cell in cells.items()}
        if len(set(found.values())) != 1:
            path = next(iter(found), "network")
            hint = "Give all neurons one dt: a graph has one timestep."
            raise refused(path, "neuron", f"neurons have dt {sorted(set(found.values()))}", hint)
        return 1e6 * next(iter(found.values()))

    @contextmanager
    def showing_voltages(self, module: Any) -> Iterator[None]:  # Any: only those with time keep them
        if not isinstance(module, LIF | LIFRecurrent):
            yield
            return
        before = module.record_states
        module.record_states = True
        try:
            yield
        finally:
            module.record_states = before


def _weights(module: Any) -> tuple[Any, Any]:
    return array(module.input_weights), array(module.recurrent_weights)


def _refuse(path: str, module: nn.Module, reason: str, hint: str) -> NoReturn:
    raise refused(path, type(module).__name__, reason, hint)


def from_norse(module: nn.Module, shape: Shape | None = None, *, high: int = 1) -> Imported:
    """The float graph of a Norse network; the duration of a timestep is the neurons' dt.

    Args:
        module: takes one timestep (batch, ...) and a state a call, or all of them (time, batch, ...).
        shape: of a frame; needed when the first layer is a convolution.
        high: largest value of a frame.
    Raises:
        UnsupportedNodeError: a module has no form in the graph; its path and the way out are named.
    """
    framework = Norse()
    source = read_source(module, shape, framework)
    return import_module(source, high=high, timestep_us=framework.timestep_us(module))
