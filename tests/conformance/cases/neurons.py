"""One neuron at each of its boundaries."""

import numpy as np
from case import Case

from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.nodes import Cuba, Dense, Input, Reset


def chain(weight: list[list[int]], **cuba: object) -> Graph:
    settings = {"current_decay": 4096, "voltage_decay": 0, "threshold": 80, **cuba}
    dense = Dense("fc1", (Ref("input"),), np.array(weight))
    return Graph((Input("input", (), (len(weight[0]),)), dense, Cuba("cuba1", (Ref("fc1"),), **settings)))


CASES = [
    Case("a voltage exactly at threshold stays silent", chain([[80]]), [[1], [0]], {"cuba1": [[0], [0]]}),
    Case("one step above threshold fires", chain([[82]]), [[1], [0]], {"cuba1": [[1], [0]]}),
    Case("reset to zero keeps no surplus", chain([[120]]), [[1], [0]], {"cuba1.voltage": [[0], [0]]}),
    Case(
        "reset by subtraction keeps the surplus",
        chain([[120]], reset=Reset.SUBTRACT),
        [[1], [0]],
        {"cuba1": [[1], [0]], "cuba1.voltage": [[64 * 40], [64 * 40]]},
    ),
    Case(
        "a negative voltage decays towards zero, not down",
        chain([[2, -6]], voltage_decay=2048),
        [[0, 1], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]],
        {"cuba1.voltage": [[-384], [-192], [-96], [-48], [-24], [-12], [-6], [-3], [-1], [0]]},
    ),
    Case(
        "decay by one 4096th still removes something",
        chain([[2]], voltage_decay=1),
        [[1], [0], [0]],
        {"cuba1.voltage": [[128], [127], [126]]},
    ),
    Case(
        "a current keeps what its decay leaves and the voltage adds it up",
        chain([[4]], current_decay=1024, threshold=1000),
        [[1], [0], [0]],
        {"cuba1.current": [[256], [192], [144]], "cuba1.voltage": [[256], [448], [592]]},
    ),
    Case(
        "the current survives a spike",
        chain([[100]], current_decay=2048),
        [[1], [0], [0]],
        {"cuba1": [[1], [0], [0]], "cuba1.current": [[6400], [3200], [1600]], "cuba1.voltage": [[0], [3200], [4800]]},
    ),
    Case(
        "a current wraps at 24 bits",
        chain([[254] * 300], current_decay=0, voltage_decay=4096, threshold=131071),
        [[1] * 300, [1] * 300],
        # 300 inputs of 254 are 76,200; 64 times that is 4,876,800; twice is beyond 2**23 and wraps
        {"cuba1.current": [[4876800], [9753600 - 2**24]], "cuba1.voltage": [[4876800], [9753600 - 2**24]]},
    ),
    Case(
        "a voltage saturates at 24 bits",
        chain([[254, -256] + [-256] * 298], threshold=131071),
        [[0] + [1] * 299, [0] + [1] * 299],
        {"cuba1.voltage": [[-64 * 256 * 299], [1 - 2**23]]},
    ),
    Case(
        "a bias drives a neuron without input",
        chain([[2]], bias=np.array([30])),
        [[0], [0], [0], [0]],
        {"cuba1": [[0], [0], [1], [0]], "cuba1.voltage": [[1920], [3840], [0], [1920]]},
    ),
    Case(
        "a threshold of zero fires on anything positive",
        chain([[1], [2]], threshold=0, voltage_decay=4096),
        [[1], [0]],
        {"cuba1": [[1, 1], [0, 0]]},
    ),
    Case("no input, no spikes", chain([[80, -80]]), [[0, 0], [0, 0]], {"cuba1.voltage": [[0], [0]]}),
]
