"""The layers of a NetX file run as Lava runs them: each one timestep after the one before, reset at its own time.

Integers throughout, for a whole stream of samples at once; shares no code with `neurodeploy.graph`.

Source:
    lava-nc/lava `src/lava/proc/lif/models.py` (PyLifResetModelBitAcc), `proc/dense/models.py`, `proc/conv/models.py`;
    for the time of a reset lava-nc/lava-dl `src/lava/lib/dl/netx/hdf5.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from neurodeploy.exporters._netx_layer import FileLayer
from neurodeploy.graph.numeric import Array

PATCHES_HIGH = 1 << 22
"""Values that a conv layer copies into patches at once (32 MB); more timesteps at a time are no faster."""

TOP = 1 << 23


def execute(
    layers: Sequence[FileLayer], stream: Array, reset_interval: int, reset_offset: int
) -> dict[int, dict[str, Array]]:
    """Spikes, current and voltage of every layer, by its number in the file.

    Args:
        stream: (steps, *input shape), 0 or 1; row 0 is what enters at Lava's timestep 1.
        reset_interval, reset_offset: of lava-dl's `Network`.
    Returns:
        arrays (steps, *layer shape) by name; row t is Lava's timestep t + 1, states after the spike.
    """
    records: dict[int, dict[str, Array]] = {}
    spikes = stream
    for depth, layer in enumerate(layers):
        arrived = _arrivals(layer, spikes.reshape(-1, *layer.inputs))
        phase = (reset_offset + 1 + depth) % reset_interval
        resets = np.arange(1, len(stream) + 1) % reset_interval == phase
        records[layer.number] = _neurons(layer, arrived, resets)
        spikes = records[layer.number]["spikes"]
    return records


def _arrivals(layer: FileLayer, spikes: Array) -> Array:
    """(steps, *layer shape): what reaches the neurons, one timestep later and after the delay of the synapse."""
    arrived = np.zeros((len(spikes), *layer.shape), np.int64)
    delays = np.zeros(layer.weight.shape, np.int64) if layer.delay is None else layer.delay
    for delay in np.unique(delays):
        late = 1 + int(delay)
        weight = np.where(delays == delay, layer.weight, 0)
        arrived[late:] += _sums(replace(layer, weight=weight), spikes[:-late])
    return arrived


def _sums(layer: FileLayer, spikes: Array) -> Array:
    if layer.weight.ndim == 2:
        return _product(spikes, layer.weight.T)
    per_step = layer.weight[0].size * layer.groups * layer.shape[1] * layer.shape[2]
    chunk = max(1, PATCHES_HIGH // per_step)
    parts = [_conv(layer, spikes[start : start + chunk]) for start in range(0, len(spikes), chunk)]
    sums = np.concatenate(parts) if parts else np.zeros((0, *layer.shape), np.int64)
    return (sums + TOP) % (2 * TOP) - TOP  # Lava keeps the sums of a conv in 24 bits


def _conv(layer: FileLayer, spikes: Array) -> Array:
    """Patches of the padded map, one row each, times the kernels of their group."""
    (ph, pw), (dh, dw) = layer.padding, layer.dilation
    padded = np.pad(spikes, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    reach = tuple((size - 1) * step + 1 for size, step in zip(layer.weight.shape[2:], layer.dilation, strict=True))
    views = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(2, 3))
    views = views[:, :, :: layer.stride[0], :: layer.stride[1], ::dh, ::dw]
    result = np.zeros((len(spikes), *layer.shape), np.int64)
    kernels = np.split(layer.weight, layer.groups)
    for group, (view, kernel) in enumerate(zip(np.split(views, layer.groups, axis=1), kernels, strict=True)):
        patches = view.transpose(0, 2, 3, 1, 4, 5).reshape(-1, kernel[0].size)
        sums = _product(patches, kernel.reshape(len(kernel), -1).T).reshape(len(spikes), *layer.shape[1:], -1)
        result[:, group * len(kernel) : (group + 1) * len(kernel)] = sums.transpose(0, 3, 1, 2)
    return result


def _product(left: Array, right: Array) -> Array:
    """Matrix product of integers; float64 holds every sum below 2**53 exactly and is many times faster."""
    return np.asarray(np.rint(left.astype(np.float64) @ right.astype(np.float64))).astype(np.int64)


def _neurons(layer: FileLayer, arrived: Array, resets: Array) -> dict[str, Array]:
    """Lava's LIF: step by step, since each step needs the one before."""
    neuron = layer.neuron
    across = (-1, *(1,) * (len(layer.shape) - 1))
    push = 0 if layer.bias is None else (layer.bias << 6).reshape(across)
    record = {name: np.zeros(arrived.shape, np.int64) for name in ("current", "voltage")}
    record["spikes"] = np.zeros(arrived.shape, np.bool_)
    current = voltage = np.zeros(layer.shape, np.int64)
    for step, total in enumerate(arrived):
        if layer.recurrent is not None and step:
            total = total + layer.recurrent @ record["spikes"][step - 1]
        if resets[step]:
            current = voltage = np.zeros(layer.shape, np.int64)
        current = _remaining(current, neuron.current_decay) + (total << 6)
        current = np.where(current > TOP, current - 2 * TOP, np.where(current <= -TOP, current + 2 * TOP, current))
        voltage = np.clip(_remaining(voltage, neuron.voltage_decay) + current + push, 1 - TOP, TOP - 1)
        fired = voltage > neuron.threshold << 6
        voltage = np.where(fired, 0, voltage)
        for name, values in (("spikes", fired), ("current", current), ("voltage", voltage)):
            record[name][step] = values
    return record


def _remaining(state: Array, decay: int) -> Array:
    """`state` (4096 - decay) / 4096, rounded towards zero: a shift rounds down, so negative products are raised."""
    product = state * (4096 - decay)
    return np.asarray((product + np.where(product < 0, 4095, 0)) >> 12)
