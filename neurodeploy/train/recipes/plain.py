"""Training in one phase, from random weights or from those of another run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from neurodeploy.train.checkpoint import load_checkpoint, restore_weights
from neurodeploy.train.config import RunConfig
from neurodeploy.train.model import STEP_SIZES, SpikingNet
from neurodeploy.train.recipes.phase import Phase

BEST = Path("checkpoints/best")


def plain(config: RunConfig) -> tuple[Phase, ...]:
    """The run alone; with `train.init` it begins with the best weights of that run."""
    if not config.train.init:
        return (Phase("only", config),)
    folder = Path(config.train.init).expanduser() / BEST

    def begin(net: SpikingNet, earlier: Mapping[str, SpikingNet]) -> None:
        # Learned step sizes belong to a number of bits, which may be another one here: they begin anew.
        steps, own = f"{STEP_SIZES}.", net.state_dict()
        found = {name: value for name, value in load_checkpoint(folder).weights.items() if not name.startswith(steps)}
        found |= {name: value for name, value in own.items() if name.startswith(steps)}
        restore_weights(net, found, folder)

    return (Phase("only", config, begin),)
