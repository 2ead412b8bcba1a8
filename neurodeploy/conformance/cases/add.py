"""Sums that have a name: skip connections."""

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases.build import conv, cuba, dense, graph
from neurodeploy.graph import Ref
from neurodeploy.graph.nodes import Add

FIRE = (dense("fc1", "input", [[4]]), cuba("cuba1", "fc1", threshold=1))
"""A neuron that spikes whenever the input does."""

CASES = [
    Case(
        "a skip connection adds two layers' spikes",
        graph((1,), *FIRE, Add("sum", (Ref("input"), Ref("cuba1"))), dense("fc2", "sum", [[6]]), cuba("cuba2", "fc2")),
        [[1], [0]],
        {"cuba2.voltage": [[64 * 12], [64 * 12]]},
    ),
    Case(
        "a value added to itself is doubled",
        graph((1,), *FIRE, Add("sum", (Ref("cuba1"), Ref("cuba1"))), dense("fc2", "sum", [[6]]), cuba("cuba2", "fc2")),
        [[1], [0], [1]],
        {"cuba2.voltage": [[64 * 12], [64 * 12], [64 * 24]]},
    ),
    Case(
        "a sum of a value now and before",
        graph(
            (1,), *FIRE, Add("sum", (Ref("cuba1"), Ref("cuba1", 2))), dense("fc2", "sum", [[6]]), cuba("cuba2", "fc2")
        ),
        [[1], [1], [1], [0]],
        {"cuba2.voltage": [[64 * 6], [64 * 12], [64 * 24], [64 * 30]]},
    ),
    Case(
        "a sum of two maps feeds neurons directly",
        graph(
            (1, 1, 2),
            conv("conv1", "input", [[[[2]]]]),
            conv("conv2", "input", [[[[-6]]]]),
            Add("sum", (Ref("conv1"), Ref("conv2"))),
            cuba("cuba1", "sum"),
        ),
        [[[[1, 0]]], [[[1, 1]]]],
        {"cuba1.voltage": [[64 * -4, 0], [64 * -8, 64 * -4]]},
    ),
    Case(
        "a sum may be used twice",
        graph(
            (2,),
            Add("sum", (Ref("input"), Ref("input", 1))),
            dense("fc1", "sum", [[2, 4]]),
            cuba("cuba1", "fc1"),
            dense("fc2", "sum", [[-6, 8]]),
            cuba("cuba2", "fc2"),
        ),
        [[1, 0], [1, 1]],
        {"cuba1.voltage": [[128], [64 * (2 + 4 + 4)]], "cuba2.voltage": [[64 * -6], [64 * (-6 - 12 + 8)]]},
    ),
]
