"""Time-inheritance training: most epochs with few timesteps, which are cheap, then some with the number that is wanted.

An epoch takes about as long as it has timesteps. Of the published 300 epochs with 2 timesteps and 50 with 6, all of
which take 900 units where 300 epochs with 6 take 1,800, come the third and the sixth that are usual here.

Source:
    Deng et al. 2022, "Temporal efficient training", openreview _XNtisL32jv, section on time inheritance training.
"""

from __future__ import annotations

from itertools import pairwise

from neurodeploy.errors import ConfigError
from neurodeploy.train.config import RunConfig
from neurodeploy.train.recipes.ann_init import LATER
from neurodeploy.train.recipes.chain import chained, share_of
from neurodeploy.train.recipes.phase import Phase

FEWER, SHORTER = 1 / 3, 1 / 6
"""Timesteps of the first phase and epochs of the last one, as shares of the run's."""


def inherit(config: RunConfig) -> tuple[Phase, ...]:
    """A phase for each number of timesteps, the fewest first.

    Raises:
        ConfigError: the numbers do not rise, do not end with the run's, or the windows are not there.
    """
    steps, train = config.data.steps, config.train
    chain = config.recipe.chain or (max(1, round(steps * FEWER)), steps)
    if len(chain) < 2 or any(before >= after for before, after in pairwise(chain)):
        allowed = "at least two numbers of timesteps, each larger than the one before (recipe.kind=inherit)"
        hint = f"The last one is data.timesteps, which is {steps} here."
        raise ConfigError(key="recipe.chain", found=list(chain), allowed=allowed, hint=hint)
    epochs = [train.epochs] * (len(chain) - 1) + [share_of(train.epochs, SHORTER)]
    rates = [train.lr * (LATER if place or train.init else 1) for place in range(len(chain))]
    return chained(config, chain, epochs, rates)
