"""Small networks and chips for the placement tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input
from neurodeploy.placement import Network, read_network
from neurodeploy.profile import Profile, Quantity, load_profile


def weights(*shape: int, bits: int = 8) -> np.ndarray:
    """Weights that are nowhere zero and take exactly `bits` bits."""
    found = np.ones(shape, np.int64)
    found.reshape(-1)[0] = -(1 << (bits - 1)) if bits > 1 else 1
    return found


def number(value: int, interval: tuple[int, int] | None = None) -> Quantity:
    span = None if interval is None else (float(interval[0]), float(interval[1]))
    return Quantity(float(value), "units", "core", "arch", "a test", "S", interval=span)


def chip(name: str, **limits: int | tuple[int, int]) -> Profile:
    """A shipped profile with some limits replaced; a pair is an interval."""
    profile = load_profile(name)
    new = {
        key: number(value[1], interval=value) if isinstance(value, tuple) else number(value)
        for key, value in limits.items()
    }
    unknown = {key: why for key, why in profile.unknown.items() if key not in new}
    return replace(profile, limits={**profile.limits, **new}, unknown=unknown)


def neuron(name: str, source: str, threshold: int = 100, delay: int = 0) -> Cuba:
    return Cuba(name, (Ref(source, delay),), 4096, 0, threshold)


def dense_graph(inputs: int = 20, hidden: int = 30, outputs: int = 5, bits: int = 8, threshold: int = 100) -> Graph:
    return Graph(
        (
            Input("x", (), (inputs,)),
            Dense("fc1", (Ref("x"),), weights(hidden, inputs, bits=bits)),
            neuron("hidden", "fc1", threshold),
            Dense("fc2", (Ref("hidden"),), weights(outputs, hidden, bits=bits)),
            neuron("out", "fc2", threshold),
        )
    )


def map_graph(
    side: int = 16,
    channels: int = 4,
    stride: int = 1,
    kernel: int = 3,
    padding: int = 1,
    classes: int = 5,
    bits: int = 8,
    inputs: int = 2,
    dilation: int = 1,
    groups: int = 1,
) -> Graph:
    conv = Conv2d(
        "conv",
        (Ref("x"),),
        weights(channels, inputs // groups, kernel, kernel, bits=bits),
        stride=(stride, stride),
        padding=(padding, padding),
        dilation=(dilation, dilation),
        groups=groups,
    )
    channels, rows, columns = conv.output_shape((inputs, side, side))
    first = (Input("x", (), (inputs, side, side)), conv, neuron("map", "conv"))
    if not classes:
        return Graph(first)
    last = (
        Flatten("flat", (Ref("map"),)),
        Dense("fc", (Ref("flat"),), weights(classes, channels * rows * columns, bits=bits)),
        neuron("out", "fc"),
    )
    return Graph((*first, *last))


def dense(**sizes: int) -> Network:
    return read_network(dense_graph(**sizes))


def map_(**sizes: int) -> Network:
    return read_network(map_graph(**sizes))
