"""Sums over windows."""

from typing import Any

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases.build import cuba, dense, graph
from neurodeploy.conformance.cases.loops import pattern, pooled
from neurodeploy.graph import Ref
from neurodeploy.graph.nodes import Flatten, SumPool2d


def pool(kernel: tuple[int, int], stride: tuple[int, int]) -> SumPool2d:
    return SumPool2d("pool", (Ref("input"),), kernel, stride)


def looped(name: str, maps: tuple[int, int, int], kernel: tuple[int, int], stride: tuple[int, int]) -> Case:
    """Sums that plain loops work out."""
    frames: list[Any] = [pattern(*maps), pattern(*maps, low=1)]
    sums = [pooled(frame, kernel, stride) for frame in frames]
    totals = [64 * (one + two) for one, two in zip(*sums, strict=True)]
    network = graph(maps, pool(kernel, stride), cuba("cuba1", "pool"))
    return Case(name, network, frames, {"cuba1.voltage": [[64 * value for value in sums[0]], totals]})


CASES = [
    Case(
        "a sum over windows carries more than one spike",
        graph(
            (1, 2, 2),
            pool((2, 2), (2, 2)),
            Flatten("flat", (Ref("pool"),)),
            dense("fc", "flat", [[10], [-2]]),
            cuba("cuba1", "fc"),
        ),
        [[[[1, 1], [0, 1]]]],
        {"cuba1.voltage": [[64 * 30, -64 * 6]]},
    ),
    Case(
        "windows that overlap count a spike twice",
        graph((1, 1, 3), pool((1, 2), (1, 1)), cuba("cuba1", "pool")),
        [[[[0, 1, 1]]]],
        {"cuba1.voltage": [[64, 128]]},
    ),
    Case(
        "a window that does not fit is left out",
        graph((1, 1, 5), pool((1, 2), (1, 2)), cuba("cuba1", "pool")),
        [[[[1, 0, 1, 1, 1]]]],
        {"cuba1.voltage": [[64, 128]]},
    ),
    Case(
        "windows further apart than their size skip pixels",
        graph((1, 5, 1), pool((1, 1), (3, 1)), cuba("cuba1", "pool")),
        [[[[0], [1], [1], [1], [1]]]],
        {"cuba1.voltage": [[0, 64]]},
    ),
    looped("windows over a map of prime sides", (3, 7, 11), (3, 2), (2, 3)),
]
