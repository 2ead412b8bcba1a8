"""Which of several processes this one is, as torchrun says it in the environment; without torch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import final

from neurodeploy.errors import ConfigError


@final
@dataclass(frozen=True)
class Launch:
    """The place of this process among those that train together.

    Args:
        rank: 0..size - 1; 0 writes files and speaks.
        local: the same among the processes on this machine; the number of its CUDA device.
        size: processes in all.
    """

    rank: int = 0
    local: int = 0
    size: int = 1


def launch() -> Launch:
    """What RANK, LOCAL_RANK and WORLD_SIZE say; one process where they are not all set.

    Raises:
        ConfigError: they are no numbers that fit together.
    """
    found = {name: os.environ.get(name) for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE")}
    if None in found.values():
        return Launch()
    words = [word or "" for word in found.values()]
    if all(word.isdecimal() for word in words):
        here = Launch(*map(int, words))
        if here.local <= here.rank < here.size:
            return here
    allowed = "three numbers, 0 <= LOCAL_RANK <= RANK < WORLD_SIZE, as torchrun sets them"
    raise ConfigError(key=", ".join(found), found=", ".join(words), allowed=allowed)
