"""Random weights, biases and neurons, with the values at which targets differ."""

from __future__ import annotations

from math import prod
from typing import Final

import numpy as np

from neurodeploy.conformance.features import Feature
from neurodeploy.conformance.sketch import Sketch
from neurodeploy.graph import Ref, Shape
from neurodeploy.graph.int_graph import SUM_HIGH
from neurodeploy.graph.nodes import Cuba, Reset
from neurodeploy.graph.nodes.cuba import THRESHOLD_HIGH
from neurodeploy.graph.numeric import DECAY_ONE, Array

EDGES_HIGH: Final = 12
"""At most so many edges end in one neuron; each gets this share of what an accumulator holds."""

BUDGET: Final = SUM_HIGH // EDGES_HIGH


def room(sketch: Sketch, fan_in: int, reach: int) -> int:
    """Largest weight with which the sum of `fan_in` inputs up to `reach` still fits."""
    return BUDGET // (fan_in * reach)


def weights(sketch: Sketch, shape: Shape, reach: int) -> Array:
    """Weights (out, ...) for inputs of magnitude up to `reach`.

    Even ones of both signs are what every target has; coarse ones put sums exactly at thresholds.
    """
    choose, high = sketch.choose, room(sketch, prod(shape[1:]), reach)
    if high > 256 and sketch.wants(Feature.WIDE, 5):
        return _both_signs(choose.array(shape, -min(32768, high), min(32767, high)), 257)
    if prod(shape) > 1 and sketch.wants(Feature.ODD, 3):
        array = _both_signs(choose.array(shape, -min(128, high), min(127, high)), 1)
        array.reshape(-1)[0] |= 1
        return array
    if sketch.wants(Feature.ONE_SIGN, 4):
        sign = choose.pick((1, 1, -1))
        return sign * choose.array(shape, 0, min(255 if sign > 0 else 127, high))
    step = 2 * choose.pick((1, 1, 16))
    half = min(256 // step, high // step)
    array = choose.array(shape, -half, half) * step
    if choose.coin():
        array = array * choose.array(shape, 0, 1)
    return _both_signs(np.minimum(array, 254), step)


def _both_signs(array: Array, least: int) -> Array:
    """`array` with its first value at least `least` and its last at most minus that; one value alone is positive."""
    flat = array.reshape(-1)
    flat[-1] = min(int(flat[-1]), -least) if flat.size > 1 else flat[-1]
    flat[0] = max(int(flat[0]), least)
    return array


def bias(sketch: Sketch, feature: Feature, size: int) -> Array | None:
    """One value for each channel or neuron, often none."""
    if not sketch.wants(feature, 3):
        return None
    high = sketch.choose.pick((3, 60, 600, 4000))
    return sketch.choose.array((size,), -high, high)


def decay(sketch: Sketch) -> int:
    """Of the values at which rounding, forgetting and keeping begin, or any."""
    return sketch.choose.pick((DECAY_ONE, 0, 2048, 1, DECAY_ONE - 1, 410, sketch.choose.integer(0, DECAY_ONE)))


def threshold(sketch: Sketch, reach: int) -> int:
    """Of those that inputs up to `reach` meet exactly, pass easily, or hardly reach."""
    choose, top = sketch.choose, min(reach, THRESHOLD_HIGH)
    small = choose.integer(0, min(reach, 60))
    some = choose.integer(0, top // choose.pick((4, 16, 64)) + 1)
    return choose.pick((32, 64, small, small, 2 * small, some, some, 0, 0, 0, 1, top if choose.coin() else small))


def neuron(sketch: Sketch, name: str, refs: tuple[Ref, ...], shape: Shape) -> Cuba:
    """Neurons that hear `refs`; `shape` is theirs."""
    reach = sketch.reach(*(ref.node for ref in refs))
    reset = Reset.SUBTRACT if sketch.wants(Feature.SUBTRACT, 3) else Reset.ZERO
    decays = decay(sketch), decay(sketch)
    return Cuba(name, refs, *decays, threshold(sketch, reach), bias(sketch, Feature.NEURON_BIAS, shape[0]), reset)
