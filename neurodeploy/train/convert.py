"""An artificial network's weights as those of a spiking network of the same layers.

A neuron without leak that starts at half its threshold, and loses the threshold with every spike, fires in T = L
timesteps of constant drive z exactly L h(z) / lambda times, h being the activation `Qcfs` and lambda its threshold (but
for z on the edge of two steps: these neurons fire above the threshold, h rounds up at it). With lambda folded into the
weights all thresholds are the one of the spiking network, and spikes are 0 or 1:

weights of layer l get lambda[l-1] threshold / lambda[l], biases threshold / lambda[l], the readout lambda[last].

Source:
    Bu et al. 2022, "Optimal ANN-SNN conversion", arXiv:2303.04347; folding as in Rueckauer et al. 2017,
    doi:10.3389/fnins.2017.00682.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from neurodeploy.errors import ConfigError
from neurodeploy.train.ann import LEAST_CEILING
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.norm import Norm
from neurodeploy.train.stage import Stage


def ceilings(ann: SpikingNet) -> tuple[float, ...]:
    """The activation of each stage that a neuron which fires at every timestep stands for.

    lambda of `Qcfs`; of `Relu` the 99.9 % quantile that it saw while it was trained.
    """
    found = [stage.activation.ceiling for stage in _stages(ann) if stage.activation is not None]
    return tuple(max(float(ceiling.detach()), LEAST_CEILING) for ceiling in found)


def convert_ann(ann: SpikingNet, net: SpikingNet, scales: Sequence[float] | None = None) -> None:
    """Give `net` the weights, biases and normalisations of `ann`, so that its spike rates stand for activations.

    `ann` is not changed, and shares nothing with `net` afterwards. Where `net` has no batch norm, that of `ann` is
    folded into weights and biases. Currents with memory are made smaller by the share that they lose per timestep, so
    that one spike moves the voltage as much in all as it would without memory; what leaks away is left to training.

    Args:
        ann: of `neuron.kind` "qcfs" or "relu", with a readout.
        net: spiking, of the same layers, with a readout; on any device.
        scales: of each stage, > 0; None: `ceilings(ann)`.
    Raises:
        ConfigError: the layers differ, or one of the two is not what it should be.
    """
    scales = ceilings(ann) if scales is None else scales
    _refuse_misfits(ann, net, scales)
    with torch.no_grad():
        before = 1.0
        for source, target, scale in zip(_stages(ann), _stages(net), scales, strict=True):
            _convert(source, target, before, scale)
            before = scale
        if ann.readout is not None and net.readout is not None:
            net.readout.weight.copy_(ann.readout.weight * before)


def _convert(source: Stage, target: Stage, before: float, scale: float) -> None:
    """One stage: `before` is the scale of its inputs, `scale` that of its spikes."""
    cell = target.cell
    gain = cell.threshold / scale
    share = gain * ((1 - cell.keep_current) or 1.0)
    if target.norm is None:
        weight, bias = source.folded()
        target.synapse.weight.copy_(weight * (before * share))
        if target.bias is not None:
            target.bias.copy_(bias * gain)
        return
    # The sums are those of the artificial network, so its normalisation fits them; what follows it is scaled.
    target.synapse.weight.copy_(source.synapse.weight * before)
    _convert_norm(source, target.norm, gain, share)


def _convert_norm(source: Stage, norm: Norm, gain: float, share: float) -> None:
    """Statistics, factor and shift of `norm`: the factor gets `share`, what is left of a bias gets `gain`."""
    mean, variance = cast(Tensor, norm.running_mean), cast(Tensor, norm.running_var)
    if source.norm is None:
        bias = cast(Tensor, source.bias)
        mean.zero_()
        variance.fill_(1.0)
        norm.weight.fill_(share * (1 + norm.eps) ** 0.5)
        norm.bias.copy_(bias * gain)
        return
    norm.eps = source.norm.eps
    mean.copy_(cast(Tensor, source.norm.running_mean))
    variance.copy_(cast(Tensor, source.norm.running_var))
    norm.weight.copy_(source.norm.weight * share)
    shift = source.norm.bias - mean * source.norm.weight * (variance + norm.eps).rsqrt()
    norm.bias.copy_(shift * gain + mean * norm.weight * (variance + norm.eps).rsqrt())


def _stages(net: SpikingNet) -> tuple[Stage, ...]:
    # A ModuleList does not say what it holds.
    return tuple(cast(Sequence[Stage], net.stages))


def _refuse_misfits(ann: SpikingNet, net: SpikingNet, scales: Sequence[float]) -> None:
    kinds = not net.is_ann and ann.is_ann
    _wanted("neuron.kind", "the networks given", kinds, "an artificial network (qcfs, relu) and a spiking one")
    readouts = ann.readout is not None and net.readout is not None
    _wanted("neuron.readout", "spikes", readouts, "accumulate: an artificial network has no spikes to count")
    shapes = [[tuple(synapse.weight.shape) for synapse in each.synapses] for each in (ann, net)]
    same = shapes[0] == shapes[1] and all(
        repr(ours) == repr(theirs) for ours, theirs in zip(ann.synapses, net.synapses, strict=True)
    )
    _wanted("model", f"layers {shapes[1]}", same, f"the layers of the artificial network, {shapes[0]}")
    fits = len(scales) == len(shapes[0]) - 1 and all(scale > 0 for scale in scales)
    _wanted("scales", list(scales), fits, f"{len(shapes[0]) - 1} numbers > 0, one for each stage")


def _wanted(key: str, found: object, fits: bool, allowed: str) -> None:
    if not fits:
        raise ConfigError(key=key, found=found, allowed=allowed)
