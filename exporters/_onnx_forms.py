"""The two forms of a model: `step`, one timestep with its states as inputs and outputs, and `sequence`, all of them.

A sequence runs layer by layer: each synapse once over all timesteps, then a Scan over its neurons only. Where a value
returns to an earlier node or waits on an edge that cannot be done; then one Scan runs the step form over time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from onnx import GraphProto

from neurodeploy.early_exit import ExitRule
from neurodeploy.exporters._onnx_build import Builder, Kind, Value
from neurodeploy.exporters._onnx_dialect import Dialect
from neurodeploy.exporters._onnx_exit import exit_values
from neurodeploy.exporters._onnx_layout import FRAMES, at_rest, timed, zeros
from neurodeploy.graph import Node, Ref
from neurodeploy.graph.nodes import Input

OUTPUT = "output"


@final
@dataclass(frozen=True)
class Line:
    """One state: what the step before left, zero at first, and what this step leaves."""

    before: Value
    after: Value


@final
@dataclass(frozen=True, eq=False)
class Form:
    """A finished graph, its states (step form only), and where the values of a trace are found in it."""

    graph: GraphProto
    states: tuple[Line, ...]
    values: Mapping[str, str]
    early_exit: Mapping[str, object] | None = None
    """What the file says about its early exit, where it has one."""


def step_form(dialect: Dialect, rule: ExitRule | None = None) -> Form:
    """One timestep: frames and states in, output and states out, all with one leading axis "batch".

    Args:
        rule: says after each timestep whether the answer is final; None: nothing of the kind is in the graph.
    """
    builder = Builder("step")
    frames = _frames(dialect, FRAMES, "batch")
    walk = _Step(dialect, builder, frames)
    output = walk.run(OUTPUT)
    early = None if rule is None else exit_values(builder, dialect.graph, output, rule)
    lines = [*walk.lines, *(Line(*pair) for pair in (early.states if early else ()))]
    inputs, outputs = [line.before for line in lines], [line.after for line in lines]
    graph = builder.graph([frames, *inputs], [output, *outputs, *(early.outputs if early else [])])
    return Form(graph, tuple(lines), builder.exposed, early.facts(rule) if early and rule else None)


def sequence_form(dialect: Dialect, rule: ExitRule | None = None) -> Form:
    """All timesteps from zero states: frames (time, batch, ...) in, output (time, batch, ...) out.

    Args:
        rule: of no use here, as all timesteps are computed.
    """
    graph, builder = dialect.graph, Builder("sequence")
    frames = _frames(dialect, FRAMES, "time", "batch")
    waits = any(graph.delay(node, ref) for node in graph.nodes for ref in node.inputs)
    output = _scanned(dialect, builder, frames) if waits else _Layers(dialect, builder, frames).run(OUTPUT)
    return Form(builder.graph([frames], [output]), (), builder.exposed)


def _frames(dialect: Dialect, name: str, *lead: str) -> Value:
    return Value(name, dialect.spike_kind, (*lead, *dialect.graph.input.shape))


def _scanned(dialect: Dialect, builder: Builder, frames: Value) -> Value:
    """The whole network as the body of one Scan."""
    body = Builder("timestep", builder)
    now = _frames(dialect, f"{FRAMES}.now", "batch")
    walk = _Step(dialect, body, now)
    output = walk.run(f"{OUTPUT}.now")
    graph = body.graph([*(line.before for line in walk.lines), now], [*(line.after for line in walk.lines), output])
    states = [line.before for line in walk.lines]
    initial = [zeros(builder, f"{state.name}.zero", state.kind, state.shape) for state in states]
    return builder.scan("network.scan", graph, initial, frames, OUTPUT)


class _Walk(ABC):
    """Emits the nodes of a graph in their order."""

    def __init__(self, dialect: Dialect, builder: Builder, frames: Value) -> None:
        self.dialect, self.graph, self.builder, self.frames = dialect, dialect.graph, builder, frames
        self.values: dict[str, Value] = {}

    def run(self, output: str) -> Value:
        """The network's output, under the name `output`."""
        for node in self.graph.nodes:
            self.values[node.name] = self.frames if isinstance(node, Input) else self._emit(node)
        self.finish()
        last = self.graph.output
        return self.builder.output(timed(self.builder, self.values[last.name]), output, self.dialect.output_kind(last))

    def _emit(self, node: Node) -> Value:
        inputs = [self.read(node, ref) for ref in node.inputs]
        value = inputs[0] if len(inputs) == 1 else self.dialect.total(self.builder, node, inputs)
        if node.states:
            return self.neuron(node, self.dialect.drive(self.builder, node, value))
        return self.dialect.table[type(node)](self.dialect, self.builder, node, value)

    @abstractmethod
    def read(self, node: Node, ref: Ref) -> Value:
        """What `node` receives over one edge."""

    @abstractmethod
    def neuron(self, node: Node, drive: Value) -> Value:
        """The output of a node with states."""

    @abstractmethod
    def finish(self) -> None:
        """What is left to do once all values exist."""

    def states(self, node: Node) -> dict[str, Value]:
        """The states of `node` before a timestep."""
        shape, kinds = self.graph.shapes[node.name], self.dialect.states(node)
        return {state: Value(f"{node.name}.{state}", kind, ("batch", *shape)) for state, kind in kinds.items()}


