"""Which features a target can express: asked of its exporter, network by network."""

from __future__ import annotations

import numpy as np

from neurodeploy.conformance.check import Trial
from neurodeploy.conformance.choose import RngChoose
from neurodeploy.conformance.draw import draw_network
from neurodeploy.conformance.features import NEEDS, Feature, Features
from neurodeploy.errors import RangeError, UnsupportedNodeError
from neurodeploy.targets import Exporter

TRIES = 16
"""Networks with a feature that a target must refuse before the feature counts as refused."""

DRAWS = 120
"""Networks drawn at most to find those."""


def expressible(exporter: Exporter, seed: int = 0) -> Features:
    """The features of which `exporter` accepts at least one network that has nothing else."""
    return frozenset(feature for feature in Feature if _is_accepted(exporter, feature, seed))


def _is_accepted(exporter: Exporter, feature: Feature, seed: int) -> bool:
    tried = 0
    for draw in range(DRAWS):
        choose = RngChoose(np.random.default_rng([seed, draw]))
        drawn = draw_network(choose, NEEDS.get(feature, frozenset()) | {feature})
        if feature not in drawn.used:
            continue
        shape = drawn.network.graph.input.shape
        trial = Trial("probe", drawn.network, np.zeros((1, 1, *shape), np.uint8))
        try:
            exporter.emit(trial.deployment(with_float=False))
        except (UnsupportedNodeError, RangeError):
            tried += 1
        except Exception:  # noqa: BLE001  # not a refusal: the suite will meet it again and report it
            return True
        else:
            return True
        if tried == TRIES:
            break
    return False
