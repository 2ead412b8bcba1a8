"""When a synapse delivers: in the same timestep (sweep), or one later (pipelined)."""

import numpy as np

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases.build import cuba, dense, graph
from neurodeploy.graph import Graph, Node, Ref, Schedule
from neurodeploy.graph.nodes import Add, Readout

PIPELINED = Schedule.PIPELINED


def layers(weight: int, schedule: Schedule, bias: int | None = None) -> Graph:
    """Two neurons in a row, the first with a threshold of 80."""
    first = cuba("cuba1", "fc1", threshold=80, bias=None if bias is None else np.array([bias]))
    nodes: list[Node] = [dense("fc1", "input", [[weight]]), first, dense("fc2", "cuba1", [[10]]), cuba("cuba2", "fc2")]
    return graph((1,), *nodes, schedule=schedule)


CASES = [
    Case(
        "sweep: a timestep passes through all layers",
        layers(100, Schedule.SWEEP),
        [[1], [0], [0]],
        {"cuba1": [[1], [0], [0]], "cuba2.voltage": [[640], [640], [640]]},
    ),
    Case(
        "pipelined: every synapse delivers one step later",
        layers(100, PIPELINED),
        [[1], [0], [0]],
        {"cuba1": [[0], [1], [0]], "cuba2.voltage": [[0], [0], [640]]},
    ),
    Case(
        "sweep: a bias acts together with the input",
        layers(20, Schedule.SWEEP, bias=30),
        [[1], [0], [0], [0]],
        {
            "cuba1": [[0], [0], [1], [0]],
            "cuba1.voltage": [[3200], [5120], [0], [1920]],
            "cuba2.voltage": [[0], [0], [640], [640]],
        },
    ),
    Case(
        "pipelined: a bias acts before the first input arrives",
        layers(20, PIPELINED, bias=30),
        [[1], [0], [0], [0]],
        {
            "cuba1": [[0], [0], [1], [0]],
            "cuba1.voltage": [[1920], [5120], [0], [1920]],
            "cuba2.voltage": [[0], [0], [0], [640]],
        },
    ),
    Case(
        "pipelined: a bias of a synapse does not wait",
        graph((1,), dense("fc1", "input", [[4]], bias=[10]), cuba("cuba1", "fc1"), schedule=PIPELINED),
        [[1], [0]],
        {"cuba1.voltage": [[640], [640 + 64 * 14]]},
    ),
    Case(
        "pipelined: a recurrent spike waits no longer",
        graph(
            (1,),
            dense("fc1", "input", [[100]]),
            dense("back", "cuba1", [[40]], delay=1),
            cuba("cuba1", "fc1", "back", threshold=80),
            schedule=PIPELINED,
        ),
        [[1], [0], [0], [0]],
        {"cuba1": [[0], [1], [0], [0]], "cuba1.voltage": [[0], [0], [2560], [2560]]},
    ),
    Case(
        "pipelined: a sum of layers adds no step",
        graph(
            (1,),
            dense("fc1", "input", [[4]]),
            cuba("cuba1", "fc1", threshold=1),
            Add("sum", (Ref("input"), Ref("cuba1"))),
            dense("fc2", "sum", [[6]]),
            cuba("cuba2", "fc2"),
            schedule=PIPELINED,
        ),
        [[1], [1], [0]],
        {"cuba1": [[0], [1], [1]], "cuba2.voltage": [[0], [64 * 6], [64 * 18]]},
    ),
    Case(
        "pipelined: a delay comes on top",
        graph((1,), dense("fc1", "input", [[10]], delay=1), cuba("cuba1", "fc1"), schedule=PIPELINED),
        [[1], [0], [1], [0]],
        {"cuba1.voltage": [[0], [0], [640], [640]]},
    ),
    Case(
        "pipelined: a readout hears the last step",
        graph((1,), dense("fc", "input", [[10]]), Readout("out", (Ref("fc"),)), schedule=PIPELINED),
        [[1], [1], [0]],
        {"out": [[0], [640], [1280]]},
    ),
]
