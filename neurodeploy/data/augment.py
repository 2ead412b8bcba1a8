"""Random changes of a batch of frames that keep its labels: shift, small affine maps, lost events, swapped polarity.

Everything works on uint8 frames with the axes (batch, time, 2, height, width) in numpy. One map is drawn for each
recording and used for all its timesteps and both polarities, as if the camera had been mounted a little differently.
Pixels are moved to the nearest place, never mixed, so binary frames stay binary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int, UInt8

from neurodeploy.errors import ConfigError


@final
@dataclass(frozen=True)
class AugmentConfig:
    """Settings of the section `augment`; the defaults are for digits on a 34x34 sensor.

    Each recording draws its own values, evenly between minus and plus the limit.

    Args:
        shift: pixels in each direction, >= 0.
        rotation: degrees around the centre, 0..180.
        scale: relative change of size, 0 <= scale < 1.
        shear: horizontal displacement per vertical pixel, 0..1.
        drop: largest probability that an event is lost, 0..1; each recording draws its own from 0..drop.
        flip_polarity: probability that a recording swaps darker and brighter, 0..1.
        flip_horizontal: probability that a recording is mirrored left to right, 0..1; wrong for digits.
    """

    shift: float = 2.0
    rotation: float = 12.0
    scale: float = 0.12
    shear: float = 0.12
    drop: float = 0.1
    flip_polarity: float = 0.0
    flip_horizontal: float = 0.0

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        limits = {"shift": 1024.0, "rotation": 180.0, "scale": 0.99, "shear": 1.0}
        limits |= {"drop": 1.0, "flip_polarity": 1.0, "flip_horizontal": 1.0}
        for name, high in limits.items():
            value = float(getattr(self, name))
            if not 0 <= value <= high:
                raise ConfigError(key=f"augment.{name}", found=value, allowed=f"0..{high:g}")

    @property
    def moves(self) -> bool:
        """Whether pixels change their place at all."""
        return any((self.shift, self.rotation, self.scale, self.shear, self.flip_horizontal))


def augment(
    frames: UInt8[np.ndarray, "batch time 2 height width"],
    config: AugmentConfig,
    rng: np.random.Generator,
    part: slice = slice(None),
) -> UInt8[np.ndarray, "part time 2 height width"]:
    """A changed copy of `frames`; the input is not touched.

    Args:
        frames: events per window, binary or counts.
        config: which changes, and how strong.
        rng: where all randomness comes from; the same state gives the same result.
        part: recordings that are wanted; they are changed as they are when all are.
    """
    batch, _, _, height, width = frames.shape
    wanted = range(batch)[part]
    if len(wanted) < batch and config.drop > 0 and frames.max(initial=0) > 1:
        # A count draws as many numbers as it has events, so what one recording draws depends on those before it.
        return augment(frames, config, rng)[part]
    frames = frames[part]
    if config.moves:
        frames = move(frames, affine_maps(draw_affine(config, batch, rng)[part], height, width))
    if config.drop > 0:
        probability = np.asarray(rng.uniform(0, config.drop, batch))
        frames = drop_events(frames, probability[part], rng, wanted.start, batch - wanted.stop)
    if config.flip_polarity > 0:
        frames = flip_polarity(frames, np.asarray(rng.random(batch) < config.flip_polarity)[part])
    return frames.copy()


def draw_affine(config: AugmentConfig, batch: int, rng: np.random.Generator) -> Float[np.ndarray, "batch 2 3"]:
    """One map per recording from places in the result to places in the input, both in (y, x) from the centre."""
    angle = np.deg2rad(rng.uniform(-config.rotation, config.rotation, batch))
    size = 1 + rng.uniform(-config.scale, config.scale, batch)
    shear = rng.uniform(-config.shear, config.shear, batch)
    shift = rng.uniform(-config.shift, config.shift, (batch, 2))
    mirror = np.where(rng.random(batch) < config.flip_horizontal, -1.0, 1.0)
    cos, sin = np.cos(angle) / size, np.sin(angle) / size
    rows = [[cos, sin, shift[:, 0]], [mirror * (shear * cos - sin), mirror * (shear * sin + cos), shift[:, 1]]]
    return np.moveaxis(np.array(rows), 2, 0)


def affine_maps(affine: Float[np.ndarray, "batch 2 3"], height: int, width: int) -> Int[np.ndarray, "batch pixels"]:
    """For each pixel of the result, the flat index of the input pixel it shows; height * width where there is none."""
    y, x = np.mgrid[:height, :width].reshape(2, -1)
    places = np.stack([y - (height - 1) / 2, x - (width - 1) / 2, np.ones(height * width)])
    source = np.rint(affine @ places + np.array([[(height - 1) / 2], [(width - 1) / 2]])).astype(np.intp)
    row, column = source[:, 0], source[:, 1]
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return np.where(inside, row * width + column, height * width)


def move(
    frames: UInt8[np.ndarray, "batch time 2 height width"], maps: Int[np.ndarray, "batch pixels"]
) -> UInt8[np.ndarray, "batch time 2 height width"]:
    """Frames whose pixel k of recording b shows what was at `maps[b, k]`; index height * width shows no events."""
    batch, time, channels, height, width = frames.shape
    # Pixels come first so that one index moves all timesteps and polarities of a pixel at once.
    planes = frames.reshape(batch, time * channels, height * width).transpose(0, 2, 1)
    padded = np.zeros((batch, height * width + 1, time * channels), np.uint8)
    padded[:, :-1] = planes
    moved = padded[np.arange(batch)[:, None], maps]
    return np.ascontiguousarray(moved.transpose(0, 2, 1)).reshape(frames.shape)


def drop_events(
    frames: UInt8[np.ndarray, "batch time 2 height width"],
    probability: Float[np.ndarray, " batch"],
    rng: np.random.Generator,
    before: int = 0,
    after: int = 0,
) -> UInt8[np.ndarray, "batch time 2 height width"]:
    """Frames in which each event of recording b is lost with `probability[b]`; counts lose each event on its own.

    Args:
        before, after: binary recordings of the same batch that others change; their numbers are drawn and left.
    """
    if frames.max(initial=0) > 1:
        some = np.nonzero(frames)
        thinned = frames.copy()
        thinned[some] = rng.binomial(frames[some], 1 - probability[some[0]])
        return thinned
    # One random byte a cell: a probability is rounded to 1/256, which is finer than anybody chooses it.
    whole = (before + len(frames) + after, *frames.shape[1:])
    noise = np.frombuffer(rng.bytes(math.prod(whole)), np.uint8).reshape(whole)[before : before + len(frames)]
    limit = np.rint(probability * 256).reshape(-1, 1, 1, 1, 1)
    kept: UInt8[np.ndarray, "batch time 2 height width"] = frames * (noise >= limit)
    return kept


def flip_polarity(
    frames: UInt8[np.ndarray, "batch time 2 height width"], chosen: np.ndarray
) -> UInt8[np.ndarray, "batch time 2 height width"]:
    """Frames in which the recordings with `chosen` have their two polarities swapped."""
    return np.where(chosen.reshape(-1, 1, 1, 1, 1), frames[:, :, ::-1], frames)
