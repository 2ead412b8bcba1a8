"""What the recordings of a data set are like, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from neurodeploy.data.datasets.dataset import Opened, Recording


def stats(opened: Opened) -> dict[str, object]:
    """Numbers for each split; every recording is read once.

    Returns:
        ready for JSON: classes, sensor (height, width), split, content_key, and for "train" and "test": recordings,
        per_class, events and duration_us (min, median, max; events also total), on_share (share of events of polarity
        1), rate_per_s (median of events per second). What an empty split cannot tell is left out.
    """
    return {
        "classes": list(opened.classes),
        "sensor": list(opened.sensor),
        "split": opened.split,
        "content_key": opened.content_key,
        "train": _split_stats(opened.train, opened.classes),
        "test": _split_stats(opened.test, opened.classes),
    }


def _split_stats(recordings: Sequence[Recording], classes: Sequence[str]) -> dict[str, object]:
    labels = Counter(recording.label for recording in recordings)
    found: dict[str, object] = {
        "recordings": len(recordings),
        "per_class": {name: labels[label] for label, name in enumerate(classes)},
    }
    if recordings:
        found |= _event_stats(recordings)
    return found


def _event_stats(recordings: Sequence[Recording]) -> dict[str, object]:
    rows = np.array([_measure(recording) for recording in recordings], np.int64)
    events, on, duration_us = rows.T
    lasting = duration_us > 0
    found: dict[str, object] = {
        "events": {**_spread(events), "total": int(events.sum())},
        "duration_us": _spread(duration_us),
    }
    if events.any():
        found["on_share"] = float(on.sum() / events.sum())
    if lasting.any():
        found["rate_per_s"] = float(np.median(events[lasting] / duration_us[lasting] * 1e6))
    return found


def _measure(recording: Recording) -> tuple[int, int, int]:
    """Events, events of polarity 1, time from first to last in µs."""
    events = recording.load().events
    span_us = int(events["t"][-1] - events["t"][0]) if len(events) else 0
    return len(events), int(events["p"].sum()), span_us


def _spread(values: Int64[np.ndarray, " n"]) -> dict[str, int | float]:
    return {"min": int(values.min()), "median": float(np.median(values)), "max": int(values.max())}
