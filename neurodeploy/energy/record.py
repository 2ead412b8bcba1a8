"""What a rule asks about a run, and the answers of a recorded trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import numpy as np

from neurodeploy.energy.activity import Amounts
from neurodeploy.energy.fixed import Fixed
from neurodeploy.energy.widths import value_bits
from neurodeploy.errors import DataError
from neurodeploy.graph import Node, Trace
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import FIXED, Arithmetic, Array


@final
@dataclass(frozen=True, eq=False)
class Met:
    """What arrived at a node through one of its inputs, (time, sample) each; time is that of the arrival.

    Args:
        ones: weights met by values of magnitude 1: binary and ternary spikes.
        others: weights met by all other non-zero values.
        values: values that were not zero.
    """

    ones: Amounts
    others: Amounts
    values: Array


@runtime_checkable
class Record(Protocol):
    """A run of a network, as counting sees it."""

    @property
    def fixed(self) -> Fixed:
        """What is known of the graph."""

    @property
    def steps(self) -> int:
        """Timesteps of each sample."""

    @property
    def samples(self) -> int:
        """Samples recorded."""

    def met(self, node: Node, place: int) -> Met:
        """What `node` received through its input number `place`; weights are those of `fixed.fans`, if any."""

    def sent(self, node: Node) -> Array:
        """(time, sample): values that `node` gave out and that are not zero."""

    def bits(self, name: str) -> int:
        """Bits of one output value of a node."""

    def did(self, node: Node) -> tuple[Array, Array, Array]:
        """(time, sample): neurons that changed or fired, whose current wrapped, and whose voltage was clipped."""

    def spikes(self, node: Node) -> Array:
        """(neurons,): spikes of each neuron within the timesteps of each sample that count."""


@final
class TraceRecord:
    """A checked trace.

    Args:
        trace: every output and state of the graph, as `simulate` records them.
        until: (samples,) timesteps of each sample that count.
    Raises:
        DataError: a value is missing, has another shape, is NaN or infinite, or there is no data at all.
    """

    def __init__(self, fixed: Fixed, trace: Trace, until: Array | None = None) -> None:
        self.fixed, self.graph, self.trace = fixed, fixed.graph, trace
        entry = self.graph.input.name
        if entry not in trace:
            raise DataError(source="trace", reason=f"'{entry}', the network's input, was not recorded")
        self.steps, self.samples = map(int, trace[entry].shape[:2])
        if 0 in (self.steps, self.samples):
            raise DataError(source="trace", reason="it holds no samples or no timesteps, so there is nothing to count")
        for node in self.graph.nodes:
            for name in (node.name, *(f"{node.name}.{state}" for state in node.states)):
                self._check(name, self.graph.shapes[node.name])
        self.until = np.full(self.samples, self.steps) if until is None else until

    def _check(self, name: str, shape: tuple[int, ...]) -> None:
        if name not in self.trace:
            hint = "Counting needs every output and state; the reference simulator records them."
            raise DataError(source="trace", reason=f"'{name}' was not recorded", hint=hint)
        found, wanted = self.trace[name], (self.steps, self.samples, *shape)
        if found.shape != wanted:
            raise DataError(source="trace", reason=f"'{name}' has shape {found.shape}, wanted {wanted}")
        if found.dtype.kind == "f" and not np.isfinite(found).all():
            raise DataError(source="trace", reason=f"'{name}' holds NaN or infinity")

    def met(self, node: Node, place: int) -> Met:
        ref = node.inputs[place]
        fan = self.fixed.fans.get(node.name)
        weights = [np.zeros((1, 1))] * 2 if fan is None else [fan.stored, fan.nonzero]
        found = np.zeros((5, self.steps, self.samples), np.int64)
        delay = self.graph.delay(node, ref)
        for time in range(delay, self.steps):
            sizes = np.abs(self.trace[ref.node][time - delay])
            marks = (sizes == 1, (sizes != 0) & (sizes != 1))
            if fan is not None:
                found[:4, time] = [
                    (mark * table).reshape(self.samples, -1).sum(1) for mark in marks for table in weights
                ]
            found[4, time] = (sizes != 0).reshape(self.samples, -1).sum(1)
        return Met(Amounts(found[0], found[1]), Amounts(found[2], found[3]), found[4])

    def sent(self, node: Node) -> Array:
        return np.asarray((self.trace[node.name] != 0).reshape(self.steps, self.samples, -1).sum(2))

    def bits(self, name: str) -> int:
        bounds = self.fixed.proof.bounds[name] if self.fixed.proof else None
        return value_bits(self.graph[name], bounds, self.trace[name])

    def did(self, node: Node) -> tuple[Array, Array, Array]:
        wraps, clips = (
            overflows(self, node) if self.fixed.proof else (np.zeros((self.steps, self.samples), np.int64),) * 2
        )
        return self._changed(node), wraps, clips

    def _changed(self, node: Node) -> Array:
        output = self.trace[node.name]
        changed = output != 0 if isinstance(node, Cuba) else np.zeros_like(output, bool)
        for state in node.states:
            values = self.trace[f"{node.name}.{state}"]
            changed[0] |= values[0] != 0
            changed[1:] |= values[1:] != values[:-1]
        return np.asarray(changed.reshape(self.steps, self.samples, -1).sum(2))

    def spikes(self, node: Node) -> Array:
        inside = np.arange(self.steps)[:, None] < self.until
        output = self.trace[node.name].reshape(self.steps, self.samples, -1)
        return np.asarray(((output != 0) & inside[..., None]).sum((0, 1)))

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
    """The integer arithmetic, counting for each sample how often a current wrapped and a voltage saturated."""

    dtype = FIXED.dtype

    def __init__(self, samples: int) -> None:
        self.wraps = np.zeros(samples, np.int64)
        self.saturations = np.zeros(samples, np.int64)

    def decay(self, state: Array, amount: int) -> Array:
        return FIXED.decay(state, amount)

    def inject(self, value: Array) -> Array:
        return FIXED.inject(value)

    def wrap(self, state: Array) -> Array:
        wrapped = FIXED.wrap(state)
        self.wraps += _by_sample(wrapped != state)
        return wrapped

    def saturate(self, state: Array) -> Array:
        clipped = FIXED.saturate(state)
        self.saturations += _by_sample(clipped != state)
        return clipped


def _by_sample(marks: Array) -> Array:
    return np.asarray(marks.reshape(len(marks), -1).sum(1))


def overflows(record: TraceRecord, node: Node) -> tuple[Array, Array]:
    """(wraps of currents, saturations of voltages), (time, sample): the steps of neurons replayed on recorded inputs.

    Raises:
        DataError: the replay differs from the record, so the trace is of another network.
    """
    trace = record.trace
    names = {state: f"{node.name}.{state}" for state in node.states}
    state = {key: np.zeros_like(record.summed(node, 0)) for key in names}
    found = np.zeros((2, record.steps, record.samples), np.int64)
    for time in range(record.steps):
        watched = WatchedArithmetic(record.samples)
        output, after = node.step(record.summed(node, time), state, watched)
        expected = {node.name: output, **{names[key]: array for key, array in after.items()}}
        for name, array in expected.items():
            if not np.array_equal(trace[name][time], array):
                reason = (
                    f"'{name}' at timestep {time} is not what this network computes: the trace is of another network"
                )
                raise DataError(source="trace", reason=reason)
        state, found[:, time] = dict(after), (watched.wraps, watched.saturations)
    return found[0], found[1]
