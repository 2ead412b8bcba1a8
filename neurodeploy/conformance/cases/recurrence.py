"""Edges that wait: delays, recurrence, feedback."""

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases.build import conv, cuba, dense, graph
from neurodeploy.graph import Ref
from neurodeploy.graph.nodes import Conv2d, Cuba

CASES = [
    Case(
        "a recurrent spike arrives one step later",
        graph(
            (1,),
            dense("fc1", "input", [[100]]),
            dense("back", "cuba1", [[40]], delay=1),
            cuba("cuba1", "fc1", "back", threshold=80),
        ),
        [[1], [0], [0]],
        {"cuba1": [[1], [0], [0]], "cuba1.voltage": [[0], [64 * 40], [64 * 40]]},
    ),
    Case(
        "a neuron silences its neighbour one step later",
        graph(
            (2,),
            dense("fc1", "input", [[100, -2], [0, 50]]),
            dense("back", "cuba1", [[0, 2], [-100, 0]], delay=1),
            cuba("cuba1", "fc1", "back", threshold=80),
        ),
        [[1, 0], [0, 1], [0, 0]],
        {"cuba1": [[1, 0], [0, 0], [0, 0]], "cuba1.voltage": [[0, 0], [-128, -3200], [-128, -3200]]},
    ),
    Case(
        "a recurrent spike may take three steps",
        graph(
            (1,),
            dense("fc1", "input", [[100]]),
            dense("back", "cuba1", [[40]], delay=3),
            cuba("cuba1", "fc1", "back", threshold=80),
        ),
        [[1], [0], [0], [0], [0]],
        {"cuba1.voltage": [[0], [0], [0], [2560], [2560]]},
    ),
    Case(
        "a spike comes back to an earlier layer",
        graph(
            (1,),
            dense("fc1", "input", [[100]]),
            dense("back", "cuba2", [[30]], delay=1),
            cuba("cuba1", "fc1", "back", threshold=80),
            dense("fc2", "cuba1", [[100]]),
            cuba("cuba2", "fc2", threshold=80),
        ),
        [[1], [0], [0]],
        {"cuba2": [[1], [0], [0]], "cuba1.voltage": [[0], [1920], [1920]]},
    ),
    Case(
        "a recurrent convolution passes spikes to neighbours",
        graph(
            (1, 1, 3),
            conv("conv1", "input", [[[[100]]]]),
            Conv2d("back", (Ref("cuba1", 1),), conv("k", "input", [[[[10, 0, -20]]]]).weight, padding=(0, 1)),
            cuba("cuba1", "conv1", "back", threshold=80),
        ),
        [[[[0, 1, 0]]], [[[0, 0, 0]]]],
        {"cuba1": [[0, 1, 0], [0, 0, 0]], "cuba1.voltage": [[0, 0, 0], [64 * -20, 0, 640]]},
    ),
    Case(
        "a delayed edge waits",
        graph((1,), dense("fc1", "input", [[10]], delay=2), cuba("cuba1", "fc1")),
        [[1], [0], [1], [0]],
        {"cuba1.voltage": [[0], [0], [640], [640]]},
    ),
    Case(
        "a delay between layers waits",
        graph(
            (1,),
            dense("fc1", "input", [[100]]),
            cuba("cuba1", "fc1", threshold=80),
            dense("fc2", "cuba1", [[10]], delay=1),
            cuba("cuba2", "fc2"),
        ),
        [[1], [0], [1], [0]],
        {"cuba1": [[1], [0], [1], [0]], "cuba2.voltage": [[0], [640], [640], [1280]]},
    ),
    Case(
        "parallel edges give every synapse its own delay",
        graph(
            (2,),
            dense("fc_0", "input", [[2, 0], [0, 8]]),
            dense("fc_2", "input", [[0, 4], [16, 0]], delay=2),
            cuba("cuba1", "fc_0", "fc_2"),
        ),
        [[1, 1], [0, 0], [0, 1], [0, 0]],
        {"cuba1.voltage": [[128, 512], [128, 512], [128 + 256, 512 + 512 + 1024], [384, 2048]]},
    ),
    Case(
        "a delay longer than the run delivers nothing",
        graph((1,), dense("fc1", "input", [[10]], delay=5), cuba("cuba1", "fc1")),
        [[1], [1], [1]],
        {"cuba1.voltage": [[0], [0], [0]]},
    ),
    Case(
        "a synapse may be heard now and once more later",
        graph((1,), dense("fc1", "input", [[4]]), Cuba("cuba1", (Ref("fc1"), Ref("fc1", 1)), 4096, 0, 1000)),
        [[1], [0], [0]],
        {"cuba1.voltage": [[256], [512], [512]]},
    ),
    Case(
        "a delayed convolution waits",
        graph((1, 1, 2), Conv2d("conv1", (Ref("input", 1),), conv("k", "input", [[[[6]]]]).weight), cuba("c", "conv1")),
        [[[[1, 0]]], [[[0, 1]]], [[[0, 0]]]],
        {"c.voltage": [[0, 0], [384, 0], [384, 384]]},
    ),
]