@final
class _Layers(_Walk):
    """All timesteps of one node after all timesteps of the node before; needs a graph without delays."""

    def read(self, node: Node, ref: Ref) -> Value:
        return self.values[ref.node]

    def neuron(self, node: Node, drive: Value) -> Value:
        whole = self.dialect.whole(self.builder, node, drive)
        states = self.states(node)
        if whole is not None or not states:
            return whole or self.dialect.step(self.builder, node, drive, {}).output
        body, drive = Builder(f"{node.name}.timestep", self.builder), timed(self.builder, drive)
        now = Value(f"{node.name}.drive.now", drive.kind, ("batch", *drive.shape))
        stepped = self.dialect.step(body, node, now, states)
        after = [stepped.states[state] for state in states]
        graph = body.graph([*states.values(), now], [*after, stepped.output])
        initial = [at_rest(self.builder, drive, node.name)] * len(states)
        steps = self.builder.scan(f"{node.name}.scan", graph, initial, drive, f"{node.name}.steps")
        return self.builder.expose(node.name, steps)

    def finish(self) -> None:
        pass


@final
class _Step(_Walk):
    """One timestep; values that are used later wait in delay lines, which are states too."""

    def __init__(self, dialect: Dialect, builder: Builder, frames: Value) -> None:
        super().__init__(dialect, builder, frames)
        self.lines: list[Line] = []
        self.past: dict[str, list[Value]] = {}

    def read(self, node: Node, ref: Ref) -> Value:
        delay = self.graph.delay(node, ref)
        if delay == 0:
            return self.values[ref.node]
        line, source = self.past.setdefault(ref.node, []), self._source(ref.node)
        while len(line) < delay:
            name = f"{ref.node}.past{len(line) + 1}"
            line.append(Value(name, source.kind, source.dims, source.scale))
        return line[delay - 1]

    def _source(self, name: str) -> Value:
        """A value as a delay line keeps it; one not computed yet is the spikes of a recurrent neuron."""
        known = self.values.get(name, Value(name, Kind.BOOL, ("batch", *self.graph.shapes[name])))
        kind = self.dialect.spike_kind if known.kind is Kind.BOOL else known.kind
        return Value(known.name, kind, known.dims, known.scale)

    def neuron(self, node: Node, drive: Value) -> Value:
        states = self.states(node)
        stepped = self.dialect.step(self.builder, node, drive, states)
        self.lines += [Line(before, stepped.states[state]) for state, before in states.items()]
        return stepped.output

    def finish(self) -> None:
        for name, line in self.past.items():
            newer = self.values[name]
            for before in line:
                after = self.builder.output(newer, f"{before.name}.next", before.kind)
                self.lines.append(Line(before, after))
                newer = before
