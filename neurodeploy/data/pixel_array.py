"""The pixels of an event camera: each sends an event when the logarithm of its light has changed by its threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from neurodeploy.data.camera_config import CameraConfig
from neurodeploy.data.optics import Light

# An event as one whole number, so that sorting numbers sorts by recording, then time, then pixel.
RECORDING_BIT, TIME_BIT, CELL_BIT = 50, 25, 1
TIME_MASK, CELL_MASK = (1 << 25) - 1, (1 << 24) - 1


def pack(
    recording: Int[np.ndarray, " events"],
    time_us: Int[np.ndarray, " events"],
    cell: Int[np.ndarray, " events"],
    polarity: Int[np.ndarray, " events"] | Bool[np.ndarray, " events"],
) -> Int[np.ndarray, " events"]:
    """One number per event: recording, time, cell (y * width + x) and polarity, the most significant first."""
    upper = recording.astype(np.int64) << RECORDING_BIT | time_us.astype(np.int64) << TIME_BIT
    return upper | cell.astype(np.int64) << CELL_BIT | polarity.astype(np.int64)


@final
@dataclass(frozen=True, eq=False)
class Pixels:
    """Thresholds and state of all pixels of several recordings.

    Args:
        on, off: thresholds of each pixel, natural logarithm of light, > 0.
        phase: where in its band each pixel starts, 0 (about to send OFF) .. 1 (about to send ON).
    """

    on: Float32[np.ndarray, "height width batch"]
    off: Float32[np.ndarray, "height width batch"]
    phase: Float32[np.ndarray, "height width batch"]


def run(light: Light, pixels: Pixels, config: CameraConfig) -> Int[np.ndarray, " events"]:
    """The events that movement causes, packed and not sorted.

    In each step of `config.step_us` the light of a pixel is taken to change at a constant rate. An event is sent when
    it has changed by the threshold since the end of the last refractory time; in a refractory time the pixel forgets
    what it sees (its memory follows the light).
    """
    edges = np.append(np.arange(0, config.path.duration_us, config.step_us), config.path.duration_us)
    path = config.path.at(edges)
    array = _Array(light, pixels, config.refractory_us, path[0])
    for start, stop, place in zip(edges[:-1], edges[1:], path[1:], strict=True):
        array.step(int(start), int(stop), place)
    return np.concatenate(array.sent)


@final
@dataclass(frozen=True, eq=False)
class _Line:
    """Log light of every pixel between two moments, changing at a constant rate."""

    start: int
    stop: int
    old: Float32[np.ndarray, " pixels"]
    new: Float32[np.ndarray, " pixels"]

    def level(self, pixel: Int[np.ndarray, " some"], time_us: Float[np.ndarray, " some"]) -> Float[np.ndarray, " some"]:
        """Log light of `pixel` at `time_us`."""
        share = (time_us - self.start) / (self.stop - self.start)
        level: Float[np.ndarray, " some"] = self.old[pixel] + (self.new[pixel] - self.old[pixel]) * share
        return level

    def time(self, pixel: Int[np.ndarray, " some"], level: Float[np.ndarray, " some"]) -> Float[np.ndarray, " some"]:
        """When `pixel` reaches `level`, a value beyond which it ends; µs."""
        rise = self.new[pixel] - self.old[pixel]
        share = (level - self.old[pixel]) / np.where(rise == 0, 1, rise)
        time_us: Float[np.ndarray, " some"] = self.start + np.clip(share, 0, 1) * (self.stop - self.start)
        return time_us


@final
class _Array:
    """What changes while the camera runs; all arrays are flat, over height, width and recording.

    `upper` and `lower` are the levels at which a pixel sends its next ON or OFF event.
    """

    def __init__(self, light: Light, pixels: Pixels, refractory_us: int, place: Float[np.ndarray, " 2"]) -> None:
        self.light, self.refractory_us, self.shape = light, refractory_us, pixels.on.shape
        self.on, self.off = pixels.on.reshape(-1), pixels.off.reshape(-1)
        self.now = self._light(place)
        self.upper = self.now + (self.on + self.off) * (1 - pixels.phase.reshape(-1))
        self.lower = self.upper - (self.on + self.off)
        self.resting, self.until = np.zeros(0, np.int64), np.zeros(0)
        self.sent = [np.zeros(0, np.int64)]

    def step(self, start: int, stop: int, place: Float[np.ndarray, " 2"]) -> None:
        """Move the image to `place` between `start` and `stop` (µs) and collect the events."""
        old, self.now = self.now, self._light(place)
        line = _Line(start, stop, old, self.now)
        self._rest(line, self.resting, self.until)
        pixel = np.flatnonzero((self.now >= self.upper) | (self.now <= self.lower))
        while len(pixel):
            pixel = self._send(line, pixel)

    def _light(self, place: Float[np.ndarray, " 2"]) -> Float32[np.ndarray, " pixels"]:
        out = np.empty(self.shape, np.float32)
        self.light.at(float(place[0]), float(place[1]), out)
        return out.reshape(-1)

    def _send(self, line: _Line, pixel: Int[np.ndarray, " some"]) -> Int[np.ndarray, " again"]:
        """Send one event of each `pixel`; those that are ready for another one before the step ends."""
        rising = self.now[pixel] >= self.upper[pixel]
        time = line.time(pixel, np.where(rising, self.upper[pixel], self.lower[pixel]))
        batch = self.shape[-1]
        self.sent.append(pack(pixel % batch, time.astype(np.int64), pixel // batch, rising))
        resting, until = self.resting, self.until
        awake = self._rest(line, pixel, time + self.refractory_us)
        self.resting, self.until = np.concatenate([resting, self.resting]), np.concatenate([until, self.until])
        again: Int[np.ndarray, " again"] = awake[
            (self.now[awake] >= self.upper[awake]) | (self.now[awake] <= self.lower[awake])
        ]
        return again

    def _rest(
        self, line: _Line, pixel: Int[np.ndarray, " some"], until: Float[np.ndarray, " some"]
    ) -> Int[np.ndarray, " awake"]:
        """Let `pixel` follow the light until its time; those that are awake before the step ends."""
        ends = until <= line.stop
        level = np.where(ends, line.level(pixel, until), self.now[pixel]).astype(np.float32)
        self.upper[pixel], self.lower[pixel] = level + self.on[pixel], level - self.off[pixel]
        self.resting, self.until = pixel[~ends], until[~ends]
        return pixel[ends]
