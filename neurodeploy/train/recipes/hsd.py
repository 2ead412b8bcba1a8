"""Hybrid step-wise distillation: an artificial network learns, becomes a spiking one, and teaches it.

The first T1 = `data.skip` windows of a recording are the artificial network's, frame by frame; the T2 others are those
that the spiking network is trained on and deployed for. Its phase begins with the converted weights; its loss is that
of `train` plus alpha times the step-wise distance to the answers of the frozen artificial network (`distill`).

With `recipe.ann_windows=all` the artificial network learns, and teaches from, all windows, each by itself. That is no
part of the method. Where the windows of a recording differ in kind, as with N-MNIST's saccades in three directions, the
artificial network then knows those of the spiking one too (`ann_accuracy` says how well); what the spiking network
reaches in the end hardly changes.

`train.loss=tet` helps it. Whether the whole is worth its epochs depends on how far an artificial network is ahead of a
spiking one trained directly; for digits it is not. `tests/benchmarks/bench_hsd.py` compares.

What differs from the paper, and why:
- The converted neurons start at half their threshold only for the number `converted_accuracy`. No target has a start
  value, so the network is trained and deployed with neurons that start at 0.
- It is trained with the run's own neurons: reset by subtraction and no leak as in the paper, or what the target has
  (Loihi: reset to zero).
- lambda is folded into the weights, so that thresholds are those of `neuron` and spikes are 0 or 1.
- Both phases use AdamW and the schedule of `train`, and end in the deployed integers; the best epoch is that on the
  validation split, where the published code takes the best on the test split.

Source:
    "Towards low-latency event-based visual recognition with hybrid step-wise distillation spiking neural networks",
    2024, arXiv:2409.12507; repository hsw0929/HSD for what the text leaves open.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import cast

import numpy as np

from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError
from neurodeploy.graph.nodes import Reset
from neurodeploy.graph.numeric import DECAY_ONE
from neurodeploy.train.config import PenaltyConfig, RecipeConfig, RunConfig
from neurodeploy.train.convert import convert_ann
from neurodeploy.train.distill_config import DistillConfig
from neurodeploy.train.evaluate import Frames, evaluate
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.recipes.phase import Phase
from neurodeploy.train.recipes.plain import plain
from neurodeploy.train.select_config import SelectConfig
from neurodeploy.train.stage import Stage
from neurodeploy.train.transfer_config import TransferConfig

ANN = "ann"
"""Name of the first phase."""

HALF = 0.5
"""Start of a converted neuron, as a share of its threshold: the mean of what is left of the drive after rounding."""


def hsd(config: RunConfig) -> tuple[Phase, Phase]:
    """The artificial network's phase, and the run itself.

    With `train.init`, the artificial network begins with the weights of that run, which is one of the same kind.

    Raises:
        ConfigError: the neurons are no spiking ones with a readout, or SLTT is to follow a teacher.
    """
    allowed = "lif, cuba, if: those of the network that is deployed"
    _wanted("neuron.kind", config.neuron.kind, not config.neuron.is_ann, allowed)
    _wanted("neuron.readout", config.neuron.readout, config.neuron.readout == "accumulate", "accumulate")
    _wanted("model.kind", config.model.kind, config.model.kind != "graph", "strided-cnn, mlp")
    seen = _of_ann(config)
    taught = _taught(config, seen)
    whole = not (config.train.is_online and taught.teacher)
    _wanted("train.gradient", config.train.gradient, whole, "bptt, or recipe.teach=false and no distill.teacher")
    first = replace(plain(_ann(config, seen))[0], name=ANN)
    train = replace(config.train, init="")
    return first, Phase("snn", replace(config, train=train, distill=taught), begin, began)


def begin(net: SpikingNet, earlier: Mapping[str, SpikingNet]) -> None:
    """The converted artificial network."""
    convert_ann(earlier[ANN], net)


def began(net: SpikingNet, earlier: Mapping[str, SpikingNet], frames: Frames) -> dict[str, float]:
    """Accuracies on the spiking network's windows before it was trained.

    Of the artificial network, of the converted one with the paper's neurons, of the same with a start at 0, and of the
    converted one with the run's own neurons.
    """
    device = next(net.parameters()).device
    found = {
        "ann_accuracy": deepcopy(earlier[ANN]).to(device),
        "converted_accuracy": with_neurons(net, HALF),
        "converted_accuracy_start_0": with_neurons(net, 0.0),
        "begun_accuracy": net,
    }
    indices = np.arange(len(frames.labels))
    return {key: evaluate(network, frames, indices).accuracy for key, network in found.items()}


def with_neurons(net: SpikingNet, start: float) -> SpikingNet:
    """A copy of `net` whose neurons have no leak, lose their threshold with a spike, and start at a share of it."""
    copy = deepcopy(net)
    # A ModuleList does not say what it holds.
    for stage in cast("tuple[Stage, ...]", tuple(copy.stages)):
        cell = replace(stage.cell, current_decay=DECAY_ONE, voltage_decay=0, reset=Reset.SUBTRACT, start=start)
        stage.cell, stage.leak = cell, None
    return copy


def _of_ann(config: RunConfig) -> DataConfig:
    """The windows before those of the spiking network, or all; where there are none before, the same."""
    data = config.data
    if config.recipe.ann_windows == "all":
        return replace(data, skip=0, take=0)
    return replace(data, skip=0, take=data.skip) if data.skip else data


def _ann(config: RunConfig, seen: DataConfig) -> RunConfig:
    recipe, train = config.recipe, config.train
    epochs = recipe.ann_epochs or train.epochs
    train = replace(train, epochs=epochs, lr=recipe.ann_lr, loss=recipe.ann_loss, quantizer="max", layer_bits=())
    train = replace(train, gradient="bptt", execution="auto")
    neuron = replace(config.neuron, kind="qcfs", learn_decay=False)
    alone = replace(config, recipe=RecipeConfig(), distill=DistillConfig(), transfer=TransferConfig())
    alone = replace(alone, penalty=PenaltyConfig(), select=SelectConfig())
    return replace(alone, data=seen, train=train, neuron=neuron)


def _taught(config: RunConfig, seen: DataConfig) -> DistillConfig:
    """The distillation of the last phase: by the teacher that the user names, or by the artificial network."""
    distill = config.distill
    if distill.teacher or not config.recipe.teach:
        return distill
    return replace(distill, teacher=f"phase:{ANN}", skip=seen.skip, take=seen.steps)


def _wanted(key: str, found: object, fits: bool, allowed: str) -> None:
    if not fits:
        raise ConfigError(key=key, found=found, allowed=f"{allowed} (recipe.kind=hsd)")
