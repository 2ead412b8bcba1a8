"""Maps as vectors."""

import numpy as np

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases.build import conv, cuba, dense, graph
from neurodeploy.graph import Ref
from neurodeploy.graph.nodes import Flatten

CASES = [
    Case(
        "flatten runs over channel, height, width",
        graph(
            (2, 2, 2),
            conv("conv1", "input", np.array([[2, 0], [0, 2]]).reshape(2, 2, 1, 1)),
            cuba("cuba1", "conv1", threshold=1),
            Flatten("flat", (Ref("cuba1"),)),
            dense("fc", "flat", [[2, 4, 6, 8, 10, 12, 14, -16]]),
            cuba("cuba2", "fc"),
        ),
        [[[[0, 1], [0, 0]], [[0, 0], [1, 0]]]],
        {"cuba2.voltage": [[64 * (4 + 14)]]},
    ),
    Case(
        "frames may be flattened first",
        graph(
            (2, 1, 3), Flatten("flat", (Ref("input"),)), dense("fc", "flat", [[2, 4, 8, -16, 32, 64]]), cuba("c", "fc")
        ),
        [[[[1, 0, 1]], [[0, 1, 0]]], [[[0, 1, 0]], [[1, 0, 1]]]],
        {"c.voltage": [[64 * (2 + 8 + 32)], [64 * (42 + 4 - 16 + 64)]]},
    ),
    Case(
        "flatten leaves a vector as it is",
        graph((2,), Flatten("flat", (Ref("input"),)), dense("fc", "flat", [[2, -4]]), cuba("c", "fc")),
        [[1, 0], [1, 1]],
        {"c.voltage": [[128], [0]]},
    ),
]
