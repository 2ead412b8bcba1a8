"""From a still image to the logarithm of the light on the sensor, on a grid fine enough to move the image over it.

Light is computed in whole numbers that float32 holds exactly (products below 2^24), so that the order in which a matrix
product adds them cannot change a bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Float32, UInt8

from neurodeploy.data.camera_config import CameraConfig

AMOUNT = 4095
"""Full ink, or full light, as a whole number: 12 bits."""
WEIGHT = 2048
"""Sum of the blur weights of one grid place: 11 bits, so that weight times amount stays below 2^23."""
FINE = 2
"""Grid places per pixel; between them light is interpolated linearly."""


@final
@dataclass(frozen=True, eq=False)
class Light:
    """Natural logarithm of the light around the sensor, for several recordings.

    Args:
        grid: grid[a, b, i, j] is the place (i + a / 2 - margin, j + b / 2 - margin) in pixels; the last axis is the
            recording.
        margin: pixels on each side of the sensor.
    """

    grid: Float32[np.ndarray, "2 2 rows columns batch"]
    margin: int

    def at(self, y: float, x: float, out: Float32[np.ndarray, "height width batch"]) -> None:
        """Write to `out` the log light on the pixels while the image is displaced by (y, x) pixels."""
        height, width, _ = out.shape
        (row, down), (column, right) = _split(self.margin - y), _split(self.margin - x)
        out[...] = 0
        for step_y, weight_y in ((0, 1 - down), (1, down)):
            for step_x, weight_x in ((0, 1 - right), (1, right)):
                if weight_y * weight_x == 0:
                    continue
                (i, a), (j, b) = divmod(row + step_y, FINE), divmod(column + step_x, FINE)
                out += self.grid[a, b, i : i + height, j : j + width] * np.float32(weight_y * weight_x)


def _split(pixels: float) -> tuple[int, float]:
    """Grid place at or before `pixels`, and how far it is to the next, in 1/4096."""
    fine = round(pixels * FINE * 4096)
    return fine // 4096, (fine % 4096) / 4096


def log_light(
    images: UInt8[np.ndarray, "batch rows columns"], shifts: Float[np.ndarray, "batch 2"], config: CameraConfig
) -> Light:
    """The light that reaches the sensor from each image, centred and displaced by its shift.

    Args:
        images: grey values, 255 is full ink; one image pixel covers one sensor pixel.
        shifts: (y, x) in pixels.
    """
    margin = math.ceil(config.path.reach) + 1
    down = _blur(images.shape[1], config.height, margin, shifts[:, 0], config.blur_px)
    right = _blur(images.shape[2], config.width, margin, shifts[:, 1], config.blur_px)
    amount = _amounts(config)[images]
    half = np.floor(down @ amount / WEIGHT)
    full = np.floor(half @ right.transpose(0, 2, 1) / WEIGHT).astype(np.int32)
    level = _levels(config)[np.minimum(full, AMOUNT)]
    batch, rows, columns = level.shape
    phases = level.reshape(batch, rows // FINE, FINE, columns // FINE, FINE)
    return Light(np.ascontiguousarray(phases.transpose(2, 4, 1, 3, 0)), margin)


def _blur(
    image: int, sensor: int, margin: int, shift: Float[np.ndarray, " batch"], blur_px: float
) -> Float32[np.ndarray, "batch places image"]:
    """Weight of each image pixel (last axis) at each grid place: whole numbers, 2048 in all."""
    places = np.arange((sensor + 2 * margin) * FINE) / FINE - margin
    # Middle of the image on the middle of the sensor.
    centres = np.arange(image) + (sensor - image) / 2 + shift[:, None]
    distance = (places[:, None] - centres[:, None, :]) / blur_px
    # A full-length row of a normalised Gaussian on integers sums to sqrt(2 pi) blur_px, very nearly, for blur_px > 0.4.
    weight = np.exp(-0.5 * distance**2) / (math.sqrt(2 * math.pi) * blur_px)
    whole: Float32[np.ndarray, "batch places image"] = np.rint(weight * WEIGHT).astype(np.float32)
    return whole


def _amounts(config: CameraConfig) -> Float32[np.ndarray, " 256"]:
    """Grey value to the amount that blur adds up: light taken away by ink (inverted), or light given."""
    grey = np.arange(256) / 255
    share = 1 - (1 - grey) ** config.gamma if config.inverted else grey**config.gamma
    return np.rint(share * AMOUNT).astype(np.float32)


def _levels(config: CameraConfig) -> Float32[np.ndarray, " 4096"]:
    """Amount to the natural logarithm of the light, with ambient light added."""
    share = np.arange(AMOUNT + 1) / AMOUNT
    light = (1 - share if config.inverted else share) + config.ambient
    return np.log(light).astype(np.float32)
