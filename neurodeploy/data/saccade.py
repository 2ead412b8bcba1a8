"""Where the image lies on the sensor while the camera makes its three saccades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from neurodeploy.errors import ConfigError


@final
@dataclass(frozen=True)
class Saccades:
    """A path of the image over the sensor, straight between points at equal distances in time.

    Args:
        knot_us: µs from one point to the next, > 0.
        y, x: displacement of the image from the middle of the sensor at each point, in 1/100 pixel; two points or more.
    Raises:
        ConfigError: fewer than two points, y and x differ in length, or `knot_us` is below 1.
    """

    knot_us: int
    y: tuple[int, ...]
    x: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.knot_us < 1 or len(self.y) != len(self.x) or len(self.y) < 2:
            found = (self.knot_us, len(self.y), len(self.x))
            allowed = "knot_us of at least 1 and as many y as x, at least two"
            raise ConfigError(key="camera.path", found=found, allowed=allowed)

    @property
    def duration_us(self) -> int:
        """Time from the first point to the last."""
        return self.knot_us * (len(self.y) - 1)

    @property
    def reach(self) -> float:
        """Largest displacement in any direction, in pixels."""
        return max(abs(value) for value in self.y + self.x) / 100

    def at(self, time_us: Int[np.ndarray, " steps"]) -> Float[np.ndarray, "steps 2"]:
        """Displacement (y, x) in pixels; before the first point and after the last the image rests."""
        knots = np.arange(len(self.y)) * self.knot_us
        return np.stack([np.interp(time_us, knots, np.array(axis) / 100) for axis in (self.y, self.x)], axis=1)


# Found by least squares from 400 real training recordings and their images: the points (free every 5 ms) for which the
# signed events of each 5 ms are best explained by the change of the log light between two points.
# fmt: off
NMNIST_SACCADES = Saccades(
    knot_us=5_000,
    y=(-187, -185, -180, -168, -144, -115,  -76,  -20,   36,   98,  165,  219,  270,  302,  332,  347,
        353,  356,  354,  352,  348,  344,  340,  339,  338,  333,  314,  286,  238,  188,  122,   62,
          3,  -54, -106, -136, -157, -169, -171, -170, -170, -168, -167, -168, -169, -169, -170, -170,
       -165, -164, -166, -167, -171, -175, -180, -185, -191, -194, -194, -193, -192, -192),
    x=(-245, -246, -247, -250, -254, -259, -263, -264, -263, -259, -250, -228, -197, -169, -134, -110,
       -102,  -98,  -95,  -92,  -88,  -83,  -77,  -66,  -55,  -36,   -4,   29,   71,  105,  131,  149,
        160,  178,  197,  212,  224,  232,  238,  244,  254,  266,  278,  284,  287,  287,  285,  249,
        200,  149,  100,   48,   -8,  -65, -110, -147, -175, -198, -218, -233, -239, -239),
)
"""The path of the N-MNIST recordings: down, up and to the right, back to the left, about 100 ms each."""
# fmt: on
