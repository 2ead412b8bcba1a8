"""Recipes: trainings in several phases, each a run of its own that begins with the weights of earlier ones."""

from __future__ import annotations

from collections.abc import Callable

from neurodeploy.train.config import RunConfig
from neurodeploy.train.recipes.ann_init import ann_init
from neurodeploy.train.recipes.hsd import hsd
from neurodeploy.train.recipes.iir import iir
from neurodeploy.train.recipes.inherit import inherit
from neurodeploy.train.recipes.phase import Begin, Phase
from neurodeploy.train.recipes.plain import plain

__all__ = ["Begin", "Phase", "phases_of"]

RECIPES: dict[str, Callable[[RunConfig], tuple[Phase, ...]]] = {
    "plain": plain,
    "hsd": hsd,
    "iir": iir,
    "inherit": inherit,
    "ann-init": ann_init,
}
"""`recipe.kind` -> its phases."""


def phases_of(config: RunConfig) -> tuple[Phase, ...]:
    """The phases of a run, at least one; the last is the run itself.

    Raises:
        ConfigError: the recipe and other settings exclude each other.
    """
    return RECIPES[config.recipe.kind](config)
