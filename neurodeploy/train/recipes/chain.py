"""Spiking phases with different numbers of timesteps in a row, each of which begins with the best weights of the last.

Every phase trains the same network; its weights, thresholds, leaks and normalisations are taken over as they are. The
phases before the last one are trained in floats and the last one ends in the deployed integers, as `train` says. (In
integers the statistics of the normalisations stay as they are; in floats they find those of the new number of
timesteps.)

What a phase sees of a recording, for T timesteps:
- `recipe.rebin` (default): all of it, cut into T windows. Binary frames (`data.binary`) of few windows lose how many
  events a pixel had; with counts nothing but their times is lost, and the sum over windows is the same for every T.
- else the first T of `data.timesteps` windows, after `data.skip`: less of the recording, in windows of the same
  duration.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError
from neurodeploy.train.config import RecipeConfig, RunConfig, TrainConfig
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.recipes.phase import Begin, Phase
from neurodeploy.train.recipes.plain import plain

N = TypeVar("N", int, float)


def chained(
    config: RunConfig, chain: Sequence[int], epochs: Sequence[int], rates: Sequence[float], first: Begin | None = None
) -> tuple[Phase, ...]:
    """A phase for each number of timesteps in `chain`.

    Args:
        chain: ends with the run's own number.
        epochs, rates: of each phase, unless `recipe.phase_epochs` and `recipe.phase_lr` say otherwise.
        first: first weights of the first phase; None: those of `train.init`, or random ones.
    Raises:
        ConfigError: the chain does not end with the run's timesteps, its windows are not there, or a list does not fit
            it.
    """
    recipe, steps = config.recipe, config.data.steps
    hint = "The last phase is the run itself, with data.timesteps windows or data.take of them."
    _wanted(
        "recipe.chain", list(chain), chain[-1] == steps, f"a list that ends with {steps}, the run's timesteps", hint
    )
    _refuse_windows(config.data, max(chain), recipe.rebin)
    epochs = _of_each("recipe.phase_epochs", recipe.phase_epochs, epochs, chain)
    rates = _of_each("recipe.phase_lr", recipe.phase_lr, rates, chain)
    phases: list[Phase] = []
    for place, (timesteps, count, rate) in enumerate(zip(chain, epochs, rates, strict=True)):
        is_last = place == len(chain) - 1
        train = _train(config.train, count, rate, is_last)
        own = replace(config, data=windows(config.data, timesteps, recipe.rebin), train=train)
        own = own if is_last else replace(own, recipe=RecipeConfig())
        begin = _going_on(phases[-1].name) if phases else first or plain(config)[0].begin
        phases.append(Phase(f"t{timesteps}", own, begin))
    return tuple(phases)


def windows(data: DataConfig, timesteps: int, rebin: bool) -> DataConfig:
    """What a phase of so many timesteps sees; what the run itself sees where it has as many."""
    if timesteps == data.steps:
        return data
    return replace(data, timesteps=timesteps, take=0) if rebin else replace(data, take=timesteps)


def share_of(epochs: int, share: float) -> int:
    """A share of the epochs, at least one."""
    return max(1, math.ceil(share * epochs))


def _train(train: TrainConfig, epochs: int, rate: float, is_last: bool) -> TrainConfig:
    integers = train.quantize_from if is_last else 1.0
    # A chain that begins elsewhere does so in its first phase.
    return replace(train, epochs=epochs, lr=rate, quantize_from=integers, init="")


def _going_on(before: str) -> Begin:
    def begin(net: SpikingNet, earlier: Mapping[str, SpikingNet]) -> None:
        net.load_state_dict(earlier[before].state_dict())

    return begin


def _refuse_windows(data: DataConfig, most: int, rebin: bool) -> None:
    if rebin:
        whole = data.skip == 0 and data.take in (0, data.timesteps)
        allowed = "0 with recipe.rebin=true, where every phase sees the whole recording"
        _wanted("data.skip, data.take", (data.skip, data.take), whole, allowed)
        return
    there = data.timesteps - data.skip
    allowed = f"at least {most + data.skip} windows with recipe.rebin=false, so that the longest phase finds its own"
    _wanted("data.timesteps", data.timesteps, most <= there, allowed, "Set data.take to the run's own timesteps.")


def _of_each(key: str, found: Sequence[N], usual: Sequence[N], chain: Sequence[int]) -> list[N]:
    """`found`, or where that is empty `usual`, with one entry for each phase."""
    allowed = f"an empty list, or one entry for each of the {len(chain)} phases {list(chain)}"
    _wanted(key, list(found), len(found) in (0, len(chain)), allowed)
    return list(found or usual)


def _wanted(key: str, found: object, fits: bool, allowed: str, hint: str = "") -> None:
    if not fits:
        raise ConfigError(key=key, found=found, allowed=allowed, hint=hint)
