"""Which recordings each epoch learns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, final

from neurodeploy.errors import ConfigError

KINDS = ("all", "sadp", "infobatch", "random", "random-static", "el2n", "forgetting")
SCORES = ("spike", "el2n", "loss")
LEAST_WARMUP = {"all": 0, "random": 0, "random-static": 0, "forgetting": 2}
"""Epochs with all recordings that a kind needs before it knows what to leave out; 1 where nothing is said."""


@final
@dataclass(frozen=True)
class SelectConfig:
    """Settings of the section `select`.

    Args:
        kind: "all": every recording in every epoch. New in each epoch: "sadp", importance sampling by a score of the
            forward pass, weighted so that the expected gradient is that of all recordings; "infobatch", which leaves
            out some of the well learned ones; "random". Chosen once, after the warm-up: "random-static"; "el2n", the
            largest errors; "forgetting", the most often forgotten.
        ratio: share of the recordings that an epoch leaves out, 0 <= ratio < 1; "infobatch": of the well learned ones.
        warmup: epochs with all recordings at the beginning; at least 1, 2 for "forgetting", 0 for the random kinds.
        delta: share of all epochs after which every recording is learned again, with weight 1; 0..1.
        score: of "sadp": "spike", "el2n" or "loss"; see neurodeploy/train/methods/selection/scores.py.
        floor: least probability that "sadp" gives a recording, as a share of the mean probability; 0 < floor <= 1, and
            1 / floor is the largest weight.
        ema: share of its old score that "sadp" keeps when it meets a recording again, 0 <= ema < 1.
    """

    kind: Literal["all", "sadp", "infobatch", "random", "random-static", "el2n", "forgetting"] = "all"
    ratio: float = 0.5
    warmup: int = 1
    delta: float = 0.875
    score: Literal["spike", "el2n", "loss"] = "spike"
    floor: float = 0.1
    ema: float = 0.0

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        _within("kind", self.kind, self.kind in KINDS, ", ".join(KINDS))
        _within("ratio", self.ratio, 0 <= self.ratio < 1, "0 <= ratio < 1")
        least = LEAST_WARMUP.get(self.kind, 1)
        _within("warmup", self.warmup, self.warmup >= least, f"an integer >= {least} with select.kind={self.kind}")
        _within("delta", self.delta, 0 <= self.delta <= 1, "0..1")
        _within("score", self.score, self.score in SCORES, ", ".join(SCORES))
        _within("floor", self.floor, 0 < self.floor <= 1, "0 < floor <= 1")
        _within("ema", self.ema, 0 <= self.ema < 1, "0 <= ema < 1")

    def last_pruned(self, epochs: int) -> int:
        """Number of the last epoch that leaves recordings out, when there are `epochs`: the last before the tail."""
        return math.ceil(self.delta * epochs - 1e-9)

    def prunes(self, epoch: int, epochs: int) -> bool:
        """Whether epoch number `epoch` (from 1) of `epochs` leaves recordings out."""
        return self.kind != "all" and self.warmup < epoch <= self.last_pruned(epochs)

    def kept(self, recordings: int) -> int:
        """How many of `recordings` an epoch learns that leaves some out (M); "infobatch" decides that by itself."""
        return max(round((1 - self.ratio) * recordings), 1)


def _within(key: str, found: object, fits: bool, allowed: str) -> None:
    if not fits:
        raise ConfigError(key=f"select.{key}", found=found, allowed=allowed)
