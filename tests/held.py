"""Recordings in memory, as training and evaluation take them."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Held:
    """Frames (recordings, time, *shape) and the class of each recording."""

    frames: np.ndarray
    labels: np.ndarray

    kept: slice = field(default_factory=lambda: slice(None))

    def batch(self, indices: np.ndarray) -> np.ndarray:
        return self.whole(indices)[:, self.kept]

    def whole(self, indices: np.ndarray) -> np.ndarray:
        return self.frames[indices]
