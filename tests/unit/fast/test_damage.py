"""Kernels that are a little wrong are noticed by the conformance cases.

The kernels' own source runs as plain Python here, changed in one place: that takes no compiling, and the same source
unchanged must equal the reference.
"""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from neurodeploy.conformance.cases import CASES
from neurodeploy.errors import MismatchError
from neurodeploy.fast import Simulator, kernels, run
from neurodeploy.graph import simulate as reference
from neurodeploy.verify.compare import compare

SMALL = [case for case in CASES if case.frames.size <= 30]
"""Plain Python takes its time; the longer cases are of wraps and clips."""
LIMITS = ("wraps at 24 bits", "saturates at 24 bits", "exactly 2**23", "clipped")
LONG = [case for case in CASES if any(words in case.name for words in LIMITS)]

DAMAGE = {
    "a threshold that counts as exceeded": ("level > threshold", "level >= threshold"),
    "decays rounded down": ("* keep) + up)", "* keep) + NONE)"),
    "a decay of the current left out": ("flow + _kept(current[own, target + k], keep_current)", "flow + current[own, target + k]"),
    "no bias": ("flow + bias[target + k]", "flow + NONE"),
    "a surplus kept": ("NONE if to_zero else", "level if to_zero else"),
    "a surplus dropped": ("np.int32(level - threshold)", "NONE"),
    "a state kept from the sample before": ("if time == ZERO:", "if False:"),
    "counts taken for spikes": ("amount * weight[source + k]", "weight[source + k]"),
    "values a timestep too early": ("values, sample, time - late", "values, sample, time"),
    "weights of the next sum": ("weight[source + k]", "weight[source + (k + ONE) % size]"),
    "the second of two spikes lost": (" + weight[source + away + k]", ""),
    "a row of taps left out": ("for row in range(rows):\n        for column", "for row in range(rows - ONE):\n        for column"),
    "the first amount overlooked": ("for event in range(count):", "for event in range(1, count):"),
    "the last spike overlooked": ("while event < count:", "while event + ONE < count:"),
}  # fmt: skip
DAMAGE_AT_LIMITS = {
    "currents that do not wrap": ("& STATE_MASK", "& np.int32(-1)"),
    "currents that wrap one step early": ("flow + STATE_HIGH)", "flow + STATE_HIGH + np.int32(1))"),
    "voltages that are not clipped": ("min(max(level, np.int32(-STATE_HIGH)), STATE_HIGH)", "level"),
    "voltages clipped one step further": ("np.int32(-STATE_HIGH)), STATE_HIGH)", "np.int32(-STATE_HIGH)), STATE_HIGH + 1)"),
}  # fmt: skip


def plain(old: str = "", new: str = "") -> ModuleType:
    """The kernels as Python functions, with `new` for `old`."""
    source = Path(kernels.__file__).read_text()
    assert old in source
    source = source.replace("from numba import njit", "").replace('@njit(inline="always")', "").replace("@compiled", "")
    module = ModuleType("plain")
    changed = source.replace(old, new) if old else source
    exec(compile(changed, "plain kernels", "exec"), module.__dict__)
    return module


def differs(cases: list[Any]) -> bool:
    """Whether the simulator, with the kernels it has now, differs from the reference on any case."""
    for case in cases:
        expected = reference(case.integer, case.frames)
        try:
            compare(expected, Simulator(case.integer, 1).trace(case.frames), expected.values)
        except MismatchError:
            return True
    return False


def test_the_undamaged_source_is_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "kernels", plain())
    assert not differs(SMALL)


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_kernel_is_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "kernels", plain(*DAMAGE[what]))
    with np.errstate(over="ignore"):
        assert differs(SMALL)


@pytest.mark.parametrize("what", DAMAGE_AT_LIMITS)
def test_a_kernel_that_is_wrong_at_its_limits_is_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "kernels", plain(*DAMAGE_AT_LIMITS[what]))
    with np.errstate(over="ignore"):
        assert differs(LONG)
