"""Dense synapses: which weights, of which sign, and what is added to them."""

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases.build import chain, cuba, dense, graph

CASES = [
    Case(
        "odd weights of both signs are kept",
        chain([[3, -5], [-1, 127]], voltage_decay=4096, threshold=1000),
        [[1, 0], [0, 1], [1, 1]],
        {"cuba1.voltage": [[64 * 3, -64], [64 * -5, 64 * 127], [64 * -2, 64 * 126]]},
    ),
    Case(
        "even weights of both signs reach -256 and 254",
        chain([[254, -256], [-2, 2]], voltage_decay=4096, threshold=1000),
        [[1, 0], [0, 1], [1, 1]],
        {"cuba1.voltage": [[64 * 254, -128], [64 * -256, 128], [-128, 0]]},
    ),
    Case(
        "weights without a negative one reach 255",
        chain([[255, 1], [0, 3]], voltage_decay=4096, threshold=1000),
        [[1, 0], [0, 1]],
        {"cuba1.voltage": [[64 * 255, 0], [64, 192]]},
    ),
    Case(
        "weights without a positive one may be odd",
        chain([[-127, -1], [-3, 0]], voltage_decay=4096, threshold=1000),
        [[1, 0], [0, 1], [1, 1]],
        {"cuba1.voltage": [[64 * -127, 64 * -3], [-64, 0], [64 * -128, 64 * -3]]},
    ),
    Case(
        "weights of 16 bits are kept",
        chain([[32767, -32768]], voltage_decay=4096, threshold=131071),
        [[1, 0], [0, 1], [1, 1]],
        {"cuba1.voltage": [[64 * 32767], [64 * -32768], [-64]]},
    ),
    Case(
        "a row of zeros hears nothing",
        chain([[0, 0], [2, -2]], voltage_decay=4096, threshold=1000),
        [[1, 0], [0, 1]],
        {"cuba1.voltage": [[0, 128], [0, -128]]},
    ),
    Case(
        "a bias of a synapse is added at every step",
        graph((1,), dense("fc1", "input", [[4], [2]], bias=[3, -7]), cuba("cuba1", "fc1")),
        [[1], [0], [0]],
        {"cuba1.voltage": [[64 * 7, 64 * -5], [64 * 10, 64 * -12], [64 * 13, 64 * -19]]},
    ),
    Case(
        "a bias of a synapse stays in the current",
        graph((1,), dense("fc1", "input", [[4]], bias=[2]), cuba("cuba1", "fc1", current_decay=2048)),
        [[1], [0], [0]],
        {"cuba1.current": [[384], [192 + 128], [160 + 128]], "cuba1.voltage": [[384], [704], [992]]},
    ),
    Case(
        "synapses in a row multiply",
        graph((2,), dense("fc1", "input", [[2, 1], [3, -4]]), dense("fc2", "fc1", [[4, -5]]), cuba("cuba1", "fc2")),
        [[1, 0], [0, 1]],
        {"cuba1.voltage": [[64 * (8 - 15)], [64 * (8 - 15 + 4 + 20)]]},
    ),
    Case(
        "two synapses meet in one neuron",
        graph(
            (2,),
            dense("fc1", "input", [[2, 4]]),
            cuba("cuba1", "fc1", threshold=3),
            dense("fc2", "cuba1", [[6]]),
            dense("skip", "input", [[-2, 10]]),
            cuba("cuba2", "fc2", "skip"),
        ),
        [[1, 0], [0, 1]],
        {"cuba1": [[0], [1]], "cuba2.voltage": [[-128], [64 * (-2 + 6 + 10)]]},
    ),
]
