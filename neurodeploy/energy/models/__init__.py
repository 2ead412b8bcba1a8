"""Models of energy, by name; one file each, with its formula, its boundary and what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from neurodeploy.energy.models.affine import AFFINE
from neurodeploy.energy.models.arithmetic import ARITHMETIC
from neurodeploy.energy.models.bits import BITS
from neurodeploy.energy.models.cycles import CYCLES
from neurodeploy.energy.models.memory import MEMORY
from neurodeploy.energy.models.model import Model
from neurodeploy.energy.models.movement import MOVEMENT
from neurodeploy.energy.models.naive import NAIVE
from neurodeploy.energy.models.step import STEP
from neurodeploy.errors import ConfigError

MODELS: Final[Mapping[str, Model]] = {
    model.name: model for model in (AFFINE, ARITHMETIC, MEMORY, BITS, STEP, MOVEMENT, CYCLES, NAIVE)
}
"""Every model, the default first."""


def find_model(name: str) -> Model:
    """The model of that name.

    Raises:
        ConfigError: there is none; the known ones are named.
    """
    if name not in MODELS:
        raise ConfigError(key="--model", found=name, allowed=", ".join(MODELS))
    return MODELS[name]


__all__ = ["MODELS", "Model", "find_model"]
