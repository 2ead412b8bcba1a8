"""Recipes: trainings in several phases, each a run of its own that begins with the weights of earlier ones."""

from __future__ import annotations

from neurodeploy.train.config import RunConfig
from neurodeploy.train.recipes.phase import Begin, Phase
from neurodeploy.train.recipes.plain import plain

__all__ = ["Begin", "Phase", "phases_of"]


def phases_of(config: RunConfig) -> tuple[Phase, ...]:
    """The phases of a run, at least one; the last is the run itself.

    Raises:
        ConfigError: the recipe and other settings exclude each other.
    """
    return plain(config)
