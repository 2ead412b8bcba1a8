"""The ends of 24 bits: currents wrap, voltages saturate, and the two happen in one neuron."""

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases.build import chain
from neurodeploy.graph.nodes import Reset

TOP = 2**23
HIGHEST = 131071
"""The greatest threshold; 64 times it is 64 below TOP."""

CASES = [
    Case(
        "a current wraps at 24 bits",
        chain([[254] * 300], current_decay=0, voltage_decay=4096, threshold=HIGHEST),
        [[1] * 300, [1] * 300],
        # 300 inputs of 254 are 76,200; 64 times that is 4,876,800; twice is beyond 2**23 and wraps
        {"cuba1.current": [[4876800], [9753600 - 2**24]], "cuba1.voltage": [[4876800], [9753600 - 2**24]]},
    ),
    Case(
        "a current wraps at the other end too",
        chain([[2] + [-256] * 300], current_decay=0, voltage_decay=4096, threshold=HIGHEST),
        [[0] + [1] * 300, [0] + [1] * 300],
        # 300 times -256 is -76,800; 64 times that is -4,915,200
        {"cuba1.current": [[-4915200], [-9830400 + 2**24]], "cuba1.voltage": [[-4915200], [-9830400 + 2**24]]},
    ),
    Case(
        "a current of exactly 2**23 stays, and one beyond wraps",
        # 516 times 254 is 131,064: 8 more are 2**17, which is 2**23 in membrane steps; 512 times -256 is -(2**17)
        chain([[254] * 516 + [8], [254] * 516 + [10], [-256] * 512 + [0] * 5], threshold=HIGHEST),
        [[1] * 517, [0] * 517],
        {
            "cuba1": [[1, 0, 1], [0, 0, 0]],
            "cuba1.current": [[TOP, 128 - TOP, TOP], [0, 0, 0]],
            "cuba1.voltage": [[0, 128 - TOP, 0], [0, 128 - TOP, 0]],
        },
    ),
    Case(
        "the greatest threshold is met exactly and then exceeded",
        chain([[254] * 516 + [7], [254] * 516 + [8]], threshold=HIGHEST),
        [[1] * 517],
        {"cuba1": [[0, 1]], "cuba1.voltage": [[64 * HIGHEST, 0]]},
    ),
    Case(
        "a voltage saturates at 24 bits",
        chain([[254, -256] + [-256] * 298], threshold=HIGHEST),
        [[0] + [1] * 299, [0] + [1] * 299],
        {"cuba1.voltage": [[-64 * 256 * 299], [1 - TOP]]},
    ),
    Case(
        "a saturated voltage decays from where it was clipped",
        chain([[2] + [-256] * 300], voltage_decay=1, threshold=HIGHEST),
        [[0] + [1] * 300, [0] + [1] * 300, [0] * 301],
        # -4,915,200 loses 1,200; another -4,915,200 is beyond; (2**23 - 1) 4095 / 4096 is 8,386,559.0002
        {"cuba1.voltage": [[-4915200], [1 - TOP], [-8386559]]},
    ),
    Case(
        "a threshold is taken off the clipped voltage",
        chain([[254] * 516 + [8]], threshold=HIGHEST, reset=Reset.SUBTRACT),
        [[1] * 517, [0] * 517],
        {"cuba1": [[1], [0]], "cuba1.current": [[TOP], [0]], "cuba1.voltage": [[63], [63]]},
    ),
]
