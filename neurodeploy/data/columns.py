"""Decoded columns become a stream: checked where the byte of each event is still known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Integer

from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.errors import EventFormatError

Column = Integer[np.ndarray, " n"]
Flags = Bool[np.ndarray, " n"]

_LARGEST_SENSOR = 65536  # x and y of EVENT are 16 bits


def make_stream(
    t: Column,
    x: Column,
    y: Column,
    p: Column | Flags,
    *,
    sensor: tuple[int, int] | None,
    source: Path | str,
    offset: Callable[[int], int],
) -> EventStream:
    """The events of one file as a checked stream.

    Args:
        t: shape (n,), µs.
        x, y: shape (n,), pixels.
        p: shape (n,), 0 or 1; as bool it needs no check.
        sensor: (height, width) in pixels; None takes the smallest that holds all events.
        source: where the columns came from; used in messages only.
        offset: index of an event to its byte in the file; used in messages only.
    Raises:
        EventFormatError: there is no event, or one lies outside the sensor, has another polarity or runs back in time.
    """
    if len(t) == 0:
        raise EventFormatError(path=source, offset=offset(0), reason="no events", hint="Leave empty recordings out.")
    high_x, high_y = int(x.max()), int(y.max())
    sensor = sensor or (high_y + 1, high_x + 1)
    if _is_suspect(t, x, y, p, (high_y, high_x), sensor):
        _refuse_first(t, x, y, p, sensor, source, offset)
    events = np.empty(len(t), EVENT)
    events["t"], events["x"], events["y"], events["p"] = t, x, y, p
    return EventStream(events, sensor, source, checked=True)


def _is_suspect(
    t: Column, x: Column, y: Column, p: Column | Flags, highest: tuple[int, int], sensor: tuple[int, int]
) -> bool:
    """Whether some event is bad; whole-column reductions only, since nearly every file is good."""
    outside = highest[0] >= min(sensor[0], _LARGEST_SENSOR) or highest[1] >= min(sensor[1], _LARGEST_SENSOR)
    signed = "i" in x.dtype.kind + y.dtype.kind + p.dtype.kind
    negative = signed and min(int(x.min()), int(y.min()), int(p.min())) < 0
    grey = p.dtype != np.bool_ and int(p.max()) > 1
    return outside or negative or grey or bool((t[1:] < t[:-1]).any())


def _refuse_first(
    t: Column,
    x: Column,
    y: Column,
    p: Column | Flags,
    sensor: tuple[int, int],
    source: Path | str,
    offset: Callable[[int], int],
) -> None:
    """Raise for the first bad event, with the reason."""
    height, width = (min(side, _LARGEST_SENSOR) for side in sensor)
    backwards = np.concatenate(([False], t[1:] < t[:-1]))
    p = p.astype(np.int64)
    reasons: dict[str, Flags] = {
        f"x outside 0..{width - 1}": (x < 0) | (x >= width),
        f"y outside 0..{height - 1}": (y < 0) | (y >= height),
        "polarity is neither 0 nor 1": (p < 0) | (p > 1),
        "time runs backwards": backwards,
    }
    reason, bad = min(reasons.items(), key=lambda item: _first(item[1]))
    index = _first(bad)
    event = f"t={t[index]} x={x[index]} y={y[index]} p={p[index]}"
    text = f"event {index} of {len(t)}: {reason} ({event})"
    raise EventFormatError(path=source, offset=offset(index), reason=text, hint="Check sensor and format of the file.")


def _first(bad: Flags) -> int:
    return int(np.argmax(bad)) if bad.any() else len(bad)
