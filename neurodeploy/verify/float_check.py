"""A float32 run against the float64 meaning of the network, layer by layer.

Rounding can decide a spike whose voltage lies within it of the threshold, and everything downstream then differs
although nothing is wrong. So each neuron is checked on its own: it is given the spikes that the runtime itself produced
before it, and its next state is computed in float64 from the runtime's own last state. Every step must agree to the
size of rounding; since states start at zero, all steps together are then the network. That is far stricter than
comparing ends: a weight wrong by a thousandth shows at the first spike it meets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from neurodeploy.errors import MismatchError
from neurodeploy.graph import Graph, Node, Synapse, Trace, predictions
from neurodeploy.graph.nodes import AvgPool2d, Cuba, Input, Reset, SumPool2d
from neurodeploy.graph.numeric import DECAY_ONE, FLOAT, Array

SMALLEST = 1e-30
"""Keeps the share defined where nothing was added up; below any number that a network works with."""

STEP_ROUNDINGS = 8
"""Besides one for each term of a sum: its product, weight and bias; decay, state, current and bias of the neuron."""


@final
@dataclass(frozen=True)
class FloatChecked:
    """What a float run was found to be.

    Args:
        values: numbers compared.
        differences: value name -> largest difference, as a share of the magnitudes added up in that number.
        borderline: neuron -> spikes that rounding decided otherwise than float64 would have.
        differing_spikes, spikes: between the runtime and a float64 run from end to end, and how many that one has.
        differing_answers, samples: likewise for the class of each sample.
    """

    values: int
    differences: Mapping[str, float]
    borderline: Mapping[str, int]
    differing_spikes: int
    spikes: int
    differing_answers: int
    samples: int

    @property
    def largest(self) -> float:
        """The largest of all differences."""
        return max(self.differences.values(), default=0.0)


def check_float(
    graph: Graph, frames: Array, expected: Trace, found: Trace, unit: float, *, decays_round: bool = False
) -> FloatChecked:
    """Check that `found` is a float32 run of `graph`.

    Args:
        frames: (time, batch, *input shape).
        expected: simulate(graph, frames), for the differences from end to end.
        found: output of every neuron and readout; "name.current" and "name.voltage" where the runtime shows them, and
            "name.membrane", the voltage before the reset: with it the firing rule itself is checked, without tolerance.
        unit: what one rounding changes at most, as a share; 2**-24 for float32. As many are allowed as numbers that are
            not zero were added up, so the limit is what rounding can do and no choice.
        decays_round: the runtime's decays are rounded numbers too (a time constant in seconds, say), so that a share of
            the whole state may differ and not only of what is left of it.
    Raises:
        MismatchError: the first node, timestep and index beyond it.
        ValueError: `found` lacks a neuron.
    """
    missing = [node.name for node in graph.nodes if node.states and node.name not in found]
    if missing:
        raise ValueError(f"the trace lacks the outputs of {', '.join(missing)}")
    outputs = {node.name: found[node.name] for node in graph.nodes if node.states}
    sums = _inputs(graph, frames, outputs)
    sizes = _inputs(_magnitudes(graph), frames, {name: np.abs(array) for name, array in outputs.items()})
    terms = _inputs(_ones(graph), frames != 0, {name: array != 0 for name, array in outputs.items()})
    log = _Log(found, unit)
    for node in graph.nodes:
        if node.states:
            received = _Inputs(sums[node.name], sizes[node.name], terms[node.name] + STEP_ROUNDINGS)
            if isinstance(node, Cuba):
                _check_neuron(node, received, log, decays_round)
            else:
                _check_readout(node, received, log)
    neurons = [node.name for node in graph.nodes if isinstance(node, Cuba)]
    return FloatChecked(
        values=log.values,
        differences=log.differences,
        borderline=log.borderline,
        differing_spikes=sum(int((expected[name] != found[name]).sum()) for name in neurons),
        spikes=sum(int(expected[name].sum()) for name in neurons),
        differing_answers=int((predictions(graph, expected) != predictions(graph, found)).sum()),
        samples=frames.shape[1],
    )


def _magnitudes(graph: Graph) -> Graph:
    """The graph that adds up the absolute values of what `graph` adds up."""
    return replace(graph, nodes=tuple(_with_weights(node, np.abs) for node in graph.nodes))


def _ones(graph: Graph) -> Graph:
    """The graph that counts the terms of what `graph` adds up."""
    nodes = [_with_weights(node, lambda array: (array != 0).astype(np.float64)) for node in graph.nodes]
    pools = [
        SumPool2d(node.name, node.inputs, node.kernel, node.stride) if isinstance(node, AvgPool2d) else node
        for node in nodes
    ]
    return replace(graph, nodes=tuple(pools))


def _with_weights(node: Node, change: Callable[[Array], Array]) -> Node:
    if not isinstance(node, Synapse):
        return node
    return replace(node, weight=change(node.weight), bias=None if node.bias is None else change(node.bias))


def _inputs(graph: Graph, frames: Array, outputs: Mapping[str, Array]) -> dict[str, Array]:
    """Summed input (time, batch, *shape) of every node with states, when those nodes put out `outputs`."""
    steps, batch = frames.shape[:2]
    values = {node.name: np.zeros((steps, batch, *graph.shapes[node.name])) for node in graph.nodes}
    values |= outputs
    inputs = {n.name: np.zeros((steps, batch, *graph.input_shape(n))) for n in graph.nodes}
    for time in range(steps):
        for node in graph.nodes:
            total = frames[time].astype(np.float64) if isinstance(node, Input) else inputs[node.name][time]
            for ref in node.inputs:
                past = time - graph.delay(node, ref)
                if past >= 0:
                    total += values[ref.node][past]
            if not node.states:
                values[node.name][time] = node.step(total, {}, FLOAT)[0]
    return {node.name: inputs[node.name] for node in graph.nodes if node.states}


@final
@dataclass(frozen=True, eq=False)
class _Inputs:
    """What a node receives, (time, batch, *shape) each: the sum, the sum of magnitudes, and how many roundings."""

    sums: Array
    sizes: Array
    roundings: Array


@final
@dataclass
class _Log:
    """Compares, and remembers what was compared."""

    found: Trace
    unit: float
    values: int = 0
    differences: dict[str, float] = field(default_factory=dict)
    borderline: dict[str, int] = field(default_factory=dict)

    def near(self, name: str, time: int, expected: Array, size: Array, roundings: Array | int) -> Array:
        """The runtime's own value where it shows one, else `expected`.

        Raises:
            MismatchError: they differ by more than `roundings` of numbers of `size`.
        """
        if name not in self.found:
            return expected
        found: Array = self.found[name][time]
        share = np.abs(found - expected) / np.maximum(size, SMALLEST)
        self.values += found.size
        self.differences[name] = max(self.differences.get(name, 0.0), float(share.max()))
        self._refuse(name, time, ~(share <= self.unit * roundings), expected, found)
        return found

    def fired(self, node: Cuba, time: int, exact: Array, membrane: Array, room: Array) -> Array:
        """The runtime's spikes.

        Args:
            exact, membrane: voltage before the reset in float64, and as the runtime has it.
            room: how far rounding may have moved it.
        Raises:
            MismatchError: a spike that neither the runtime's own voltage nor rounding explains.
        """
        found: Array = self.found[node.name][time]
        threshold = float(np.float32(node.threshold))
        wanted = (membrane > threshold).astype(np.float64)
        hidden = f"{node.name}.membrane" not in self.found
        close = hidden & (np.abs(membrane - threshold) <= room) & ((found == 0) | (found == 1))
        self.values += found.size
        odd = int((found != (exact > node.threshold)).sum())
        self.borderline[node.name] = self.borderline.get(node.name, 0) + odd
        self._refuse(node.name, time, (found != wanted) & ~close, wanted, found)
        return found

    def _refuse(self, name: str, time: int, bad: Array, expected: Array, found: Array) -> None:
        if not bad.any():
            return
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise MismatchError(
            node=name,
            timestep=time,
            index=place,
            expected=float(expected[place]),
            found=float(found[place]),
            differing=int(bad.sum()),
            compared=bad.size,
        )


def _check_neuron(node: Cuba, inputs: _Inputs, log: _Log, decays_round: bool) -> None:
    """Every step of a neuron, each from the runtime's own last state."""
    name, keep_current, keep_voltage = node.name, 1 - node.current_decay / DECAY_ONE, 1 - node.voltage_decay / DECAY_ONE
    bias = np.zeros(1) if node.bias is None else node.bias.reshape(-1, *(1,) * (inputs.sums.ndim - 3))
    current = voltage = np.zeros(inputs.sums.shape[1:])
    for time, (received, size, roundings) in enumerate(zip(inputs.sums, inputs.sizes, inputs.roundings, strict=True)):
        size = (1.0 if decays_round else keep_current) * np.abs(current) + size
        current = log.near(f"{name}.current", time, keep_current * current + received, size, roundings)
        if f"{name}.current" in log.found:
            size, roundings = np.abs(current), STEP_ROUNDINGS
        size = size + (1.0 if decays_round else keep_voltage) * np.abs(voltage) + np.abs(bias) + node.threshold
        exact = keep_voltage * voltage + current + bias
        membrane = log.near(f"{name}.membrane", time, exact, size, roundings)
        spikes = log.fired(node, time, exact, membrane, log.unit * roundings * size)
        rest = membrane - node.threshold if node.reset is Reset.SUBTRACT else np.zeros_like(membrane)
        voltage = log.near(f"{name}.voltage", time, np.where(spikes > 0, rest, membrane), size, roundings)


def _check_readout(node: Node, inputs: _Inputs, log: _Log) -> None:
    total = np.zeros(inputs.sums.shape[1:])
    for time, (received, size, roundings) in enumerate(zip(inputs.sums, inputs.sizes, inputs.roundings, strict=True)):
        size, exact = np.abs(total) + size, total + received
        for name in (node.name, f"{node.name}.current", f"{node.name}.voltage"):
            log.near(name, time, exact, size, roundings)
        total = log.found[node.name][time]
