"""IIR-SNN, iterative initialisation and retraining: fewer timesteps with every phase, down to a network that needs one.

What differs from the paper, and why:
- Thresholds are those of `neuron`: the factor of a layer's normalisation is trained in the place of its threshold,
  channel by channel. Leaks are trained with `neuron.learn_decay`. Both go on unchanged from phase to phase.
- The spikes of the last phase are those of the deployed integers; earlier phases are trained in floats.
- Events are binned anew for every number of timesteps, as an image is not; see `chain` for what a single window keeps.
- Learning rates and epochs are those of `train` and `recipe`; the published ones (Adam, 1e-4, up to 500 epochs for each
  phase) are for CIFAR.
- With `recipe.ann_epochs` the chain begins with an artificial network; see `percentile`.

A network of one timestep is one pass through layers with 0 or 1 as outputs: neurons start at zero, so no leak and no
reset ever matters.

Source:
    Chowdhury, Rathi, Roy 2022, "Towards ultra low latency spiking neural networks ... using temporal pruning", ECCV;
    arXiv:2110.05929, and the repository SayeedChowdhury/IIR-SNN for what the text leaves open.
"""

from __future__ import annotations

from itertools import pairwise

from neurodeploy.errors import ConfigError
from neurodeploy.train.config import RunConfig
from neurodeploy.train.recipes.ann_init import ANN, LATER, ann_phase
from neurodeploy.train.recipes.chain import chained, windows
from neurodeploy.train.recipes.percentile import converted
from neurodeploy.train.recipes.phase import Phase

CHAIN = (8, 4, 2, 1)


def iir(config: RunConfig) -> tuple[Phase, ...]:
    """A phase for each number of timesteps, the most first; before them that of an artificial network, if asked for.

    Raises:
        ConfigError: the numbers do not fall, do not end with the run's, or the windows are not there.
    """
    steps, train = config.data.steps, config.train
    chain = config.recipe.chain or (*(each for each in CHAIN if each > steps), steps)
    if len(chain) < 2 or any(before <= after for before, after in pairwise(chain)):
        allowed = "at least two numbers of timesteps, each smaller than the one before (recipe.kind=iir)"
        hint = f"The last one is data.timesteps, which is {steps} here."
        raise ConfigError(key="recipe.chain", found=list(chain), allowed=allowed, hint=hint)
    has_ann = config.recipe.ann_epochs > 0
    rates = [train.lr * (LATER if place or has_ann or train.init else 1) for place in range(len(chain))]
    epochs = [train.epochs] * len(chain)
    if not has_ann:
        return chained(config, chain, epochs, rates)
    data = windows(config.data, chain[0], config.recipe.rebin)
    phases = chained(config, chain, epochs, rates, first=converted(ANN, data))
    return (ann_phase(config, data), *phases)
