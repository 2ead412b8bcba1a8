"""The answer of a network that does not spike at its end."""

import numpy as np

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases.build import cuba, dense, graph
from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.nodes import Readout

TOP = 2**23
OUT = Readout("out", (Ref("fc"),))


def answer(weight: list[list[int]], bias: list[int] | None = None) -> Graph:
    return graph((len(weight[0]),), dense("fc", "input", weight, bias=bias), OUT)


CASES = [
    Case(
        "a readout accumulates and is never reset",
        answer(np.array([[100, -100], [-2, 2]]).tolist()),
        [[1, 0], [1, 0], [0, 1]],
        {"out": [[6400, -128], [12800, -256], [6400, -128]]},
    ),
    Case("a readout of one class", answer([[5]]), [[1], [0], [1]], {"out": [[320], [320], [640]]}),
    Case(
        "a readout counts the spikes of a neuron",
        graph((1,), dense("fc1", "input", [[100]]), cuba("c", "fc1", threshold=80), dense("fc", "c", [[6], [-8]]), OUT),
        [[1], [0], [1]],
        {"c": [[1], [0], [1]], "out": [[384, -512], [384, -512], [768, -1024]]},
    ),
    Case(
        "a bias reaches a readout at every step",
        answer([[4], [2]], bias=[3, -5]),
        [[1], [0], [0]],
        {"out": [[64 * 7, 64 * -3], [64 * 10, 64 * -8], [64 * 13, 64 * -13]]},
    ),
    Case(
        "a readout wraps at 24 bits",
        # 394 times 254 less 76 is 100,000; 64 times that is 6,400,000
        answer([[254] * 394 + [-76]]),
        [[1] * 395] * 3,
        {"out": [[6400000], [12800000 - 2**24], [19200000 - 2**24]]},
    ),
    Case(
        "a readout of exactly 2**23 saturates but keeps its current",
        # 258 times 254 and 4 are 2**16, and so are 256 times 256; two steps of 64 times that are 2**23
        answer([[254] * 258 + [4], [-256] * 256 + [0] * 3]),
        [[1] * 259, [1] * 259, [0] * 259],
        {
            "out": [[TOP // 2, -TOP // 2], [TOP - 1, TOP - 1], [TOP - 1, TOP - 1]],
            "out.current": [[TOP // 2, -TOP // 2], [TOP, TOP], [TOP, TOP]],
        },
    ),
]
