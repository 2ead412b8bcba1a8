"""Learning only a part of the recordings in most epochs: the schedule, the time it takes, and the rule that chooses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neurodeploy.train.config import RunConfig
from neurodeploy.train.methods.method import Batch, Choice, Method
from neurodeploy.train.methods.selection.infobatch import InfoBatch
from neurodeploy.train.methods.selection.random_subset import RandomSubset
from neurodeploy.train.methods.selection.rankings import Alike, El2n, Forgetting
from neurodeploy.train.methods.selection.rule import Rule
from neurodeploy.train.methods.selection.sadp import Sadp, ScoreOf
from neurodeploy.train.methods.selection.scores import el2n_scores, spike_scores
from neurodeploy.train.methods.selection.static_subset import StaticSubset
from neurodeploy.train.model import Output


@final
class Select(Method):
    """All recordings during the warm-up and after `delta` of the epochs; between them those that a rule chooses.

    Args:
        config: of the run.
        rule: chooses.
    """

    name = "select"

    def __init__(self, config: RunConfig, rule: Rule) -> None:
        self.config, self.rule, self.epochs = config.select, rule, config.train.epochs
        self.seconds, self.share, self.largest_weight = 0.0, 1.0, 1.0

    def chosen(self, epoch: int, learned: Int[np.ndarray, " learned"], rng: np.random.Generator) -> Choice | None:
        """What the rule chooses, in an epoch that leaves recordings out."""
        self.seconds, self.share, self.largest_weight = 0.0, 1.0, 1.0
        if not self.config.prunes(epoch, self.epochs):
            return None
        with self._timed():
            choice = self.rule.choose(learned, self.config.kept(len(learned)), rng)
        self.share = len(choice.indices) / len(learned)
        self.largest_weight = float(choice.weights.max())
        return choice

    def observe(self, batch: Batch, output: Output, losses: Float[Tensor, " batch"]) -> None:
        """Let the rule look, as long as there is something left to choose."""
        if batch.epoch < self.config.last_pruned(self.epochs):
            with self._timed():
                self.rule.observe(batch, output, losses)

    def facts(self) -> Mapping[str, float]:
        """Share of the recordings that were learned, seconds that scoring and sampling took, and the largest weight.

        The seconds are those of this process: on CUDA the device may work on scores for longer than it takes to ask.
        """
        return {"share": self.share, "s": round(self.seconds, 4), "largest_weight": self.largest_weight}

    def state(self) -> Mapping[str, Tensor]:
        """What the rule remembers."""
        return {name: table.clone() for name, table in self.rule.tables.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Copy it into the rule's tables.

        Raises:
            ValueError: these are other tables.
        """
        tables = self.rule.tables
        if {name: t.shape for name, t in tables.items()} != {name: t.shape for name, t in state.items()}:
            raise ValueError("the tables are of another choice of recordings")
        for name, table in tables.items():
            table.copy_(state[name])

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started


def select(config: RunConfig, recordings: int, counted: bool, device: torch.device) -> Select | None:
    """The choice that the section `select` describes; None where it is "all".

    Args:
        recordings: in the training split.
        counted: the network's answer is a spike count.
        device: of the network.
    """
    settings = config.select
    rules: dict[str, Callable[[], Rule]] = {
        "sadp": lambda: Sadp(score(config, counted), recordings, settings.floor, settings.ema, device),
        "infobatch": lambda: InfoBatch(recordings, settings.ratio, device),
        "random": RandomSubset,
        "random-static": lambda: StaticSubset(Alike(recordings), recordings),
        "el2n": lambda: StaticSubset(El2n(recordings, config.train, device), recordings),
        "forgetting": lambda: StaticSubset(Forgetting(recordings, device), recordings),
    }
    return None if settings.kind == "all" else Select(config, rules[settings.kind]())


def score(config: RunConfig, counted: bool) -> ScoreOf:
    """The score called `select.score`.

    Args:
        counted: the network's answer is a spike count.
    """
    scores: dict[str, ScoreOf] = {
        "spike": lambda batch, output, losses: spike_scores(batch, output, config.train, counted=counted),
        "el2n": lambda batch, output, losses: el2n_scores(output.logits, batch.labels, config.train),
        "loss": lambda batch, output, losses: losses.float(),
    }
    return scores[config.select.score]
