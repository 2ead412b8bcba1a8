"""A context whose energy is measured."""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import final

from neurodeploy.errors import ConfigError
from neurodeploy.measure import nvml, rapl
from neurodeploy.measure.gauge import Gauge, NotRun
from neurodeploy.measure.result import Measurement, Run
from neurodeploy.measure.sampling import Clock, Sampling

INTERVAL_S = 0.1
"""Between two readings. Counters need it only in order not to miss a wrap; sampled power is only as good as this."""


def find_gauges(powercap: Path = rapl.POWERCAP, load: nvml.Load = ctypes.CDLL) -> tuple[list[Gauge], list[NotRun]]:
    """Every meter of this machine that can be read, and why others cannot.

    Args:
        powercap: where Linux has its RAPL zones.
        load: opens the NVML library.
    """
    zones, no_zones = rapl.find_zones(powercap)
    gpus, no_gpus = nvml.find_gpus(load)
    return [*zones, *gpus], [*no_zones, *no_gpus]


@final
class Meter:
    """Measures the energy of what runs inside `with`; each use adds a run to the result.

    Args:
        idle_s: seconds of rest before the first run, whose power is subtracted; 0 subtracts nothing.
        interval_s: seconds between two readings, > 0.
        gauges, not_run: from `find_gauges`; by default those of this machine.
        clock, sleep: in s.
    Raises:
        ConfigError: `idle_s` or `interval_s` is out of range.
    """

    def __init__(
        self,
        *,
        idle_s: int | float = 5.0,
        interval_s: int | float = INTERVAL_S,
        gauges: Sequence[Gauge] | None = None,
        not_run: Sequence[NotRun] = (),
        clock: Clock = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not (math.isfinite(idle_s) and idle_s >= 0):
            raise ConfigError(key="idle_s", found=idle_s, allowed="a finite number of seconds >= 0")
        if not (math.isfinite(interval_s) and interval_s > 0):
            raise ConfigError(key="interval_s", found=interval_s, allowed="a finite number of seconds > 0")
        found, missing = find_gauges() if gauges is None else (list(gauges), list(not_run))
        self._gauges, self._not_run = found, missing
        self._idle_s, self._interval_s, self._clock, self._sleep = float(idle_s), float(interval_s), clock, sleep
        self._idle_w: dict[str, float] | None = None
        self._runs: list[Run] = []
        self._sampling: Sampling | None = None

    def __enter__(self) -> Meter:
        if self._sampling is not None:
            raise ConfigError(key="Meter", found="a run inside a run", allowed="one run after another")
        if self._idle_w is None:
            self._idle_w = self._rest() if self._idle_s and self._gauges else {}
        self._sampling = self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sampling, self._sampling = self._sampling, None
        if sampling is not None:
            self._runs.append(self._end(sampling))

    def result(self) -> Measurement:
        """The runs so far; a meter that was lost in one of them has no number at all."""
        names = {gauge.name for gauge in self._gauges}
        idle = {name: watts for name, watts in (self._idle_w or {}).items() if name in names}
        runs = (Run(run.wall_s, {name: run.joules[name] for name in run.joules if name in names}) for run in self._runs)
        rested = self._idle_s if idle else 0.0
        return Measurement(tuple(self._gauges), tuple(self._not_run), rested, idle, tuple(runs))

    def _rest(self) -> dict[str, float]:
        """Power at rest by meter, in W."""
        sampling = self._begin()
        try:
            self._sleep(self._idle_s)
        finally:
            rest = self._end(sampling)
        return {name: joules / rest.wall_s for name, joules in rest.joules.items()}

    def _begin(self) -> Sampling:
        sampling = Sampling(self._gauges, self._interval_s, self._clock)
        sampling.start()
        return sampling

    def _end(self, sampling: Sampling) -> Run:
        wall, joules = sampling.stop(), sampling.joules()
        self._not_run += sampling.not_run()
        self._gauges = [gauge for gauge in self._gauges if gauge.name in joules]
        return Run(wall, joules)
