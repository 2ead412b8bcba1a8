"""Convolutions at their borders, pooling, flattening, readout."""

import numpy as np
from case import Case

from neurodeploy.graph import Graph, Node, Ref
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, SumPool2d


def graph(shape: tuple[int, ...], *nodes: Node) -> Graph:
    return Graph((Input("input", (), shape), *nodes))


def cuba(name: str, *sources: str, threshold: int = 1000) -> Cuba:
    return Cuba(name, tuple(Ref(source) for source in sources), 4096, 0, threshold)


ROW = np.array([[[[2, 4, 6]]]])  # one channel, kernel 1 x 3
CORNER = [[[[1, 0, 0, 0, 0]]]]

CASES = [
    Case(
        "a kernel is not flipped and its border sees zeros",
        graph((1, 1, 5), Conv2d("conv1", (Ref("input"),), ROW, padding=(0, 1)), cuba("cuba1", "conv1")),
        CORNER,
        {"cuba1.voltage": [[64 * 4, 64 * 2, 0, 0, 0]]},
    ),
    Case(
        "stride beyond the kernel skips pixels",
        graph((1, 1, 5), Conv2d("conv1", (Ref("input"),), ROW[..., :1], stride=(1, 3)), cuba("cuba1", "conv1")),
        [[[[1, 1, 1, 1, 1]]]],
        {"cuba1.voltage": [[128, 128]]},
    ),
    Case(
        "dilation spreads the taps",
        graph((1, 1, 5), Conv2d("conv1", (Ref("input"),), ROW, dilation=(1, 2)), cuba("cuba1", "conv1")),
        [[[[1, 1, 0, 0, 1]]]],
        {"cuba1.voltage": [[64 * 8]]},
    ),
    Case(
        "groups keep channels apart",
        graph(
            (2, 1, 1),
            Conv2d("conv1", (Ref("input"),), np.array([2, 4]).reshape(2, 1, 1, 1), groups=2),
            cuba("cuba1", "conv1"),
        ),
        [[[[1]], [[0]]], [[[1]], [[1]]]],
        {"cuba1.voltage": [[128, 0], [256, 256]]},
    ),
    Case(
        "flatten runs over channel, height, width",
        graph(
            (2, 2, 2),
            Conv2d("conv1", (Ref("input"),), np.array([[2, 0], [0, 2]]).reshape(2, 2, 1, 1)),
            cuba("cuba1", "conv1", threshold=1),
            Flatten("flat", (Ref("cuba1"),)),
            Dense("fc", (Ref("flat"),), np.array([[2, 4, 6, 8, 10, 12, 14, -16]])),
            cuba("cuba2", "fc"),
        ),
        [[[[0, 1], [0, 0]], [[0, 0], [1, 0]]]],
        {"cuba2.voltage": [[64 * (4 + 14)]]},
    ),
    Case(
        "a readout accumulates and is never reset",
        graph((2,), Dense("fc", (Ref("input"),), np.array([[100, -100], [-2, 2]])), Readout("out", (Ref("fc"),))),
        [[1, 0], [1, 0], [0, 1]],
        {"out": [[6400, -128], [12800, -256], [6400, -128]]},
    ),
    Case(
        "a sum over windows carries more than one spike",
        graph(
            (1, 2, 2),
            SumPool2d("pool", (Ref("input"),), (2, 2), (2, 2)),
            Flatten("flat", (Ref("pool"),)),
            Dense("fc", (Ref("flat"),), np.array([[10], [-2]])),
            cuba("cuba1", "fc"),
        ),
        [[[[1, 1], [0, 1]]]],
        {"cuba1.voltage": [[64 * 30, -64 * 6]]},
    ),
    Case(
        "a skip connection adds two layers' spikes",
        graph(
            (1,),
            Dense("fc1", (Ref("input"),), np.array([[4]])),
            cuba("cuba1", "fc1", threshold=1),
            Add("sum", (Ref("input"), Ref("cuba1"))),
            Dense("fc2", (Ref("sum"),), np.array([[6]])),
            cuba("cuba2", "fc2"),
        ),
        [[1], [0]],
        {"cuba2.voltage": [[64 * 12], [64 * 12]]},
    ),
    Case(
        "a recurrent spike arrives one step later",
        graph(
            (1,),
            Dense("fc1", (Ref("input"),), np.array([[100]])),
            Dense("back", (Ref("cuba1", 1),), np.array([[40]])),
            cuba("cuba1", "fc1", "back", threshold=80),
        ),
        [[1], [0], [0]],
        {"cuba1": [[1], [0], [0]], "cuba1.voltage": [[0], [64 * 40], [64 * 40]]},
    ),
    Case(
        "a delayed edge waits",
        graph((1,), Dense("fc1", (Ref("input", 2),), np.array([[10]])), cuba("cuba1", "fc1")),
        [[1], [0], [1], [0]],
        {"cuba1.voltage": [[0], [0], [640], [640]]},
    ),
]
