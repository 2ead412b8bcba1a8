"""Random layers: synapses, perhaps parallel, delayed, stacked or recurrent, and their neurons."""

from __future__ import annotations

import numpy as np

from neurodeploy.conformance.features import Feature
from neurodeploy.conformance.numbers import bias, neuron, room, weights
from neurodeploy.conformance.sketch import Sketch
from neurodeploy.graph import Ref, Shape
from neurodeploy.graph.nodes import Add, Conv2d, Dense, SumPool2d

Pair = tuple[int, int]


def vector_layer(sketch: Sketch, source: str) -> str:
    """Dense synapses from `source` and their neurons; the neurons' name."""
    choose, name = sketch.choose, sketch.name("lif")
    if sketch.wants(Feature.BARE, 8):
        refs, out = [sketch.ref(source, Feature.LATE)], sketch.shapes[source][0]
    else:
        out = _size(sketch, source)
        refs = [Ref(node) for node in _dense(sketch, source, out)]
        if sketch.wants(Feature.LATE, 8):
            refs.append(Ref(refs[0].node, choose.integer(1, 3)))
    if sketch.wants(Feature.SKIP, 4):
        refs.append(_skip(sketch, out))
    if sketch.wants(Feature.RECURRENCE, 3):
        refs.append(_back(sketch, name, out, 1))
    elif sketch.wants(Feature.FEEDBACK, 4):
        refs.append(_back(sketch, name, out, choose.integer(2, 4)))
    return sketch.add(neuron(sketch, name, tuple(refs), (out,)))


def _size(sketch: Sketch, source: str) -> int:
    """One, few, or as many as there are already."""
    return sketch.choose.pick((1, sketch.choose.integer(2, 12), min(sketch.shapes[source][0], 12)))


def _dense(sketch: Sketch, source: str, out: int) -> list[str]:
    """One Dense, two in a row, or parallel ones, each with the weights that wait equally long."""
    shape, offset = (out, sketch.shapes[source][0]), bias(sketch, Feature.SYNAPSE_BIAS, out)
    weight = weights(sketch, shape, sketch.reach(source))
    if sketch.wants(Feature.SYNAPSE_DELAYS, 4):
        waits = sketch.choose.array(shape, 0, sketch.choose.pick((1, 3, 5)))
        present = [int(wait) for wait in np.unique(waits[weight != 0])] or [0]
        return [
            sketch.add(
                Dense(sketch.name("fc"), (Ref(source, wait),), weight * (waits == wait), offset if not n else None)
            )
            for n, wait in enumerate(present)
        ]
    name = sketch.add(Dense(sketch.name("fc"), (sketch.ref(source, Feature.DELAY),), weight, offset))
    if room(sketch, out, sketch.reach(name)) > 32 and sketch.wants(Feature.STACKED, 6):
        weight = weights(sketch, (out, out), sketch.reach(name))
        name = sketch.add(Dense(sketch.name("fc"), (Ref(name),), weight))
    return [name]


def _skip(sketch: Sketch, out: int) -> Ref:
    """One more input: the spikes of any earlier neurons of that size, or a synapse from any vector."""
    same = sketch.neurons((out,))
    if same and sketch.choose.coin():
        return sketch.ref(sketch.choose.pick(same), Feature.LATE)
    vectors = [name for name, shape in sketch.shapes.items() if len(shape) == 1 and sketch.reach(name) < 1000]
    source = sketch.choose.pick(vectors)
    weight = weights(sketch, (out, sketch.shapes[source][0]), sketch.reach(source))
    return Ref(sketch.add(Dense(sketch.name("skip"), (sketch.ref(source, Feature.DELAY),), weight)))


def _back(sketch: Sketch, name: str, out: int, delay: int) -> Ref:
    """From the neurons `name`, not drawn yet, to themselves."""
    back = Dense(sketch.name("back"), (Ref(name, delay),), weights(sketch, (out, out), 1))
    return Ref(sketch.add(back, (out,)))


def add_node(sketch: Sketch, source: str) -> str:
    """A sum of `source` with the frames or neurons of its shape, or with its own past; its name."""
    first, shape = sketch.nodes[0].name, sketch.shapes[source]
    frames = [first] if sketch.shapes[first] == shape else []
    others = [name for name in (*frames, *sketch.neurons(shape)) if name != source]
    other = sketch.choose.pick(others) if others else source
    return sketch.add(Add(sketch.name("sum"), (Ref(source), sketch.ref(other, Feature.LATE, 2))))


def map_layer(sketch: Sketch, source: str) -> str:
    """A convolution from `source`, perhaps after pooling, and its neurons; the neurons' name."""
    if sketch.wants(Feature.POOLING, 3):
        source = _pool(sketch, source)
    if sketch.wants(Feature.BARE, 8):
        refs, shape = [sketch.ref(source, Feature.LATE)], sketch.shapes[source]
    else:
        refs = [Ref(name) for name in _conv(sketch, source)]
        shape = sketch.shapes[refs[0].node]
    name = sketch.name("map")
    if sketch.wants(Feature.FEEDBACK, 4):
        weight = weights(sketch, (shape[0], shape[0], 3, 1), 1)
        back = Conv2d(sketch.name("back"), (Ref(name, sketch.choose.integer(1, 3)),), weight, padding=(1, 0))
        refs.append(Ref(sketch.add(back, shape)))
        name = sketch.name("map") if name in sketch.shapes else name
    return sketch.add(neuron(sketch, name, tuple(refs), shape))


def _pool(sketch: Sketch, source: str) -> str:
    _, height, width = sketch.shapes[source]
    kernel = sketch.choose.integer(1, min(3, height)), sketch.choose.integer(1, min(3, width))
    refs = (sketch.ref(source, Feature.LATE),)
    return sketch.add(SumPool2d(sketch.name("pool"), refs, kernel, _pair(sketch, 1, 4)))


def _conv(sketch: Sketch, source: str) -> list[str]:
    """One Conv2d, or two that share the weights between two delays."""
    shape = sketch.shapes[source]
    dilation = _pair(sketch, 1, 3) if sketch.wants(Feature.DILATION, 3) else (1, 1)
    padding = _pair(sketch, 0, 2)
    kernel = _kernel(sketch, shape, padding, dilation)
    groups = shape[0] if sketch.wants(Feature.GROUPS, 3) else 1
    out = groups * sketch.choose.integer(1, 3)
    weight = weights(sketch, (out, shape[0] // groups, *kernel), sketch.reach(source))
    offset, stride = bias(sketch, Feature.SYNAPSE_BIAS, out), _pair(sketch, 1, 4)
    ref = sketch.ref(source, Feature.MAP_DELAYS)
    parts = [(ref, weight, offset)]
    if ref.delay and sketch.choose.coin():
        late = sketch.choose.array(weight.shape, 0, 1)
        parts = [(ref, weight * late, offset), (Ref(source), weight * (1 - late), None)]
    return [
        sketch.add(Conv2d(sketch.name("conv"), (edge,), part, extra, stride, padding, dilation, groups))
        for edge, part, extra in parts
    ]


def _kernel(sketch: Sketch, shape: Shape, padding: Pair, dilation: Pair) -> Pair:
    """Sides of 1 to 4 that fit the padded map."""
    fits = [(shape[1 + axis] + 2 * padding[axis] - 1) // dilation[axis] + 1 for axis in (0, 1)]
    return sketch.choose.integer(1, min(4, fits[0])), sketch.choose.integer(1, min(4, fits[1]))


def _pair(sketch: Sketch, low: int, high: int) -> Pair:
    return sketch.choose.integer(low, high), sketch.choose.integer(low, high)
