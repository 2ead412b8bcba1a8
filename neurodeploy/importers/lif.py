"""The neuron that all frameworks mean, in one form, and the graph nodes that compute it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, final

import numpy as np

from neurodeploy.graph import Node, Ref, Shape
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Reset
from neurodeploy.graph.numeric import DECAY_ONE, Array
from neurodeploy.importers.refusal import refused

EXACT = 1e-3
"""Units of 1/4096 by which a decay kept in float32 may miss a whole number through float32 alone."""


@final
@dataclass(frozen=True, eq=False)
class Lif:
    """Neurons of one module as the source computes them; voltages are counted from where they rest.

    i[t] = keep_current i[t-1] + x[t]
    v[t] = keep_voltage v'[t-1] + gain i[t] + later z[t-1]
    z[t] = v[t] > threshold, or >= with fires_at_threshold
    v'[t] = v[t], and after a spike left (Reset.ZERO), or v[t] - threshold + left (Reset.SUBTRACT)

    Args:
        threshold, left, later: one value, or one per channel or neuron.
        has_time: the module takes (time, batch, ...) at once.
        weights: of the module's own input and recurrent synapses, (out, in) and (out, out), or None.
        notes: what a reader must know about this neuron.
    """

    keep_voltage: float
    threshold: Array
    keep_current: float = 0.0
    reset: Reset = Reset.ZERO
    gain: float = 1.0
    left: Array | float = 0.0
    later: Array | float = 0.0
    fires_at_threshold: bool = False
    has_time: bool = False
    weights: tuple[Array, Array] | None = None
    notes: tuple[str, ...] = ()

    @property
    def current_decay(self) -> int:
        """Nearest decay of the graph's neuron."""
        return round(DECAY_ONE * (1 - self.keep_current))

    @property
    def voltage_decay(self) -> int:
        """Nearest decay of the graph's neuron."""
        return round(DECAY_ONE * (1 - self.keep_voltage))

    def decay_notes(self) -> list[str]:
        """What the rounding of decays to 1/4096 changed."""
        found = []
        for what, keep, used in (
            ("current", self.keep_current, self.current_decay),
            ("voltage", self.keep_voltage, self.voltage_decay),
        ):
            if abs(DECAY_ONE * (1 - keep) - used) > EXACT:
                kept = 1 - used / DECAY_ONE
                found.append(
                    f"{what}: keeps {keep:.9g} of itself per step in the source, {kept:.9g} here ({used}/4096)"
                )
        return found


@final
@dataclass(frozen=True, eq=False)
class Neurons:
    """Nodes of one neuron module, the neuron last, and what each output of the synapses before it is multiplied by."""

    nodes: tuple[Node, ...]
    scale: Array | None


def neurons(name: str, path: str, lif: Lif, inputs: tuple[Ref, ...], shape: Shape) -> Neurons:
    """The nodes that compute `lif`.

    A spike that changes later voltages beyond the reset becomes synapses from each neuron to itself, called
    `<name>_back` and, where the current has a memory to make up for, `<name>_back2`.

    Args:
        path: of the module; for messages.
        shape: of the layer.
    Raises:
        UnsupportedNodeError: it has no form in the graph.
    """
    threshold = per_channel(path, "threshold", lif.threshold, shape) / lif.gain
    if threshold.min() < 0 or (threshold.min() == 0 and (lif.fires_at_threshold or np.ptp(threshold) > 0)):
        _refuse(path, f"its threshold lies {threshold.min():.9g} above rest; neurons must be silent at rest")
    common, scale = float(threshold.max()), _scale(threshold)
    keep = 1 - lif.voltage_decay / DECAY_ONE
    left, later = (per_channel(path, "reset", value, shape) / lif.gain for value in (lif.left, lif.later))
    back = (keep * left + later) * scale
    added = _back(name, back, 1 - lif.current_decay / DECAY_ONE, shape)
    refs = (*inputs, *(Ref(node.name) for node in added))
    above = float(np.nextafter(common, 0)) if lif.fires_at_threshold else common
    cuba = Cuba(name, refs, lif.current_decay, lif.voltage_decay, above, reset=lif.reset)
    return Neurons((*added, cuba), scale if np.ptp(threshold) > 0 else None)


def unit(path: str, lif: Lif, shape: Shape) -> Array:
    """What a voltage of the source is multiplied by in the graph; shaped so that it multiplies (..., *shape)."""
    scale = _scale(per_channel(path, "threshold", lif.threshold, shape)) / lif.gain
    return scale.reshape(-1, *(1,) * (len(shape) - 1))


def _scale(threshold: Array) -> Array:
    """Factors that make thresholds equal.

    Multiplying all that enters a neuron, its threshold and what its spikes add by one number changes no spike.
    """
    return np.asarray(threshold.max() / threshold) if np.ptp(threshold) > 0 else np.ones_like(threshold)


def _back(name: str, back: Array, keep_current: float, shape: Shape) -> tuple[Node, ...]:
    """Synapses that add `back` to the voltage of a neuron one step after its spike, and to nothing later."""
    if not back.any():
        return ()
    first = _to_itself(f"{name}_back", Ref(name, 1), back, shape)
    if not keep_current:
        return (first,)
    return first, _to_itself(f"{name}_back2", Ref(name, 2), -keep_current * back, shape)


def _to_itself(name: str, ref: Ref, weights: Array, shape: Shape) -> Node:
    if len(shape) == 1:
        return Dense(name, (ref,), np.diag(np.broadcast_to(weights, shape[:1])))
    channels = np.broadcast_to(weights, shape[:1]).reshape(-1, 1, 1, 1)
    return Conv2d(name, (ref,), channels, groups=shape[0])


def per_channel(path: str, what: str, values: Array | float, shape: Shape) -> Array:
    """One value, or one per channel or neuron."""
    array = np.asarray(values, np.float64)
    if array.size == 1:
        return array.reshape(1)
    try:
        whole = np.broadcast_to(array, shape)
    except ValueError:
        _refuse(path, f"its {what} has shape {array.shape}, which does not fit neurons {shape}")
    rows = whole.reshape(shape[0], -1)
    if np.ptp(rows, axis=1).any():
        _refuse(path, f"its {what} differs within a channel; the neurons of a channel share their weights")
    return np.array(rows[:, 0])


def one_value(path: str, kind: str, what: str, values: Array | float) -> float:
    """The value that all neurons share.

    Raises:
        UnsupportedNodeError: they do not share one.
    """
    array = np.asarray(values, np.float64)
    if np.ptp(array):
        reason = f"{what} differs between neurons ({array.min():.9g}..{array.max():.9g})"
        hint = "A layer of the graph has one decay: train with one value for each layer."
        raise refused(path, kind, reason, hint)
    return float(array.reshape(-1)[0])


def within_unit(path: str, kind: str, what: str, value: float) -> float:
    """`value` if it is a share.

    Raises:
        UnsupportedNodeError: it is not within 0..1.
    """
    if not 0 <= value <= 1:
        reason = f"a step keeps {value:.9g} of the {what}, allowed: 0..1"
        hint = "Use a timestep shorter than the time constant."
        raise refused(path, kind, reason, hint)
    return value


def _refuse(path: str, reason: str) -> NoReturn:
    hint = "Train with a positive threshold, one per layer or per output channel."
    raise refused(path, "neuron", reason, hint)
