"""When each sample stops, from any score of its answers so far."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int, Shaped

from neurodeploy.errors import ConfigError


def exit_steps(
    scores: Shaped[np.ndarray, "samples time"], threshold: int | float, min_steps: int = 1
) -> Int[np.ndarray, " samples"]:
    """t_exit = min { t >= min_steps : score after t timesteps > threshold }, else T; strictly greater.

    Args:
        scores: how sure the answer is after 1, 2, ..., T timesteps; each knows nothing of later ones.
        min_steps: 1..T.
    Raises:
        ConfigError: `min_steps` is out of range.
    """
    steps = scores.shape[1]
    if not 1 <= min_steps <= steps:
        raise ConfigError(key="min_steps", found=min_steps, allowed=f"1..{steps}")
    enough = scores > threshold
    enough[:, : min_steps - 1] = False
    enough[:, -1] = True
    return np.asarray(enough.argmax(1) + 1)


def is_right(
    prefix: Shaped[np.ndarray, "samples time classes"], labels: Int[np.ndarray, " samples"]
) -> Bool[np.ndarray, "samples time"]:
    """Whether the answer after each timestep is the label; of equal scores the lowest class answers."""
    return np.asarray(prefix.argmax(2) == labels[:, None])
