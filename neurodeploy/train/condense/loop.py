"""The distillation: items that start from recordings follow the features of recordings in frozen networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int, Int64, UInt8
from torch import Tensor

from neurodeploy.errors import DataError
from neurodeploy.train.condense.changes import Change
from neurodeploy.train.condense.choosing import Forgetting
from neurodeploy.train.condense.config import LEARNED, CondenseRun
from neurodeploy.train.condense.descent import Descent
from neurodeploy.train.condense.quantizer import Quantizer
from neurodeploy.train.condense.start import Members, choose, first_counts
from neurodeploy.train.condense.teachers import Pair, Recordings, digest, fresh, frozen, learn
from neurodeploy.train.condense.terms import Terms
from neurodeploy.train.model import SpikingNet

Progress = Callable[[str], None]

START, TEACHERS, MATCH = 11, 12, 13
"""Streams of randomness below a seed."""
COPIES = 4
"""Copies of the items of a class in an iteration, unless the configuration says how many of each item."""
REPORTS = 20
"""Lines of progress in a run."""


@final
@dataclass(frozen=True, eq=False)
class Items:
    """What a distillation gives.

    Args:
        frames: counts 0..levels.
        labels: of each item, class by class.
        history: value of each term in every iteration; empty where items were chosen.
        seconds: "pretraining" and "matching", which is choosing where items are chosen.
        teachers: SHA-256 of the weights of the pretrained networks when the items were begun, and when they were done.
        chosen: number of the recording that each item is; None where items were learned.
    """

    frames: UInt8[np.ndarray, "items time 2 height width"]
    labels: Int64[np.ndarray, " items"]
    history: list[dict[str, float]]
    seconds: Mapping[str, float]
    teachers: tuple[str, str]
    chosen: Int64[np.ndarray, " items"] | None = None


def condense(config: CondenseRun, recordings: Recordings, classes: int, progress: Progress) -> Items:
    """A few items for each class of `recordings`; everything random comes from the seed.

    Args:
        classes: how many there are.
        progress: told what happens.
    Raises:
        ConfigError: a setting does not fit the network or the recordings.
        DataError: a class has fewer recordings than items are wanted.
    """
    started, wanted = time.perf_counter(), config.condense
    members = members_of(config, recordings, classes)
    forgetting = Forgetting(recordings.labels)
    pairs = pretrain(config, recordings, classes, forgetting, progress)
    weights, pretrained = digest(_nets(pairs)), time.perf_counter()
    history: list[dict[str, float]] = []
    chosen = None
    if wanted.method in LEARNED:
        frames = _learned(_Matching(config, recordings, members, pairs), history, progress)
    else:
        chosen = choose(config, recordings, members, pairs, forgetting, _rng(config, START))
        frames = np.minimum(recordings.batch(chosen), wanted.levels)
    seconds = {"pretraining": pretrained - started, "matching": time.perf_counter() - pretrained}
    labels = np.repeat(np.arange(classes), wanted.per_class)
    rounded = {name: round(value, 3) for name, value in seconds.items()}
    return Items(frames, labels, history, rounded, (weights, digest(_nets(pairs))), chosen)


def members_of(config: CondenseRun, recordings: Recordings, classes: int) -> list[Int[np.ndarray, "..."]]:
    """Numbers of the recordings of each class.

    Raises:
        DataError: a class has fewer recordings than items are wanted.
    """
    members = [np.flatnonzero(recordings.labels == label) for label in range(classes)]
    few = min(range(classes), key=lambda label: len(members[label]))
    if len(members[few]) < config.condense.per_class:
        reason = f"class {few} has {len(members[few])} recordings, but {config.condense.per_class} items are wanted"
        raise DataError(source=config.data.dataset, reason=reason, hint="Lower condense.per_class.")
    return members


def pretrain(
    config: CondenseRun, recordings: Recordings, classes: int, forgetting: Forgetting, progress: Progress
) -> list[Pair]:
    """The pairs that the method needs: all for "pace", one to choose with, none for random weights.

    Args:
        forgetting: watches the first of them.
    """
    wanted, count = config.condense, _pairs_needed(config)
    found: list[Pair] = []
    for number in range(count):
        rng = _rng(config, TEACHERS, number)
        seed = int(rng.integers(2**62))
        first, net = (fresh(config, recordings.shape[1:], classes, seed) for _ in range(2))
        watch = forgetting.watch if number == 0 else None
        learn(net, recordings, wanted.pretrain_steps, rng, watch=watch)
        found.append(Pair(frozen(first), frozen(net)))
        progress(f"network {number + 1} of {count}: {wanted.pretrain_steps} steps")
    return found


def _pairs_needed(config: CondenseRun) -> int:
    wanted = config.condense
    if wanted.method == "pace":
        return 0 if wanted.teachers == "random" else wanted.pairs
    return 0 if wanted.method in ("dm", "random") else 1


@final
class _Matching:
    """One distillation by matching: where it draws networks, recordings and copies of items from."""

    def __init__(
        self,
        config: CondenseRun,
        recordings: Recordings,
        members: Members,
        pairs: Sequence[Pair],
    ) -> None:
        self.config, self.recordings, self.members, self.pairs = config, recordings, members, pairs
        self.rng = _rng(config, MATCH)
        self.generator = torch.Generator().manual_seed(int(self.rng.integers(2**62)))
        wanted = config.condense
        self.quantizer = Quantizer(wanted.levels, wanted.quantizer, wanted.ste)
        self.copies = wanted.copies or max(1, COPIES // wanted.per_class)
        counts = first_counts(config, recordings, members, _rng(config, START))
        self.z = self.quantizer.start(torch.from_numpy(counts)).requires_grad_(True)
        self.terms = Terms(wanted, len(members))
        # DM changes recordings and items alike, in place only: its means would follow lost events, not shapes.
        self.how, self.changes = wanted.augmented, config.augment
        if wanted.method == "dm":
            self.how = "none" if self.how == "none" else "both"
            self.changes = replace(config.augment, drop=0.0)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        """The terms of one iteration after the other."""
        for _ in range(self.config.condense.iterations):
            net = self._net()
            real, items = self._real(), self.quantizer(self.z.repeat_interleave(self.copies, 0), self.generator)
            real, items = self._changed(real, items)
            first, second = (each.transpose(0, 1).contiguous() for each in (real, items))
            yield self.terms(net, first, second, self.generator)

    def _net(self) -> SpikingNet:
        """A frozen network that nobody has seen before."""
        is_new = not self.pairs or (self.config.condense.teachers == "both" and self.rng.random() < 0.5)
        if is_new:
            seed = int(self.rng.integers(2**62))
            return frozen(fresh(self.config, self.recordings.shape[1:], len(self.members), seed))
        return self.pairs[int(self.rng.integers(len(self.pairs)))].blend(float(self.rng.random()))

    def _real(self) -> Float[Tensor, "recordings time 2 height width"]:
        count = self.config.condense.real
        drawn = [self.rng.choice(each, count, replace=len(each) < count) for each in self.members]
        return torch.from_numpy(self.recordings.batch(np.concatenate(drawn))).float()

    def _changed(self, real: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
        height, width = items.shape[3:]
        if self.how == "none":
            return real, items
        if self.how == "items":
            drawn = Change.draw(self.changes, len(items), height, width, self.rng)
            return real, drawn(items, self.generator)
        drawn = Change.draw(self.changes, 1, height, width, self.rng)
        both = [drawn.repeated(len(each))(each, self.generator) for each in (real, items)]
        return both[0], both[1]


def _learned(
    matching: _Matching, history: list[dict[str, float]], progress: Progress
) -> UInt8[np.ndarray, "items time 2 height width"]:
    """The items after all iterations; only they receive gradients."""
    wanted = matching.config.condense
    adaptive = wanted.optimizer == "adam"
    descent = Descent(matching.z, wanted.lr, wanted.smoothing, adaptive=adaptive)
    weights = {"stsm": wanted.stsm, "mean": wanted.mean, "dm": 1.0}
    first: dict[str, float] = {}
    for number, terms in enumerate(matching):
        values = {name: float(value.detach()) for name, value in terms.items()}
        first = first or {name: max(value, 1e-12) for name, value in values.items()}
        loss = torch.stack([weights[name] / first[name] * value for name, value in terms.items()]).sum()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        descent.step(number / wanted.iterations)
        matching.quantizer.settle_(matching.z)
        history.append(values)
        if (number + 1) % max(1, wanted.iterations // REPORTS) == 0:
            shown = ", ".join(f"{name} {_recent(history, name):.4g}" for name in values)
            progress(f"iteration {number + 1} of {wanted.iterations}: {shown}")
    return matching.quantizer.final(matching.z, wanted.final, matching.generator).numpy()


def _recent(history: Sequence[Mapping[str, float]], name: str) -> float:
    return float(np.mean([record[name] for record in history[-20:]]))


def _nets(pairs: Sequence[Pair]) -> list[SpikingNet]:
    return [net for pair in pairs for net in (pair.initial, pair.trained)]


def _rng(config: CondenseRun, *stream: int) -> np.random.Generator:
    return np.random.default_rng([config.seed, *stream])
