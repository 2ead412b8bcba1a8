"""What enters a network: everything, nothing, one value, counts."""

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases.build import chain, cuba, dense, graph

CASES = [
    Case("no input, no spikes", chain([[80, -80]]), [[0, 0], [0, 0]], {"cuba1.voltage": [[0], [0]]}),
    Case(
        "all inputs active at every step",
        chain([[2, 4, -8], [100, 10, -20]], threshold=120),
        [[1, 1, 1], [1, 1, 1]],
        {"cuba1": [[0, 0], [0, 1]], "cuba1.voltage": [[64 * -2, 64 * 90], [64 * -4, 0]]},
    ),
    Case(
        "one input and one neuron",
        chain([[4]], threshold=6),
        [[1], [0], [1]],
        {"cuba1": [[0], [0], [1]], "cuba1.voltage": [[256], [256], [0]]},
    ),
    Case(
        "inputs are told apart",
        chain([[2, 4, 8], [16, 32, -64]], voltage_decay=4096, threshold=1000),
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        {"cuba1.voltage": [[64 * 2, 64 * 16], [64 * 4, 64 * 32], [64 * 8, 64 * -64]]},
    ),
    Case(
        "an event count multiplies the weight",
        graph((2,), dense("fc1", "input", [[2, -4]]), cuba("cuba1", "fc1"), high=255),
        [[255, 0], [0, 3], [1, 254]],
        {"cuba1.voltage": [[64 * 510], [64 * (510 - 12)], [64 * (510 - 12 + 2 - 1016)]]},
    ),
    Case(
        "neurons may read the frames themselves",
        graph((2, 1, 2), cuba("cuba1", "input", threshold=2), high=3),
        [[[[3, 0]], [[1, 2]]], [[[0, 0]], [[1, 1]]]],
        {"cuba1": [[1, 0, 0, 0], [0, 0, 0, 1]], "cuba1.voltage": [[0, 0, 64, 128], [0, 0, 128, 0]]},
    ),
]
