"""Where items come from: means of groups of recordings to begin from, or recordings that are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, Int64

from neurodeploy.errors import ConfigError
from neurodeploy.train.condense.choosing import Forgetting, Indices, centroids, herding, k_center, medoids
from neurodeploy.train.condense.config import CondenseRun
from neurodeploy.train.condense.features import observe, running
from neurodeploy.train.condense.teachers import BATCH, Pair, Recordings
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.model import SpikingNet

MOST = 1024
"""Recordings of a class that k-means looks at."""
PASSES = 3
"""Least passes over the recordings after which forgetting can be told."""
BLOCK = 128

Members = Sequence[Int[np.ndarray, "..."]]
"""Numbers of the recordings of each class."""


def first_counts(
    config: CondenseRun, recordings: Recordings, members: Members, rng: np.random.Generator
) -> Float32[np.ndarray, "items time 2 height width"]:
    """Counts that items begin with, class by class."""
    wanted, found = config.condense, []
    for each in members:
        if wanted.init == "real":
            drawn = rng.choice(each, wanted.per_class, replace=False)
            found.append(recordings.batch(drawn).astype(np.float32))
        else:
            some = recordings.batch(rng.choice(each, min(MOST, len(each)), replace=False))
            means = centroids(some.reshape(len(some), -1), wanted.per_class, rng)
            found.append(means.reshape(-1, *recordings.shape).astype(np.float32))
    return np.concatenate(found)


def choose(
    config: CondenseRun,
    recordings: Recordings,
    members: Members,
    pairs: Sequence[Pair],
    forgetting: Forgetting,
    rng: np.random.Generator,
) -> Int64[np.ndarray, " items"]:
    """Numbers of the recordings that a choosing method takes, class by class.

    Args:
        pairs: the trained network of the first gives the features.
    Raises:
        ConfigError: the pretraining was too short to forget anything.
    """
    method, count = config.condense.method, config.condense.per_class
    if method == "random":
        return np.concatenate([rng.choice(each, count, replace=False) for each in members])
    if method == "forgetting":
        _refuse_short(config, len(recordings.labels))
        return np.concatenate([forgetting.most(each, count, rng) for each in members])
    rules: dict[str, Callable[..., Indices]]
    rules = {"herding": herding, "k-center": k_center, "medoids": partial(medoids, rng=rng)}
    net = pairs[0].trained
    return np.concatenate([each[rules[method](features(net, recordings, each), count)] for each in members])


def features(
    net: SpikingNet, recordings: Recordings, members: Int[np.ndarray, " members"]
) -> Float[np.ndarray, "members features"]:
    """Rates of the last layer of neurons in eval mode."""
    found = []
    for start in range(0, len(members), BLOCK):
        frames = as_input(recordings.batch(members[start : start + BLOCK]), torch.device("cpu"))
        with torch.no_grad():
            spikes = observe(net, frames, running(net)).layers[-1].spikes
        found.append(spikes.mean(0).flatten(1).numpy())
    return np.concatenate(found)


def _refuse_short(config: CondenseRun, count: int) -> None:
    least = -(-PASSES * count // BATCH)
    if config.condense.pretrain_steps < least:
        allowed = f"at least {least} with condense.method=forgetting: {PASSES} passes over {count} recordings"
        raise ConfigError(key="condense.pretrain_steps", found=config.condense.pretrain_steps, allowed=allowed)
