"""Events of an event camera: one record each, checked once when a stream is made."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import final

import numpy as np
from jaxtyping import Bool, Shaped

from neurodeploy.errors import DataError

EVENT = np.dtype([("t", "<i8"), ("x", "<u2"), ("y", "<u2"), ("p", "u1")])
"""t in µs from the start of the file's clock, x and y in pixels, p 0 (darker) or 1 (brighter)."""


@final
@dataclass(frozen=True, eq=False)
class EventStream:
    """The events of one recording, in time order.

    Args:
        events: shape (n,), dtype EVENT; t never decreases, x < width, y < height, p is 0 or 1.
        sensor: (height, width) in pixels.
        source: where the events came from; used in messages only.
        checked: True says that all of this was just checked on the columns (`columns.make_stream`), where it is faster
            and the byte offset is known.
    Raises:
        DataError: one of the above does not hold; the message names the first bad event.
    """

    events: Shaped[np.ndarray, "..."]
    sensor: tuple[int, int]
    source: Path | str = "events"
    checked: InitVar[bool] = False

    def __post_init__(self, checked: bool) -> None:
        if checked:
            return
        if self.events.dtype != EVENT or self.events.ndim != 1:
            found = f"dtype {self.events.dtype}, shape {self.events.shape}"
            raise DataError(source=self.source, reason=f"events have {found}, wanted 1-D {EVENT}")
        height, width = self.sensor
        self._refuse(self.events["x"] >= width, f"x outside 0..{width - 1}")
        self._refuse(self.events["y"] >= height, f"y outside 0..{height - 1}")
        self._refuse(self.events["p"] > 1, "polarity is neither 0 nor 1")
        self._refuse(np.diff(self.events["t"], prepend=self.events["t"][:1]) < 0, "time runs backwards")

    def _refuse(self, bad: Bool[np.ndarray, " n"], reason: str) -> None:
        if bad.any():
            first = int(np.argmax(bad))
            text = f"event {first} of {len(bad)}: {reason} (event is {self.events[first]})"
            raise DataError(source=self.source, reason=text, hint="Check that the file belongs to this sensor.")

    def __len__(self) -> int:
        return len(self.events)
