"""Events to frames: counts per pixel and polarity in consecutive windows. Pure functions, no randomness.

Frames have the axes (timesteps, 2, height, width): channel 0 counts events of polarity 0 (darker), channel 1 those of
polarity 1 (brighter). Counts are uint8 and stop at 255; a window never wraps around. A recording without events gives
frames of zeros.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int, UInt8

from neurodeploy.data.config import MOST
from neurodeploy.data.events import EventStream
from neurodeploy.errors import ConfigError

VERSION = 1
"""Raise this when the same events give other frames: cached frames of the old version are then not used."""


def to_frames(
    stream: EventStream, timesteps: int, *, window: str = "duration", duration_us: int = 0, high: int = 1
) -> UInt8[np.ndarray, "timesteps 2 height width"]:
    """Frames of one recording under the settings `data.timesteps`, `.window` and `.duration_us` of a run.

    Args:
        high: counts above it are cut to it; `DataConfig.high`.
    """
    if window == "count":
        counts = bin_by_count(stream, timesteps)
    else:
        counts = bin_by_duration(stream, timesteps, duration_us or None)
    return counts if high >= MOST else np.minimum(counts, np.uint8(high))


def bin_by_duration(
    stream: EventStream, timesteps: int, duration_us: int | None = None
) -> UInt8[np.ndarray, "timesteps 2 height width"]:
    """Event counts in `timesteps` windows of equal duration.

    The first window starts at the first event. Window k holds the events with
    floor((t - t_first) * timesteps / duration) = k, so an event on a border belongs to the later window.

    Args:
        stream: n events, t in µs.
        timesteps: number of windows, >= 1.
        duration_us: length of all windows together, in µs, > 0; later events are left out. None: the recording's own
            span, from the first event up to and including the last, so that no event is left out.
    Raises:
        ConfigError: `timesteps` or `duration_us` is below 1.
    """
    _refuse_below_one("data.timesteps", timesteps)
    if duration_us is not None:
        _refuse_below_one("data.duration_us", duration_us)
    if len(stream) == 0:
        return _count(stream, np.zeros(0, np.int64), timesteps)
    time = stream.events["t"] - stream.events["t"][0]
    span = duration_us if duration_us is not None else int(time[-1]) + 1
    return _count(stream, time * timesteps // span, timesteps)


def bin_by_count(stream: EventStream, timesteps: int) -> UInt8[np.ndarray, "timesteps 2 height width"]:
    """Event counts in `timesteps` windows of equally many events.

    Event i of n goes to window floor(i * timesteps / n): sizes differ by at most one event, none is left out. With
    fewer events than windows, some windows are empty.

    Args:
        stream: n events.
        timesteps: number of windows, >= 1.
    Raises:
        ConfigError: `timesteps` is below 1.
    """
    _refuse_below_one("data.timesteps", timesteps)
    window = np.arange(len(stream), dtype=np.int64) * timesteps // max(len(stream), 1)
    return _count(stream, window, timesteps)


def _count(
    stream: EventStream, window: Int[np.ndarray, " events"], timesteps: int
) -> UInt8[np.ndarray, "timesteps 2 height width"]:
    """Events per cell; events whose `window` is `timesteps` or more are left out."""
    events, (height, width) = stream.events, stream.sensor
    cell = (window * 2 + events["p"]) * height + events["y"]
    cell = cell * width + events["x"]
    cells = timesteps * 2 * height * width
    counts = np.bincount(cell[window < timesteps], minlength=cells)
    return np.minimum(counts, MOST).astype(np.uint8).reshape(timesteps, 2, height, width)


def _refuse_below_one(key: str, value: int) -> None:
    if value < 1:
        raise ConfigError(key=key, found=value, allowed="1 or more")
