"""One phase of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

from neurodeploy.train.config import RunConfig
from neurodeploy.train.evaluate import Frames
from neurodeploy.train.model import SpikingNet

Begin = Callable[[SpikingNet, Mapping[str, SpikingNet]], None]
"""Gives a new network its first weights, out of the best networks of earlier phases by name."""

Began = Callable[[SpikingNet, Mapping[str, SpikingNet], Frames], Mapping[str, float]]
"""Numbers about a network with these first weights, and earlier ones, on the test recordings; kept in metrics.json."""


def keep_random(net: SpikingNet, earlier: Mapping[str, SpikingNet]) -> None:
    """The first weights stay the random ones of the seed."""


@final
@dataclass(frozen=True, eq=False)
class Phase:
    """A training that is a run of its own.

    Args:
        name: of its folder below `phases/`; unused for the last phase, which is trained in the run's own folder.
        config: with which it is trained.
        begin: its first weights.
        began: what is measured of them; None: nothing.
    """

    name: str
    config: RunConfig
    begin: Begin = keep_random
    began: Began | None = None
