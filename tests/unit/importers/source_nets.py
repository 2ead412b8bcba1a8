"""What the import tests share: random frames, and a network beside its import."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from neurodeploy.importers import Drift, Imported
from neurodeploy.importers.proof import prove

Importer = Callable[..., Imported]


def seeded(make: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """A network with the same random weights in every run; the global generator is left as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


def frames(rng: np.random.Generator, *shape: int, time: int = 20, samples: int = 8, density: float = 0.4) -> np.ndarray:
    return (rng.random((time, samples, *shape)) < density).astype(np.uint8)


def proved(importer: Importer, net: nn.Module, data: np.ndarray, **options: object) -> tuple[Drift, ...]:
    """Differences between a network and its import."""
    return prove(importer(net, data.shape[2:], **options), net, data)


def assert_equal(drifts: tuple[Drift, ...], voltage: float = 1e-5) -> None:
    """No output differs, all layers spike but not always, and voltages differ by float32 rounding only."""
    for drift in drifts:
        assert drift.differing == 0, str(drift)
        assert 0 < drift.source_spikes < drift.values, str(drift)
        assert drift.largest_difference is not None
        assert drift.largest_difference < voltage, str(drift)
