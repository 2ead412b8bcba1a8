"""What becomes of the memory that a training step frees: kept for the next step, or given back at once.

The GNU C library gives blocks of 128 KB and more, that is every layer's states, back to the system when they are freed.
Each step then touches new pages, which the system has to clear and map: 37 % of a training step of a small
convolutional network (`tests/benchmarks/bench_training_step.py`, case `conv`, before its other parts became faster).
What is kept is at most the peak of a step. Where memory is what counts (`online`), nothing is kept: the library would
otherwise begin to keep blocks as large as those that it has seen freed, and holes between them.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

BLOCK = 128 * 1024
"""The library's own limit, before it adapts it."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
"""From malloc.h of the GNU C library."""

_KEEP = (("MALLOC_TRIM_THRESHOLD_", M_TRIM_THRESHOLD, 2**31 - 1), ("MALLOC_MMAP_MAX_", M_MMAP_MAX, 0))
_RETURN = (
    ("MALLOC_TRIM_THRESHOLD_", M_TRIM_THRESHOLD, BLOCK),
    ("MALLOC_MMAP_THRESHOLD_", M_MMAP_THRESHOLD, BLOCK),
    ("MALLOC_MMAP_MAX_", M_MMAP_MAX, 65536),
)


@cache
def _mallopt() -> ctypes._NamedFuncPointer | None:
    """The C library's, or None where it has none."""
    if not sys.platform.startswith("linux"):
        return None
    found: ctypes._NamedFuncPointer | None = getattr(ctypes.CDLL(None), "mallopt", None)
    return found


def keep_freed_memory(wanted: bool) -> bool:
    """Ask the C library to keep freed memory, or to give it back; whether it took note.

    Settings in the environment go first.
    """
    mallopt = _mallopt()
    if mallopt is None:
        return False
    return all([name in os.environ or mallopt(key, value) == 1 for name, key, value in (_KEEP if wanted else _RETURN)])
