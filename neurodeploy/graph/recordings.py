"""Frames of many samples, in memory or read from disk as they are needed."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from neurodeploy.graph.numeric import Array


@runtime_checkable
class Recordings(Protocol):
    """What `frames[:, start:end]` and `frames[:, indices]` can be taken from: an array does, a file on disk may."""

    @property
    def shape(self) -> tuple[Any, ...]:
        """(time, samples, *input shape)."""

    def __getitem__(self, key: Any) -> Array:  # Any: numpy's keys; used here with (slice(None), samples)
        """Frames of the chosen samples, (time, chosen, *input shape)."""
