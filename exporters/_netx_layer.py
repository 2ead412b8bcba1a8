"""One computing layer of a NetX file: its synapse and its neurons."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from neurodeploy.exporters._netx_file import BYTE_HIGH, FileGroup
from neurodeploy.exporters._netx_kept import kept_together
from neurodeploy.graph import Shape
from neurodeploy.graph.numeric import Array

Pair = tuple[int, int]


@final
@dataclass(frozen=True, slots=True)
class FileNeuron:
    """A neuron group: the numbers of Lava's LIF, without scaling."""

    current_decay: int
    voltage_decay: int
    threshold: int
    is_default: bool = False
    """The layer had no neuron group."""


DELAY_HIGH = 62

DEFAULT_NEURON: Final = FileNeuron(0, 4096, 1 << 17, is_default=True)
"""What NetX gives a dense layer without neuron group; 2**17 * 64 is beyond any 24-bit voltage."""


@final
@dataclass(frozen=True, eq=False)
class FileLayer:
    """A dense or conv layer.

    Args:
        number: in the file.
        inputs, shape: (neurons,) or (channel, height, width).
        weight: (out, in), or (out, in / groups, height, width) with geometry.
        bias: (out,) or None, per neuron or channel.
        delay: (out, in) or None: further timesteps that each synapse waits.
        recurrent: (out, out) or None: weights from the layer's own spikes of the timestep before.
    """

    number: int
    inputs: Shape
    shape: Shape
    weight: Array
    bias: Array | None
    neuron: FileNeuron
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    delay: Array | None = None
    recurrent: Array | None = None


def read_dense(number: int, group: FileGroup, before: Shape, *, is_recurrent: bool = False) -> FileLayer:
    """A dense or recurrent dense layer; `before` is the shape that reaches it, () if unknown.

    Raises:
        ArtefactError: a key is missing or wrong, or NetX would change its weights.
    """
    if is_recurrent and group.has("delay"):
        group.refuse("'delay' in a recurrent layer, for which NetX wants one matrix to fit both")
    if not is_recurrent and group.has("weight_rec"):
        group.refuse("'weight_rec', which NetX reads only in a layer of type dense_rec")
    out = math.prod(group.shape())
    if group.is_group("weight"):
        group.refuse("complex weights; allowed: one real matrix")
    weight = group.integers("weight", (1, 2))
    if weight.size % out:
        group.refuse(f"'weight' has shape {weight.shape} for {out} outputs")
    weight = weight.reshape(out, -1) if weight.ndim == 1 else weight
    inputs = before or (weight.shape[1],)
    if len(inputs) != 1:
        group.refuse(f"a dense layer follows a map {inputs}; wanted a flatten between them")
    if weight.shape != (out, inputs[0]):
        group.refuse(f"'weight' has shape {weight.shape}, wanted ({out}, {inputs[0]})")
    _refuse_changed(group, weight)
    neuron = _neuron(group.subgroup("neuron")) if group.has("neuron") else DEFAULT_NEURON
    delay = _delay(group, weight) if group.has("delay") else None
    recurrent = _recurrent(group, weight) if is_recurrent else None
    bias = _bias(group, out)
    return FileLayer(number, inputs, (out,), weight, bias, neuron, delay=delay, recurrent=recurrent)


def _delay(group: FileGroup, weight: Array) -> Array:
    """NetX takes one delay, one per output, one per input, or one per synapse; outputs win where both sizes fit."""
    values = group.integers("delay", (0, 1, 2))
    if values.min() < 0 or values.max() > DELAY_HIGH:
        group.refuse(f"'delay' is {values.min()}..{values.max()}, allowed 0..{DELAY_HIGH}; NetX clamps beyond")
    if values.shape == weight.shape[:1]:
        values = values[:, None]
    if values.ndim and values.shape not in (weight.shape, weight.shape[1:], (len(weight), 1)):
        group.refuse(f"'delay' has shape {values.shape} for weights {weight.shape}")
    return np.where(weight != 0, values, 0)


def _recurrent(group: FileGroup, weight: Array) -> Array:
    recurrent = group.integers("weight_rec", (2,))
    if recurrent.shape != (len(weight), len(weight)):
        group.refuse(f"'weight_rec' has shape {recurrent.shape}, wanted {(len(weight), len(weight))}")
    if not kept_together(weight, recurrent):
        group.refuse("'weight' and 'weight_rec' share one exponent in NetX, which would change them")
    return recurrent


def read_conv(number: int, group: FileGroup, before: Shape) -> FileLayer:
    """A conv layer on a map of shape `before`.

    Raises:
        ArtefactError: a key is missing or wrong.
    """
    if group.has("delay"):
        group.refuse("'delay' is not supported: NetX ignores it in a conv layer")
    weight = group.integers("weight", (4, 5))
    if weight.size != math.prod(weight.shape[:4]):
        group.refuse(f"'weight' has shape {weight.shape}, wanted a fifth axis of size 1 or none")
    out, per_group, *kernel = weight.shape[:4]
    weight = weight.reshape(out, per_group, *kernel)
    groups = group.number("groups", 1, BYTE_HIGH, scalar=True)
    if per_group * groups != before[0] or out % groups:
        group.refuse(f"'weight' {weight.shape} with {groups} groups does not fit {before[0]} input channels")
    stride, padding, dilation = group.pair("stride", 1), group.pair("padding", 0), group.pair("dilation", 1)
    sizes = [
        (size + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) // stride[axis] + 1
        for axis, size in enumerate(before[1:])
    ]
    if group.shape() != (out, *sizes) or min(sizes) < 1:
        group.refuse(f"'shape' is {group.shape()}, its weights and geometry give {(out, *sizes)}")
    neuron = _neuron(group.subgroup("neuron"))
    return FileLayer(
        number, before, (out, *sizes), weight, _bias(group, out), neuron, stride, padding, dilation, groups
    )


def _neuron(group: FileGroup) -> FileNeuron:
    kind = group.text("type")
    if kind not in ("CUBA", "LOIHI"):
        group.refuse(f"type '{kind}'; allowed: CUBA, LOIHI")
    if group.has("messageBits"):
        group.refuse("'messageBits' makes NetX fail; allowed: none")
    decays = group.number("iDecay", 0, 4096), group.number("vDecay", 0, 4096)
    return FileNeuron(*decays, group.number("vThMant", 0, (1 << 17) - 1))


def _bias(group: FileGroup, out: int) -> Array | None:
    if not group.has("bias"):
        return None
    bias = group.integers("bias", (1,))
    if len(bias) != out:
        group.refuse(f"'bias' has {len(bias)} values, wanted {out}")
    if np.abs(bias).max() >= 1 << 15:
        group.refuse("'bias' holds values beyond 16 bits, which Lava wraps")
    return bias


def _refuse_changed(group: FileGroup, weight: Array) -> None:
    """Dense weights go through NetX's bit optimizer and Lava's clipping, which leave only these ranges as they are."""
    low, high = int(weight.min()), int(weight.max())
    if high > 0 or low == 0:
        fits = low >= -256 and 0 < high <= (254 if low < 0 else 255)
    else:
        fits = low >= -127 and -low & (-low - 1) != 0
    if not fits:
        group.refuse(f"weights {low}..{high} are all zero, or in a range that NetX clips or damages")
