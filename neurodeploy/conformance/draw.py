"""Random valid networks and frames: every structure, number and boundary that a target may get wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from neurodeploy.conformance.choose import Choose
from neurodeploy.conformance.features import ALL, Feature, Features
from neurodeploy.conformance.layers import add_node, map_layer, vector_layer
from neurodeploy.conformance.numbers import bias, weights
from neurodeploy.conformance.sketch import Sketch
from neurodeploy.graph import Graph, IntGraph, Node, Ref, Schedule
from neurodeploy.graph.nodes import Cuba, Dense, Flatten, Input, Readout, SumPool2d
from neurodeploy.graph.numeric import Array

STEPS_HIGH = 8
DENSITIES = (40, 0, 8, 100)
"""Percent of the input values that are not zero, one for each sample."""


@final
@dataclass(frozen=True, eq=False)
class Drawn:
    """A random network.

    Args:
        network: integers, its ranges proved.
        used: what it has beyond the least.
    """

    network: IntGraph
    used: Features


def draw_network(choose: Choose, features: Features = ALL) -> Drawn:
    """A valid network that uses only `features`; one to six layers."""
    sketch = Sketch(choose, features)
    last = _start(sketch)
    if len(sketch.shapes[last]) == 3:
        for _ in range(choose.integer(1, 2)):
            last = _with_sum(sketch, map_layer(sketch, last))
        if not sketch.wants(Feature.OPEN_END, 8):
            last = _vectors(sketch, sketch.add(Flatten(sketch.name("flat"), (sketch.ref(last, Feature.LATE),))))
    else:
        last = _vectors(sketch, last)
    _end(sketch, last)
    nodes = _fed_back(sketch)
    schedule = Schedule.PIPELINED if sketch.wants(Feature.PIPELINED, 4) else Schedule.SWEEP
    return Drawn(IntGraph(Graph(nodes, schedule=schedule)), frozenset(sketch.used))


def _start(sketch: Sketch) -> str:
    choose = sketch.choose
    high = choose.pick((255, 2, 3, 15, 127, 128)) if sketch.wants(Feature.COUNTS, 4) else 1
    if sketch.wants(Feature.MAPS, 2):
        shape = choose.integer(1, 3), choose.pick((1, 5, 7, choose.integer(2, 9))), choose.integer(1, 7)
        return sketch.add(Input("input", (), shape, high))
    return sketch.add(Input("input", (), (choose.pick((1, choose.integer(2, 20), 300)),), high))


def _with_sum(sketch: Sketch, last: str) -> str:
    return add_node(sketch, last) if sketch.wants(Feature.ADD, 4) else last


def _vectors(sketch: Sketch, last: str) -> str:
    for _ in range(sketch.choose.integer(1, 3)):
        last = _with_sum(sketch, vector_layer(sketch, last))
    return last


def _end(sketch: Sketch, last: str) -> None:
    """A readout, a node without state, or the last neurons as they are."""
    shape, choose = sketch.shapes[last], sketch.choose
    if len(shape) == 1 and sketch.wants(Feature.READOUT, 2):
        out = choose.integer(1, 6)
        weight = weights(sketch, (out, shape[0]), sketch.reach(last))
        refs = (sketch.ref(last, Feature.DELAY),)
        name = sketch.add(Dense(sketch.name("fc"), refs, weight, bias(sketch, Feature.SYNAPSE_BIAS, out)))
        sketch.add(Readout("answer", (Ref(name),)))
    elif sketch.wants(Feature.OPEN_END, 6):
        sketch.add(_open_end(sketch, last))
    elif not isinstance(sketch.nodes[-1], Cuba):
        sketch.used.add(Feature.OPEN_END)


def _open_end(sketch: Sketch, last: str) -> Node:
    shape, refs = sketch.shapes[last], (Ref(last),)
    if len(shape) == 1:
        return Dense(sketch.name("end"), refs, weights(sketch, (2, shape[0]), sketch.reach(last)))
    if sketch.choose.coin():
        return SumPool2d(sketch.name("end"), refs, (1, 1), (2, 1))
    return Flatten(sketch.name("end"), refs)


def _fed_back(sketch: Sketch) -> tuple[Node, ...]:
    """The nodes, perhaps with an edge from later neurons to earlier ones."""
    vectors = [node for node in sketch.nodes if isinstance(node, Cuba) and len(sketch.shapes[node.name]) == 1]
    if len(vectors) < 2 or not sketch.wants(Feature.FEEDBACK, 3):
        return tuple(sketch.nodes)
    to, source = vectors[0], sketch.choose.pick(vectors[1:])
    shape = sketch.shapes[to.name][0], sketch.shapes[source.name][0]
    edge = Ref(source.name, sketch.choose.integer(1, 3))
    back = Dense("feedback", (edge,), weights(sketch, shape, 1))
    place = sketch.nodes.index(to)
    heard = replace(to, inputs=(*to.inputs, Ref("feedback")))
    return (*sketch.nodes[:place], back, heard, *sketch.nodes[place + 1 :])


def draw_frames(choose: Choose, network: IntGraph) -> Array:
    """Frames (time, samples, *input shape), uint8: some inputs active, none, few, all, and the first sample again."""
    source = network.graph.input
    steps = choose.integer(1, STEPS_HIGH)
    shape = (steps, *source.shape)
    samples = []
    for percent in DENSITIES:
        active = choose.array(shape, 1, 100) <= percent if 0 < percent < 100 else np.full(shape, percent == 100)
        samples.append(active * (choose.array(shape, 1, source.high) if source.high > 1 else 1))
    return np.stack([*samples, samples[0]], axis=1).astype(np.uint8)
