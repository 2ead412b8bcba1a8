"""Every case, one file per node kind, and one each for what happens between nodes and between timesteps."""

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases import (
    add,
    conv2d,
    cuba,
    dense,
    flatten,
    input,
    limits,
    readout,
    recurrence,
    schedules,
    sum_pool2d,
)

FILES = (input, dense, conv2d, sum_pool2d, flatten, add, cuba, limits, readout, schedules, recurrence)

CASES: tuple[Case, ...] = tuple(case for file in FILES for case in file.CASES)

__all__ = ["CASES", "Case"]
