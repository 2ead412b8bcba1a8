"""Kernels are compiled once per machine where that is possible."""

from collections.abc import Callable
from typing import Any

import numba
import pytest

from neurodeploy.fast import kernels


def double(value: int) -> int:
    return 2 * value


def test_without_a_folder_for_compiled_code_kernels_are_compiled_for_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def no_folder(cache: bool = False, **options: Any) -> Callable[..., Any]:
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function 'double': no locator available")
        return numba.njit(**options)

    monkeypatch.setattr(kernels, "njit", no_folder)
    assert kernels.compiled(double)(21) == 42
    assert asked == [True, False]


def test_kernels_are_kept_on_disk() -> None:
    assert all(kernel._cache._cache_path for kernel in (kernels.layer, kernels.synapses, kernels.neurons))
