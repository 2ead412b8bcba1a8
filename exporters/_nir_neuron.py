"""Our neuron as a LIF or CubaLIF node of NIR: time constants in seconds, full arrays, reset to zero."""

from __future__ import annotations

from typing import Final

import nir
import numpy as np

from neurodeploy.graph import Shape
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import DECAY_ONE, Array

DT: Final = 1e-4
"""Seconds of a timestep in the file. snnTorch 1.0.0 can read no other; the other readers are told."""

FOREVER: Final = 2.0**48
"""Timesteps of a time constant that stands for "never". snnTorch 1.0.0 reads an IF node as one that leaks a tenth, and
SpikingJelly 2.0.0 and Norse 1.1.0 want different r of it; a LIF that leaks 2**-48 leaks nothing in float32."""


def is_lif(node: Cuba) -> bool:
    """Whether the neuron is written as LIF, the node that most readers know.

    One without memory of either kind becomes a CubaLIF too: SpikingJelly 2.0.0 refuses a LIF whose tau is dt.
    """
    return node.current_decay == DECAY_ONE and node.voltage_decay < DECAY_ONE


def voltage_unit(node: Cuba) -> float:
    """What a weight step is in the file's voltages.

    With r = 1 a LIF node takes up dt/tau of what it receives. The weights stay integers, so its voltages and its
    threshold are smaller by that.
    """
    return 1 / _timesteps(node.voltage_decay) if is_lif(node) else 1.0


def _timesteps(decay: int) -> float:
    """Time constant in timesteps: keep = 1 - dt/tau."""
    return DECAY_ONE / decay if decay else FOREVER


def neuron(node: Cuba, shape: Shape, bias: Array | None) -> nir.NIRNode:
    """The NIR node.

    Args:
        node: with a float threshold in weight steps.
        bias: in weight steps, per channel, what no synapse before the neuron could take; becomes v_leak, which pulls
            the voltage by dt/tau of itself per step.
    """
    across = (-1, *(1,) * (len(shape) - 1))
    pull = np.zeros(1) if bias is None else np.asarray(bias, np.float64)
    voltage = _timesteps(node.voltage_decay)
    threshold = node.threshold * voltage_unit(node)

    def full(value: int | float | Array, dtype: type[np.float32] | type[np.float64]) -> Array:
        return np.broadcast_to(value, shape).astype(dtype)

    if is_lif(node):
        single = np.float32  # snnTorch 1.0.0 keeps the array as its decay, and float64 would not meet its weights
        return nir.LIF(
            tau=full(DT * voltage, single),
            r=full(1, single),
            v_leak=full(pull.reshape(across), single),
            v_threshold=full(threshold, single),
            v_reset=full(0, single),
        )
    current = _timesteps(node.current_decay)
    double = np.float64  # SpikingJelly 2.0.0 refuses a tau below dt, which float32(1e-4) is
    return nir.CubaLIF(
        tau_syn=full(DT * current, double),
        tau_mem=full(DT * voltage, double),
        r=full(voltage, double),
        v_leak=full(pull.reshape(across) * voltage, double),
        v_threshold=full(threshold, double),
        v_reset=full(0, double),
        w_in=full(current, double),
    )
