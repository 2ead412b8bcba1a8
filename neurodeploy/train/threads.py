"""Compiled loops of the training, in as many threads as torch has."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import torch
from numba import njit


def compiled(function: Callable[..., None]) -> Callable[..., None]:
    """`function` compiled at its first call, for good where numba finds a folder to keep it in.

    Divisions by zero give infinities as in numpy: looking for them would keep loops from becoming vectors.
    """
    try:
        kept: Callable[..., None] = njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # neither beside this file nor in the home folder: compiled anew by every process
        kept = njit(nogil=True, error_model="numpy")(function)
    return kept


def spread(kernel: Callable[..., None], count: int, *rest: Any) -> None:  # Any: each kernel takes its own
    """Run `kernel(begin, end, *rest)` on parts of range(count).

    The threads are Python's: numba's own would set the number of OpenMP threads of the whole process, torch's included.
    """
    threads = torch.get_num_threads()
    bounds = np.linspace(0, count, min(count, threads) + 1).round().astype(int)
    if len(bounds) <= 2:
        kernel(0, count, *rest)
        return
    pool = _pool(threads)
    for done in [pool.submit(kernel, int(a), int(b), *rest) for a, b in itertools.pairwise(bounds)]:
        done.result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "neurons")
