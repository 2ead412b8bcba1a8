"""Convolutions: borders, steps, spread, channels."""

from typing import Any

import numpy as np

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases.build import conv, cuba, graph
from neurodeploy.conformance.cases.loops import convolved, pattern

ROW = np.array([[[[2, 4, 6]]]])  # one channel, kernel 1 x 3
CORNER = [[[[1, 0, 0, 0, 0]]]]


def looped(name: str, maps: tuple[int, int, int], kernel: tuple[int, int, int, int], **geometry: Any) -> Case:
    """A convolution whose sums plain loops work out, on two frames, the second with every input active.

    `geometry` is stride, padding, dilation, groups (pairs and a number, hence Any).
    """
    weight = pattern(*kernel, low=-128, high=127, step=2)
    frames = [pattern(*maps), pattern(*maps, low=1)]
    sums = [convolved(frame, weight, **geometry) for frame in frames]
    network = graph(maps, conv("conv1", "input", weight, **geometry), cuba("cuba1", "conv1", threshold=131071))
    totals = [64 * (one + two) for one, two in zip(*sums, strict=True)]
    return Case(name, network, frames, {"cuba1.voltage": [[64 * value for value in sums[0]], totals]})


CASES = [
    Case(
        "a kernel is not flipped and its border sees zeros",
        graph((1, 1, 5), conv("conv1", "input", ROW, padding=(0, 1)), cuba("cuba1", "conv1")),
        CORNER,
        {"cuba1.voltage": [[64 * 4, 64 * 2, 0, 0, 0]]},
    ),
    Case(
        "stride beyond the kernel skips pixels",
        graph((1, 1, 5), conv("conv1", "input", ROW[..., :1], stride=(1, 3)), cuba("cuba1", "conv1")),
        [[[[1, 1, 1, 1, 1]]]],
        {"cuba1.voltage": [[128, 128]]},
    ),
    Case(
        "dilation spreads the taps",
        graph((1, 1, 5), conv("conv1", "input", ROW, dilation=(1, 2)), cuba("cuba1", "conv1")),
        [[[[1, 1, 0, 0, 1]]]],
        {"cuba1.voltage": [[64 * 8]]},
    ),
    Case(
        "groups keep channels apart",
        graph((2, 1, 1), conv("conv1", "input", [[[[2]]], [[[4]]]], groups=2), cuba("cuba1", "conv1")),
        [[[[1]], [[0]]], [[[1]], [[1]]]],
        {"cuba1.voltage": [[128, 0], [256, 256]]},
    ),
    Case(
        "rows and columns are not exchanged",
        graph((1, 2, 3), conv("conv1", "input", [[[[2], [-4]]]], stride=(1, 2)), cuba("cuba1", "conv1")),
        [[[[1, 1, 0], [0, 1, 1]]]],
        {"cuba1.voltage": [[64 * 2, 64 * -4]]},
    ),
    Case(
        "all pixels active show how many a kernel meets",
        graph((1, 3, 3), conv("conv1", "input", np.full((1, 1, 3, 3), 2), padding=(1, 1)), cuba("cuba1", "conv1")),
        [np.ones((1, 3, 3), int).tolist()],
        {"cuba1.voltage": [[128 * n for n in (4, 6, 4, 6, 9, 6, 4, 6, 4)]]},
    ),
    Case(
        "padding beyond the kernel gives neurons that hear nothing",
        graph((1, 1, 1), conv("conv1", "input", [[[[6]]]], padding=(0, 2)), cuba("cuba1", "conv1")),
        [[[[1]]]],
        {"cuba1.voltage": [[0, 0, 64 * 6, 0, 0]]},
    ),
    Case(
        "a bias of a convolution reaches the border too",
        graph((1, 1, 2), conv("conv1", "input", ROW, bias=np.array([10]), padding=(0, 2)), cuba("cuba1", "conv1")),
        [[[[1, 0]]], [[[0, 0]]]],
        {"cuba1.voltage": [[64 * n for n in (16, 14, 12, 10)], [64 * n for n in (26, 24, 22, 20)]]},
    ),
    Case(
        "a bias of a map's neurons belongs to the channel",
        graph(
            (1, 1, 2),
            conv("conv1", "input", [[[[2]]], [[[-2]]]]),
            cuba("cuba1", "conv1", bias=np.array([5, -9])),
        ),
        [[[[1, 0]]]],
        {"cuba1.voltage": [[64 * 7, 64 * 5, 64 * -11, 64 * -9]]},
    ),
    Case(
        "odd negative weights of a convolution are kept",
        graph((1, 1, 3), conv("conv1", "input", [[[[-1, 3]]], [[[127, -127]]]]), cuba("cuba1", "conv1")),
        [[[[1, 0, 1]]]],
        {"cuba1.voltage": [[-64, 64 * 3, 64 * 127, 64 * -127]]},
    ),
    looped("a map of prime sides with everything at once", (2, 7, 11), (3, 2, 3, 5), stride=(2, 3), padding=(1, 2)),
    looped("prime sides, dilated", (1, 11, 13), (2, 1, 3, 2), dilation=(3, 5), padding=(2, 0)),
    looped("groups of several channels", (6, 5, 3), (4, 3, 2, 2), groups=2, padding=(0, 1)),
    looped("a kernel as large as the map", (3, 5, 7), (5, 3, 5, 7)),
    looped("stride beyond the kernel in a prime map", (2, 13, 7), (2, 2, 2, 1), stride=(5, 3), padding=(1, 1)),
]
