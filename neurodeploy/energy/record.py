"""A checked trace of a graph, and what arrived at each node in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.errors import DataError
from neurodeploy.graph import Graph, IntGraph, Node, Ref, Trace
from neurodeploy.graph.nodes import Cuba, Readout
from neurodeploy.graph.numeric import DECAY_ONE, FIXED, FRACTION_BITS, STATE, Arithmetic, Array


@final
@dataclass(frozen=True, eq=False)
class Arrivals:
    """How often a value arrived at each input position, over all steps and samples; in the node's input shape."""

    ones: Array
    """Values of magnitude 1: binary and ternary spikes."""
    others: Array
    """All other non-zero values."""


@final
@dataclass(frozen=True, eq=False)
class Record:
    """What a run recorded, checked against its graph.

    Args:
        proof: the integer graph with its proved ranges, or None for a float graph.
        is_simulated: the trace comes from a simulator of this graph and not from elsewhere.
    Raises:
        DataError: a value is missing, has another shape, is NaN or infinite, or there is no data at all.
    """

    graph: Graph
    proof: IntGraph | None
    trace: Trace
    is_simulated: bool = False

    def __post_init__(self) -> None:
        if self.graph.input.name not in self.trace:
            raise DataError(source="trace", reason=f"'{self.graph.input.name}', the network's input, was not recorded")
        if 0 in self.trace[self.graph.input.name].shape[:2]:
            raise DataError(source="trace", reason="it holds no samples or no timesteps, so there is nothing to count")
        for node in self.graph.nodes:
            for name in (node.name, *(f"{node.name}.{state}" for state in node.states)):
                self._check(name, self.graph.shapes[node.name])

    def _check(self, name: str, shape: tuple[int, ...]) -> None:
        if name not in self.trace:
            hint = "Counting needs every output and state; the reference simulator records them."
            raise DataError(source="trace", reason=f"'{name}' was not recorded", hint=hint)
        found, wanted = self.trace[name], (self.steps, self.samples, *shape)
        if found.shape != wanted:
            raise DataError(source="trace", reason=f"'{name}' has shape {found.shape}, wanted {wanted}")
        if found.dtype.kind == "f" and not np.isfinite(found).all():
            raise DataError(source="trace", reason=f"'{name}' holds NaN or infinity")

    @property
    def steps(self) -> int:
        """Timesteps of each sample."""
        return int(self.trace[self.graph.input.name].shape[0])

    @property
    def samples(self) -> int:
        """Samples recorded."""
        return int(self.trace[self.graph.input.name].shape[1])

    def seen(self, node: Node, ref: Ref) -> Array:
        """(time, batch, *shape): what `node` received through `ref` within the recorded steps."""
        return self.trace[ref.node][: max(0, self.steps - self.graph.delay(node, ref))]

    def arrivals(self, node: Node, ref: Ref) -> Arrivals:
        """Arrived values of `ref`, sorted by magnitude; each value is looked at by itself."""
        seen = self.seen(node, ref)
        ones = tally(np.abs(seen) == 1)
        if self.proof is not None and max(map(abs, self.proof.bounds[ref.node])) <= 1:
            return Arrivals(ones=ones, others=np.zeros_like(ones))
        return Arrivals(ones=ones, others=tally(seen != 0) - ones)

    def summed(self, node: Node, time: int) -> Array:
        """(batch, *shape): the input of `node` at step `time`."""
        value = np.zeros((self.samples, *self.graph.input_shape(node)), FIXED.dtype)
        for ref in node.inputs:
            past = time - self.graph.delay(node, ref)
            if past >= 0:
                value = value + self.trace[ref.node][past].astype(FIXED.dtype)
        return value


@final
class WatchedArithmetic(Arithmetic):
    """The integer arithmetic, counting how often a current wrapped and a voltage saturated."""

    dtype = FIXED.dtype

    def __init__(self) -> None:
        self.wraps = 0
        self.saturations = 0

    def decay(self, state: Array, amount: int) -> Array:
        return FIXED.decay(state, amount)

    def inject(self, value: Array) -> Array:
        return FIXED.inject(value)

    def wrap(self, state: Array) -> Array:
        wrapped = FIXED.wrap(state)
        self.wraps += int(np.count_nonzero(wrapped != state))
        return wrapped

    def saturate(self, state: Array) -> Array:
        clipped = FIXED.saturate(state)
        self.saturations += int(np.count_nonzero(clipped != state))
        return clipped


def tally(marks: Array) -> Array:
    """How often each position of `marks` (time, batch, *shape), bool, is true.

    Added up as bytes, 255 at a time, which is many times faster than in wider integers.
    """
    total = np.zeros(marks.shape[2:], np.int64)
    for step in marks.view(np.uint8):
        for start in range(0, len(step), 255):
            total += np.add.reduce(step[start : start + 255], axis=0, dtype=np.uint8)
    return total


def overflows(record: Record, node: Node) -> tuple[int, int]:
    """(wraps of currents, saturations of voltages) of a neuron node: its steps are replayed on the recorded inputs.

    What was simulated here needs no replay where the proved ranges leave no room for either.

    Raises:
        DataError: the replay differs from the record, so the trace is of another network.
    """
    if record.is_simulated and not _may_overflow(record, node):
        return 0, 0
    watched, trace = WatchedArithmetic(), record.trace
    names = {state: f"{node.name}.{state}" for state in node.states}
    state = {key: np.zeros_like(record.summed(node, 0)) for key in names}
    for time in range(record.steps):
        output, after = node.step(record.summed(node, time), state, watched)
        expected = {node.name: output, **{names[key]: array for key, array in after.items()}}
        for name, array in expected.items():
            if not np.array_equal(trace[name][time], array):
                reason = (
                    f"'{name}' at timestep {time} is not what this network computes: the trace is of another network"
                )
                raise DataError(source="trace", reason=reason)
        state = dict(after)
    return watched.wraps, watched.saturations


def _may_overflow(record: Record, node: Node) -> bool:
    """Whether the largest possible inputs, all of one sign, could take a state beyond 24 bits within the run."""
    if record.proof is None or not isinstance(node, Cuba | Readout):
        return True
    low, high = record.proof.input_bounds(node)
    most = max(-low, high) << FRACTION_BITS
    keep, bias = (DECAY_ONE, 0), 0
    if isinstance(node, Cuba):
        keep = (DECAY_ONE - node.current_decay, DECAY_ONE - node.voltage_decay)
        bias = 0 if node.bias is None else int(np.abs(node.bias).max()) << FRACTION_BITS
    current = voltage = 0
    for _ in range(record.steps):
        current = current * keep[0] // DECAY_ONE + most
        voltage = voltage * keep[1] // DECAY_ONE + current + bias
    return max(current, voltage) > STATE.high
