"""Gauges read together over a span of time, in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import final

from neurodeploy.measure.gauge import Gauge, NotRun

Clock = Callable[[], float]


@final
class Sampling:
    """One span: started, sampled at intervals by a thread of its own, stopped.

    A gauge that fails on the way is lost for the span: what it had counted until then is no measurement of it.
    """

    def __init__(self, gauges: Sequence[Gauge], interval_s: float, clock: Clock) -> None:
        self._gauges, self._interval, self._clock = list(gauges), interval_s, clock
        self._thread = threading.Thread(target=self._run, name="energy meters", daemon=True)
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._begin = self._end = 0.0
        self.lost: dict[str, str] = {}

    def start(self) -> None:
        """Set every gauge to 0."""
        self._begin = self._clock()
        for gauge in self._gauges:
            self._try(gauge, gauge.start)
        self._thread.start()

    def sample(self) -> None:
        """Read every gauge once."""
        with self._lock:
            for gauge in self._gauges:
                if gauge.name not in self.lost:
                    self._try(gauge, gauge.sample)

    def stop(self) -> float:
        """Read every gauge for the last time; gives the seconds since the start."""
        self._end = self._clock()
        self._stop.set()
        self._thread.join()
        self.sample()
        return self._end - self._begin

    def joules(self) -> dict[str, float]:
        """Energy by gauge; those that were lost, or whose counter never moved, are in `lost` instead."""
        for gauge in self._gauges:
            if gauge.name not in self.lost and gauge.joules == 0:
                self.lost[gauge.name] = f"its reading did not move in {self._end - self._begin:.3g} s"
        return {gauge.name: gauge.joules for gauge in self._gauges if gauge.name not in self.lost}

    def not_run(self) -> list[NotRun]:
        """The gauges that were lost."""
        return [NotRun(name, reason) for name, reason in self.lost.items()]

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self.sample()

    def _try(self, gauge: Gauge, read: Callable[[float], None]) -> None:
        try:
            read(self._clock())
        except OSError as error:
            self.lost[gauge.name] = f"lost while measuring: {error}"
