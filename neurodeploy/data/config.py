"""Which recordings to use and how they become frames."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, final

from neurodeploy.data.condensed_facts import complete
from neurodeploy.errors import ConfigError

MOST = 255
"""Events that a cell of a frame can count."""


@final
@dataclass(frozen=True)
class DataConfig:
    """Settings of the section `data`.

    Args:
        dataset: name of the data set, `neurodeploy data list` shows them; or the folder of a condensed one.
        path: file or folder of the data set; empty for embedded ones.
        height, width: pixels of the sensor, for files that do not say; 0 keeps what the data set knows.
        timesteps: windows that each recording is cut into, 1..1024.
        skip: windows left out at the beginning; only the others are shown to the network.
        take: windows shown after those; 0 shows all the rest.
        window: "duration" for windows equally long, "count" for windows of equally many events.
        duration_us: all windows together, in µs; 0 is the recording's own span. Only for window = "duration".
        binary: 1 for any number of events in a cell; otherwise counts.
        max_count: counts above it are cut to it, 1..255; small ones keep the sums of wide layers within 24 bits.
        validation: share of the training split kept for validation, 0 <= share < 1.
        limit: use only so many training recordings, the same number of each class as far as possible; 0 uses all.
        cache: folder for computed frames; empty is $XDG_CACHE_HOME/neurodeploy or ~/.cache/neurodeploy.
    """

    dataset: str = "digits-dvs"
    path: str = ""
    height: int = 0
    width: int = 0
    timesteps: int = 8
    skip: int = 0
    take: int = 0
    window: Literal["duration", "count"] = "duration"
    duration_us: int = 0
    binary: bool = True
    max_count: int = MOST
    validation: float = 0.1
    limit: int = 0
    cache: str = ""

    @classmethod
    def complete(cls, tree: Mapping[str, Any]) -> Mapping[str, Any]:
        """`tree` with what a condensed data set decides, where it names one; see `condensed_facts.complete`."""
        return complete(tree)

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        _within("data.dataset", self.dataset, bool(self.dataset), "the name of a data set")
        _within("data.timesteps", self.timesteps, 1 <= self.timesteps <= 1024, "1..1024")
        _within("data.skip", self.skip, 0 <= self.skip < self.timesteps, f"0..{self.timesteps - 1} of the windows")
        rest = self.timesteps - self.skip
        _within("data.take", self.take, 0 <= self.take <= rest, f"0 (all)..{rest}: what data.skip leaves")
        _within("data.window", self.window, self.window in ("duration", "count"), "duration or count")
        _within("data.duration_us", self.duration_us, self.duration_us >= 0, "0 (own span) or more, in µs")
        together = self.window == "duration" or self.duration_us == 0
        _within("data.duration_us", self.duration_us, together, "0 when data.window is count")
        _within("data.max_count", self.max_count, 1 <= self.max_count <= MOST, f"1..{MOST}")
        _within("data.validation", self.validation, 0 <= self.validation < 1, "0 <= share < 1")
        _within("data.limit", self.limit, self.limit >= 0, "0 (all) or more")
        sides = (self.height == 0 and self.width == 0) or (self.height > 0 and self.width > 0)
        _within("data.height, data.width", (self.height, self.width), sides, "both 0 or both at least 1, in pixels")

    @property
    def high(self) -> int:
        """Largest value of a cell."""
        return 1 if self.binary else self.max_count

    @property
    def steps(self) -> int:
        """Timesteps of the network (T): windows of a recording that are shown to it."""
        return self.take or self.timesteps - self.skip

    @property
    def kept(self) -> slice:
        """Which windows those are."""
        return slice(self.skip, self.skip + self.steps)

    @property
    def sensor(self) -> tuple[int, int] | None:
        """(height, width) given by the user, None when the data set decides."""
        return (self.height, self.width) if self.height else None

    @property
    def cache_folder(self) -> Path:
        """Where computed frames are kept."""
        if self.cache:
            return Path(self.cache).expanduser()
        base = os.environ.get("XDG_CACHE_HOME")
        return (Path(base) if base else Path.home() / ".cache") / "neurodeploy"


def _within(key: str, found: object, fits: bool, allowed: str) -> None:
    if not fits:
        raise ConfigError(key=key, found=found, allowed=allowed)
