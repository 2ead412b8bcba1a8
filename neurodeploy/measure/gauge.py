"""What a meter offers, whatever it reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class NotRun:
    """A meter that gave no number, and why.

    Args:
        hint: what would make it readable; may be empty.
    """

    name: str
    reason: str
    hint: str = ""


class Gauge(ABC):
    """One meter: started, sampled now and then, and then asked for its energy."""

    name: str
    boundary: str
    method: str

    @abstractmethod
    def start(self, now: float) -> None:
        """Begin at 0 J.

        Args:
            now: time in s, of any clock that never goes back.
        Raises:
            OSError: it cannot be read; the message says why.
        """

    @abstractmethod
    def sample(self, now: float) -> None:
        """Take notice of the energy used until `now`; often enough that no wrap of a counter is missed.

        Raises:
            OSError: it cannot be read any more.
        """

    @property
    @abstractmethod
    def joules(self) -> float:
        """Energy from the start to the last sample, in J."""
