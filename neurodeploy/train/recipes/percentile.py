"""First weights of a spiking network whose layers fire often enough to be trained with few timesteps.

The activation that a neuron which fires at every timestep stands for is the 90 % quantile of its layer's drives, not
their largest value: with that, deep layers stay silent when there are few timesteps. Layer after layer, the quantile is
taken over a batch of recordings and the map, at each timestep by itself, while the layers before already spike; the
largest of all timesteps counts, and where it is not above zero, 0.1.

Source:
    The conversion of SayeedChowdhury/IIR-SNN (arXiv:2110.05929): quantile, 512 images, and 0.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.train.convert import convert_ann
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.recipes.phase import Begin
from neurodeploy.train.stage import Stage

SHARE, LEAST, RECORDINGS = 0.9, 0.1, 512


def converted(name: str, data: DataConfig) -> Begin:
    """The weights of the artificial network of phase `name`, at the quantiles of recordings of the training split."""

    def begin(net: SpikingNet, earlier: Mapping[str, SpikingNet]) -> None:
        frames = open_frames(data).train
        places = np.linspace(0, len(frames) - 1, min(RECORDINGS, len(frames))).round().astype(int)
        scales = quantiles(earlier[name], net, as_input(frames.batch(places), torch.device("cpu")))
        convert_ann(earlier[name], net, scales)

    return begin


@torch.no_grad()
def quantiles(
    ann: SpikingNet, net: SpikingNet, frames: Float[Tensor, "time batch *shape"], share: float = SHARE
) -> tuple[float, ...]:
    """What `convert_ann` takes as scales, one for each stage; neither network is changed.

    Args:
        ann: of activations.
        net: of the spiking neurons that take their place.
        frames: on CPU.
    """
    ann, net = deepcopy(ann).cpu().eval(), deepcopy(net).cpu().eval()
    # A ModuleList does not say what it holds.
    layers, found = cast("tuple[Stage, ...]", tuple(ann.stages)), list[float]()
    spikes, scale = frames, 1.0
    for place, layer in enumerate(layers):
        drives = _drives(layer, spikes * scale)
        scale = max(float(_quantile(step, share)) for step in drives)
        scale = scale if scale > 0 else LEAST
        found.append(scale)
        convert_ann(ann, net, (*found, *[1.0] * (len(layers) - len(found))))
        spikes = net.stages[place](spikes)
    return tuple(found)


def _drives(layer: Stage, inputs: Tensor) -> Float[Tensor, "time values"]:
    """What the activations of `layer` get."""
    seen: list[Tensor] = []
    if layer.activation is None:
        raise TypeError("a layer of an artificial network is wanted")
    handle = layer.activation.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    layer(inputs)
    handle.remove()
    return seen[0].reshape(len(inputs), -1)


def _quantile(values: Float[Tensor, " values"], share: float) -> Tensor:
    return values.kthvalue(max(1, round(share * len(values)))).values
