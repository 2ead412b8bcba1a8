"""One neuron: when it fires, what it keeps, how it forgets."""

import numpy as np

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases.build import chain
from neurodeploy.graph.nodes import Reset

SUBTRACT = Reset.SUBTRACT

CASES = [
    Case("a voltage exactly at threshold stays silent", chain([[80]]), [[1], [0]], {"cuba1": [[0], [0]]}),
    Case("one step above threshold fires", chain([[82]]), [[1], [0]], {"cuba1": [[1], [0]]}),
    Case(
        "a voltage that adds up to exactly the threshold stays silent",
        chain([[40, 2]]),
        [[1, 0], [1, 0], [0, 1]],
        {"cuba1": [[0], [0], [1]], "cuba1.voltage": [[2560], [5120], [0]]},
    ),
    Case("reset to zero keeps no surplus", chain([[120]]), [[1], [0]], {"cuba1.voltage": [[0], [0]]}),
    Case(
        "reset by subtraction keeps the surplus",
        chain([[120]], reset=SUBTRACT),
        [[1], [0]],
        {"cuba1": [[1], [0]], "cuba1.voltage": [[64 * 40], [64 * 40]]},
    ),
    Case(
        "what subtraction leaves exactly at threshold stays silent",
        chain([[160]], reset=SUBTRACT),
        [[1], [0], [0]],
        {"cuba1": [[1], [0], [0]], "cuba1.voltage": [[5120], [5120], [5120]]},
    ),
    Case(
        "what subtraction leaves above threshold fires again",
        chain([[242]], reset=SUBTRACT),
        [[1], [0], [0], [0]],
        {"cuba1": [[1], [1], [1], [0]], "cuba1.voltage": [[64 * 162], [64 * 82], [64 * 2], [64 * 2]]},
    ),
    Case(
        "a negative voltage decays towards zero, not down",
        chain([[2, -6]], voltage_decay=2048),
        [[0, 1], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]],
        {"cuba1.voltage": [[-384], [-192], [-96], [-48], [-24], [-12], [-6], [-3], [-1], [0]]},
    ),
    Case(
        "a negative current decays towards zero, not down",
        chain([[2, -6]], current_decay=2048, voltage_decay=4096),
        [[0, 1], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]],
        {"cuba1.current": [[-384], [-192], [-96], [-48], [-24], [-12], [-6], [-3], [-1], [0]]},
    ),
    Case(
        "decay by one 4096th still removes something",
        chain([[2]], voltage_decay=1),
        [[1], [0], [0]],
        {"cuba1.voltage": [[128], [127], [126]]},
    ),
    Case(
        "decay by one 4096th removes something below zero too",
        chain([[2, -2]], voltage_decay=1),
        [[0, 1], [0, 0], [0, 0]],
        {"cuba1.voltage": [[-128], [-127], [-126]]},
    ),
    Case(
        "decay by 4095 4096ths leaves one in 4096",
        chain([[100], [-100]], voltage_decay=4095, threshold=1000),
        [[1], [0], [0]],
        {"cuba1.voltage": [[6400, -6400], [1, -1], [0, 0]]},
    ),
    Case(
        "without decay nothing is forgotten",
        chain([[2], [-4]], current_decay=0, voltage_decay=0),
        [[1], [0], [0]],
        {"cuba1.current": [[128, -256]] * 3, "cuba1.voltage": [[128, -256], [256, -512], [384, -768]]},
    ),
    Case(
        "with full decay nothing is kept",
        chain([[2], [-4]], current_decay=4096, voltage_decay=4096),
        [[1], [0], [1]],
        {"cuba1.current": [[128, -256], [0, 0], [128, -256]], "cuba1.voltage": [[128, -256], [0, 0], [128, -256]]},
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
        "a bias drives a neuron without input",
        chain([[2]], bias=np.array([30])),
        [[0], [0], [0], [0]],
        {"cuba1": [[0], [0], [1], [0]], "cuba1.voltage": [[1920], [3840], [0], [1920]]},
    ),
    Case(
        "biases of both signs decay with the voltage",
        chain([[2], [2]], bias=np.array([30, -30]), voltage_decay=2048),
        [[0], [0], [0]],
        {"cuba1.voltage": [[1920, -1920], [2880, -2880], [3360, -3360]]},
    ),
    Case(
        "a bias enters the voltage, not the current",
        chain([[4]], bias=np.array([10]), current_decay=2048),
        [[1], [0]],
        {"cuba1.current": [[256], [128]], "cuba1.voltage": [[896], [1664]]},
    ),
    Case(
        "input and bias exactly at threshold stay silent",
        chain([[50]], bias=np.array([30])),
        [[1], [0], [0]],
        {"cuba1": [[0], [1], [0]], "cuba1.voltage": [[5120], [0], [1920]]},
    ),
    Case(
        "a threshold of zero fires on anything positive",
        chain([[1], [2]], threshold=0, voltage_decay=4096),
        [[1], [0]],
        {"cuba1": [[1, 1], [0, 0]]},
    ),
    Case(
        "a threshold of zero is silent at zero and below",
        chain([[2, -2]], threshold=0),
        [[0, 0], [0, 1], [1, 0], [1, 0]],
        {"cuba1": [[0], [0], [0], [1]], "cuba1.voltage": [[0], [-128], [0], [0]]},
    ),
    Case(
        "a threshold of zero taken off leaves the voltage",
        chain([[2, -2]], threshold=0, reset=SUBTRACT),
        [[1, 0], [0, 0], [0, 1]],
        {"cuba1": [[1], [1], [0]], "cuba1.voltage": [[128], [128], [0]]},
    ),
]
