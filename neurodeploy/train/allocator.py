"""Memory that a training step frees stays with the process, so that the next step finds it without asking the system.

The GNU C library gives blocks of 128 KB and more, that is every layer's states, back to the system when they are
freed. Each step then touches new pages, which the system has to clear and map: 37 % of a training step of a small
convolutional network (`tests/benchmarks/bench_training_step.py`, case `conv`, before its other parts became faster).
What is kept is at most the peak of a step.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""From malloc.h of the GNU C library."""

_HELD_BACK = (("MALLOC_TRIM_THRESHOLD_", M_TRIM_THRESHOLD, 2**31 - 1), ("MALLOC_MMAP_MAX_", M_MMAP_MAX, 0))


@cache
def keep_freed_memory() -> bool:
    """Ask the C library not to give freed memory back; whether it took note. Settings in the environment go first."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is None:
        return False
    return all([name in os.environ or mallopt(option, value) == 1 for name, option, value in _HELD_BACK])
