"""An event camera in front of still images: draws what differs from recording to recording, and returns the events.

The chain is the one of a real recording: an image on a display, light through a lens that blurs, three saccades, and
pixels that send an event when the logarithm of their light has changed by a threshold. `optics.py` makes the light,
`pixel_array.py` the events of the movement; noise is added here.

Every recording has its own random generator, made from the seed and its number, so its events do not depend on the
recordings made together with it. Same images, numbers, seed and settings: same events, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8
from numpy.typing import NDArray

from neurodeploy.data.camera_config import CameraConfig
from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.optics import log_light
from neurodeploy.data.pixel_array import CELL_BIT, CELL_MASK, RECORDING_BIT, TIME_BIT, TIME_MASK, Pixels, pack, run

VERSION = 1
"""Raise this when the same settings give other events: sets made by the old version are then made anew."""

BLOCK = 64
"""Recordings computed together: about seven times as fast as one by one."""


def record(
    images: UInt8[np.ndarray, "batch rows columns"], numbers: Sequence[int], seed: int, config: CameraConfig
) -> list[EventStream]:
    """The events of one recording per image.

    Args:
        images: grey values, 255 is full ink; one image pixel covers one sensor pixel, middle on middle.
        numbers: number of each recording, >= 0; with `seed` it decides all randomness of the recording.
        seed: >= 0.
        config: the camera.
    """
    config.check()
    streams: list[EventStream] = []
    for start in range(0, len(images), BLOCK):
        streams += _record_block(images[start : start + BLOCK], numbers[start : start + BLOCK], seed, config)
    return streams


def describe(config: CameraConfig, seed: int) -> dict[str, object]:
    """All settings of the camera, ready for JSON: with the images, enough to make the same events again."""
    return {"model": "event camera", "version": VERSION, "seed": seed, **asdict(config)}


def _record_block(
    images: UInt8[np.ndarray, "batch rows columns"], numbers: Sequence[int], seed: int, config: CameraConfig
) -> list[EventStream]:
    draws = [_draw(number, seed, config) for number in numbers]
    shifts = np.array([draw.shift for draw in draws]).reshape(-1, 2)
    pixels = Pixels(*(np.stack([getattr(draw, name) for draw in draws], axis=-1) for name in ("on", "off", "phase")))
    moved = run(log_light(images, shifts, config), pixels, config)
    packed = np.concatenate([_delayed(moved, draws), *(_noise(index, draw) for index, draw in enumerate(draws))])
    packed.sort()
    borders = np.searchsorted(packed, np.arange(1, len(draws), dtype=np.int64) << RECORDING_BIT)
    parts = np.split(packed, borders)
    sources = (f"camera model, seed {seed}, recording {number}" for number in numbers)
    return [_stream(part, config, source) for part, source in zip(parts, sources, strict=True)]


@final
@dataclass(frozen=True, eq=False)
class _Draw:
    """What chance decided for one recording."""

    shift: Float[np.ndarray, " 2"]
    delay_us: int
    duration_us: int
    on: Float32[np.ndarray, "height width"]
    off: Float32[np.ndarray, "height width"]
    phase: Float32[np.ndarray, "height width"]
    noise: Int[np.ndarray, "3 events"]


def _draw(number: int, seed: int, config: CameraConfig) -> _Draw:
    rng = np.random.default_rng([seed, number])
    shape = (config.height, config.width)
    scale = 1 + config.contrast_spread * _bounded_normal(rng)
    duration = config.duration_us + round(config.duration_spread_us * _bounded_normal(rng))
    return _Draw(
        shift=config.shift_px * rng.standard_normal(2),
        delay_us=round(config.delay_us * _bounded_normal(rng)),
        duration_us=max(duration, 1),
        on=_thresholds(config.threshold_on * scale, config, rng),
        off=_thresholds(config.threshold_off * scale, config, rng),
        phase=rng.random(shape, np.float32),
        noise=_draw_noise(max(duration, 1), config, rng),
    )


def _bounded_normal(rng: np.random.Generator) -> float:
    return float(np.clip(rng.standard_normal(), -3, 3))


def _thresholds(middle: float, config: CameraConfig, rng: np.random.Generator) -> Float32[np.ndarray, "height width"]:
    """Thresholds of all pixels; none is below a tenth of the middle, whatever the mismatch."""
    spread = 1 + config.mismatch * rng.standard_normal((config.height, config.width), np.float32)
    thresholds: Float32[np.ndarray, "height width"] = np.maximum(spread, np.float32(0.1)) * np.float32(middle)
    return thresholds


def _draw_noise(duration_us: int, config: CameraConfig, rng: np.random.Generator) -> Int[np.ndarray, "3 events"]:
    """Time (µs), cell and polarity of the events that no light has caused."""
    cells = config.height * config.width
    rates = np.array([config.noise_off_hz, config.noise_on_hz]) * cells * duration_us * 1e-6
    counts = rng.poisson(rates)
    total = int(counts.sum())
    times, places = rng.integers(0, duration_us, total), rng.integers(0, cells, total)
    return np.stack([times, places, np.repeat([0, 1], counts)])


def _noise(index: int, draw: _Draw) -> Int[np.ndarray, " events"]:
    return pack(np.full(draw.noise.shape[1], index), *draw.noise)


def _delayed(packed: Int[np.ndarray, " events"], draws: Sequence[_Draw]) -> Int[np.ndarray, " kept"]:
    """Events moved by the delay of their recording; what falls before 0 or after the end is lost."""
    recording, time = packed >> RECORDING_BIT, packed >> TIME_BIT & TIME_MASK
    delay = np.array([draw.delay_us for draw in draws])[recording]
    end = np.array([draw.duration_us for draw in draws])[recording]
    kept = (time + delay >= 0) & (time + delay < end)
    moved: Int[np.ndarray, " kept"] = (packed + (delay << TIME_BIT))[kept]
    return moved


def _stream(packed: Int[np.ndarray, " events"], config: CameraConfig, source: str) -> EventStream:
    events: NDArray[np.void] = np.empty(len(packed), EVENT)
    cell = packed >> CELL_BIT & CELL_MASK
    events["t"] = packed >> TIME_BIT & TIME_MASK
    events["y"], events["x"] = cell // config.width, cell % config.width
    events["p"] = packed & 1
    return EventStream(events, (config.height, config.width), source)
