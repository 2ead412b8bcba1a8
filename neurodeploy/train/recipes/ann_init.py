"""A spiking network that begins with the weights of an artificial one of the same layers.

The artificial network (ReLU) learns first: cheap epochs, each window of a recording by itself, or all events in one
frame (`recipe.ann_timesteps=1`). The activation of a neuron that fires at every timestep is the 99.9 % quantile of its
layer, folded into the weights, so thresholds stay those of `neuron`; then the spiking network is trained at a tenth of
`train.lr`. The artificial network stays in the run's folder, as a baseline.

What differs from the paper, of which only the idea is known here: activations are not clipped while the artificial
network learns, and statistics of normalisations are not held still in the first epoch of the spiking one.

Source:
    Lin et al. 2022, "Rethinking pretraining as a bridge from ANNs to SNNs", arXiv:2203.01158.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError
from neurodeploy.train.config import PenaltyConfig, RecipeConfig, RunConfig
from neurodeploy.train.convert import convert_ann
from neurodeploy.train.distill_config import DistillConfig
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.recipes.chain import chained, windows
from neurodeploy.train.recipes.phase import Phase
from neurodeploy.train.recipes.plain import plain
from neurodeploy.train.select_config import SelectConfig
from neurodeploy.train.transfer_config import TransferConfig

ANN = "ann"
"""Name of the artificial network's phase."""

LATER, CONVERTED = 0.25, 0.1
"""Usual learning rate of a phase that begins with trained or converted weights, as a share of `train.lr`."""


def ann_init(config: RunConfig) -> tuple[Phase, ...]:
    """The artificial network's phase and the run itself.

    With `train.init`, the artificial network begins with the weights of that run, which is one of the same kind.

    Raises:
        ConfigError: the neurons are no spiking ones with a readout, or the recording has no such windows.
    """
    recipe, train, data = config.recipe, config.train, config.data
    seen = windows(data, recipe.ann_timesteps or data.steps, rebin=True)
    if seen is not data and (data.skip or data.take):
        allowed = "0 where data.skip or data.take leaves windows out, as the artificial network would see them"
        raise ConfigError(key="recipe.ann_timesteps", found=recipe.ann_timesteps, allowed=allowed)
    rates, epochs = [train.lr * CONVERTED], [train.epochs]

    def begin(net: SpikingNet, earlier: Mapping[str, SpikingNet]) -> None:
        convert_ann(earlier[ANN], net)

    return (ann_phase(config, seen), *chained(config, (data.steps,), epochs, rates, first=begin))


def ann_phase(config: RunConfig, seen: DataConfig) -> Phase:
    """The training of an artificial network of the run's layers, from random weights or those of `train.init`.

    Args:
        seen: windows of it.
    Raises:
        ConfigError: the run's neurons are no spiking ones with a readout.
    """
    recipe, train, neuron = config.recipe, config.train, config.neuron
    _wanted("neuron.kind", neuron.kind, not neuron.is_ann, "lif, cuba, if: those of the network that is deployed")
    _wanted("neuron.readout", neuron.readout, neuron.readout == "accumulate", "accumulate")
    _wanted("model.kind", config.model.kind, config.model.kind != "graph", "strided-cnn, mlp")
    epochs = recipe.ann_epochs or train.epochs
    train = replace(train, epochs=epochs, lr=recipe.ann_lr, loss=recipe.ann_loss, quantizer="max", layer_bits=())
    train = replace(train, gradient="bptt", execution="auto")
    own = replace(
        config,
        data=seen,
        train=train,
        neuron=replace(neuron, kind="relu", learn_decay=False),
        # What belongs to the spiking network is not this one's.
        penalty=PenaltyConfig(),
        distill=DistillConfig(),
        select=SelectConfig(),
        transfer=TransferConfig(),
        recipe=RecipeConfig(),
    )
    return replace(plain(own)[0], name=ANN)


def _wanted(key: str, found: object, fits: bool, allowed: str) -> None:
    if not fits:
        raise ConfigError(key=key, found=found, allowed=f"{allowed}, where an artificial network comes first")
