"""Neurons of a NIR file, stepped by Euler's method as NIR's equations say, in the form that the graph has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np

from neurodeploy.graph import Shape
from neurodeploy.graph.numeric import DECAY_ONE, Array
from neurodeploy.importers.lif import Lif, one_value, per_channel, unit
from neurodeploy.importers.refusal import refused
from neurodeploy.nirfile import FileNode
from neurodeploy.nirfile.layers import fitted

CLOSE: Final = 1e-6
"""Share by which a decay in float32 seconds may miss a whole number of 1/4096 and still mean it."""


@final
@dataclass(frozen=True, eq=False)
class NirNeurons:
    """One node of neurons.

    Args:
        lif: thresholds and resets in units of the weights.
        gain: what the file's voltages are divided by for that.
        bias: added to the voltage at every step, per channel or neuron, in the same units; or None.
        shape: of the layer in the graph.
    """

    path: str
    lif: Lif
    gain: Array
    bias: Array | None
    shape: Shape

    @property
    def scale(self) -> Array:
        """What a voltage of the file is multiplied by in the graph; multiplies (..., *shape)."""
        return unit(self.path, self.lif, self.shape) / _across(self.gain, self.shape)

    @property
    def bias_in_graph(self) -> Array | None:
        """The bias when thresholds of different size have been made one."""
        if self.bias is None:
            return None
        scale = unit(self.path, self.lif, self.shape).reshape(-1)
        return np.broadcast_to(np.asarray(self.bias * scale), self.shape[:1])


def neurons_of(node: FileNode, dt: float, file_shape: Shape, shape: Shape) -> NirNeurons:
    """What an IF, LIF, CubaLIF or Threshold node computes.

    Raises:
        UnsupportedNodeError: its neurons have several time constants, or one shorter than the timestep.
    """

    def field(name: str, default: float | None = None) -> Array:
        own = fitted(node, name, file_shape, default).astype(np.float64)
        return per_channel(node.path, name, np.broadcast_to(own, file_shape).reshape(shape), shape)

    if node.kind == "Threshold":
        return NirNeurons(node.path, Lif(0.0, _across(field("threshold"), shape)), np.ones(1), None, shape)
    voltage = dt if node.kind == "IF" else _share(node, "tau_mem" if node.kind == "CubaLIF" else "tau", dt)
    current = _share(node, "tau_syn", dt) if node.kind == "CubaLIF" else 1.0
    gain = voltage * field("r") * current * (field("w_in", 1.0) if node.kind == "CubaLIF" else 1.0)
    if (gain <= 0).any():
        reason = f"what enters is multiplied by {gain.min():.9g}; allowed: > 0"
        raise refused(node.path, node.kind, reason, "Turn the sign of r and of the weights before it.")
    lif = Lif(
        keep_voltage=1.0 if node.kind == "IF" else _keep(node, "voltage", voltage),
        threshold=_across(field("v_threshold") / gain, shape),
        keep_current=_keep(node, "current", current),
        left=_across(field("v_reset", 0.0) / gain, shape),
    )
    pull = voltage * field("v_leak", 0.0) / gain if node.kind != "IF" else np.zeros(1)
    return NirNeurons(node.path, lif, gain, pull if pull.any() else None, shape)


def _share(node: FileNode, field: str, dt: float) -> float:
    """dt / tau; the nearest 1/4096 if tau means that and float32 seconds could not hold it."""
    tau = node.array(field)
    if (tau <= 0).any():
        raise node.error(f"{field} is {tau.min()}, allowed: > 0 seconds")
    share = dt / one_value(node.path, node.kind, field, tau)
    whole = round(share * DECAY_ONE)
    is_whole = whole > 0 and abs(share * DECAY_ONE / whole - 1) < CLOSE
    return whole / DECAY_ONE if is_whole else share


def _keep(node: FileNode, what: str, share: float) -> float:
    if share > 1:
        reason = f"its time constant of the {what} is {1 / share:.3g} timesteps; Euler's method needs at least one"
        hint = "Give a smaller dt. Norse 1.1.0 writes time constants that are too small by its dt: import its module."
        raise refused(node.path, node.kind, reason, hint)
    return 1 - share


def _across(values: Array, shape: Shape) -> Array:
    return values.reshape(-1, *(1,) * (len(shape) - 1))


def without_reset(voltage: Array, spikes: Array, neurons: NirNeurons) -> Array:
    """Voltages of the file (..., *shape) as the graph counts them: a spike leaves zero there, the rest comes later."""
    left = np.asarray(neurons.lif.left) * _across(neurons.gain, neurons.shape)
    return np.asarray((voltage - left * spikes) * neurons.scale)
