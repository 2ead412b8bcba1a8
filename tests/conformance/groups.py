"""Which runtimes are asked together, and with how many random networks."""

from dataclasses import dataclass

import pytest

from neurodeploy.targets import find, names

NETWORKS, NETWORKS_LAVA, NETWORKS_BOARD = 160, 10, 2
"""By the command; hypothesis draws 40 more for each target, which makes 200."""

SLOW = ("lava-cpu", "qemu-")
"""Runtimes that take about a second for each network."""

ON_BOARDS = (
    "a voltage exactly at threshold stays silent",
    "a negative voltage decays towards zero, not down",
    "a current wraps at 24 bits",
    "a voltage saturates at 24 bits",
    "a map of prime sides with everything at once",
    "a spike comes back to an earlier layer",
)
"""Cases that every emulated processor runs; all of them run where the same code is compiled for this computer."""


@dataclass(frozen=True)
class Group:
    """Runtimes of a target that are asked together.

    Args:
        cases: all for none.
        networks: random ones.
        jobs: at a time.
    """

    target: str
    runtimes: tuple[str, ...]
    networks: int
    jobs: int = 2
    cases: tuple[str, ...] = ()


def is_slow(runtime: str) -> bool:
    """Whether a network takes about a second."""
    return runtime.startswith(SLOW)


def groups() -> list[object]:
    """All fast runtimes of a target together, each slow one alone; as parameters for pytest."""
    found = []
    for target in names():
        runtimes = [runtime.name for runtime in find(target).runtimes]
        fast = tuple(name for name in runtimes if not is_slow(name))
        each = [Group(target, fast, NETWORKS, jobs=2 if "gcc" in fast else 1)] if fast else []
        each += [Group(target, (name,), NETWORKS_LAVA) for name in runtimes if name == "lava-cpu"]
        each += [Group(target, (name,), NETWORKS_BOARD, 2, ON_BOARDS) for name in runtimes if "qemu" in name]
        for group in each:
            marks = [pytest.mark.lava] if "lava-cpu" in group.runtimes else []
            marks += [pytest.mark.slow] if group.jobs > 1 else []
            found.append(pytest.param(group, id=f"{target}-{group.runtimes[0]}", marks=marks))
    return found
