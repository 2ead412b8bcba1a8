"""The exact integer form: equal to the simulator in every bit.

A decay multiplies a state of up to 2**23 by up to 2**12: too wide for int32, exact in float64 (53 bits), and Cast from
float64 to int32 drops the fraction, which is the wanted rounding towards zero. It is faster than int64 with Div.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, final

from neurodeploy.exporters._onnx_build import Builder, Kind, Value
from neurodeploy.exporters._onnx_dialect import Dialect, Emitter, Stepped, fire
from neurodeploy.exporters._onnx_layout import flat, timed
from neurodeploy.exporters._onnx_ranges import SPAN, Plan, plan
from neurodeploy.exporters._onnx_synapses import add, conv2d, dense, scaled, sum_pool2d
from neurodeploy.exporters._state_range import UNIT
from neurodeploy.graph import IntGraph, Node
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Readout, SumPool2d
from neurodeploy.graph.numeric import DECAY_ONE, STATE


@final
class IntegerDialect(Dialect):
    """Emits the nodes of an IntGraph."""

    name = "integer"
    spike_kind = Kind.UINT8

    def __init__(self, integer: IntGraph) -> None:
        self.integer, self.graph = integer, integer.graph
        self.plans: dict[str, Plan] = {node.name: plan(integer, node) for node in self.graph.nodes if node.states}

    def _dense(self, builder: Builder, node: Dense, value: Value) -> Value:
        return dense(builder, self.integer, node, value, self._scale(node))

    def _conv2d(self, builder: Builder, node: Conv2d, value: Value) -> Value:
        return conv2d(builder, self.integer, node, value, self._scale(node))

    def _sum_pool2d(self, builder: Builder, node: SumPool2d, value: Value) -> Value:
        return sum_pool2d(builder, self.integer, node, value)

    def _flatten(self, builder: Builder, node: Flatten, value: Value) -> Value:
        return flat(builder, value, f"{node.name}.flat")

    def _add(self, builder: Builder, node: Add, value: Value) -> Value:
        return value

    table: ClassVar[Mapping[type[Node], Emitter]] = {
        Dense: _dense,
        Conv2d: _conv2d,
        SumPool2d: _sum_pool2d,
        Flatten: _flatten,
        Add: _add,
    }

    def _scale(self, node: Node) -> int:
        return UNIT if self.stateful_readers(node) else 1

    def total(self, builder: Builder, node: Node, values: Sequence[Value]) -> Value:
        return add(builder, node, values)

    def output_kind(self, node: Node) -> Kind:
        return Kind.UINT8 if self.integer.bounds[node.name] == (0, 1) else Kind.INT32

    def states(self, node: Node) -> Mapping[str, Kind]:
        kind = self.plans[node.name].kind
        kept = {"current": not isinstance(node, Cuba) or node.current_decay < DECAY_ONE}
        kept["voltage"] = isinstance(node, Cuba) and node.voltage_decay < DECAY_ONE
        return {name: kind for name, needed in kept.items() if needed}

    def drive(self, builder: Builder, node: Node, value: Value) -> Value:
        value = replace(scaled(builder, builder.cast(value, self.plans[node.name].kind), UNIT), scale=1)
        if not isinstance(node, Cuba) or node.current_decay < DECAY_ONE:
            return value
        current = self._wrapped(builder, node, value, f"{node.name}.current.now")
        builder.expose(f"{node.name}.current", current)
        return self._biased(builder, node, current)

    def step(self, builder: Builder, node: Node, drive: Value, states: Mapping[str, Value]) -> Stepped:
        after: dict[str, Value] = {}
        if "current" in states:
            name = f"{node.name}.current.next"
            left = self._decayed(builder, node, "current", states)
            total = builder.like("Add", left, [drive], f"{name}.sum" if self.plans[node.name].wraps else name)
            drive = self._wrapped(builder, node, total, name)
            after["current"] = builder.expose(f"{node.name}.current", drive)
        if isinstance(node, Cuba):
            return self._fire(builder, node, drive, states, after)
        return Stepped(self._read(builder, node, drive), after)

    def _fire(
        self, builder: Builder, node: Cuba, push: Value, states: Mapping[str, Value], after: dict[str, Value]
    ) -> Stepped:
        name, kind = node.name, push.kind
        if "current" in after:
            push = self._biased(builder, node, push)
        voltage = push
        if "voltage" in states:
            left = self._decayed(builder, node, "voltage", states)
            voltage = builder.like("Add", left, [push], f"{name}.membrane")
        voltage = _saturated(builder, voltage, self.plans[name], name)
        threshold = builder.constant(f"{name}.threshold", UNIT * int(node.threshold), kind)
        spikes, rested = fire(builder, node, voltage, threshold)
        return Stepped(spikes, after | ({"voltage": rested} if "voltage" in states else {}))

    def whole(self, builder: Builder, node: Node, drive: Value) -> Value | None:
        if not isinstance(node, Readout) or self.plans[node.name].kind is not Kind.INT32:
            return None
        axis = builder.constant("time.axis", 0, Kind.INT64)
        # int64 holds 2**32 timesteps of 2**31; modulo 2**24 once at the end is the same as at every step
        total = builder.like("CumSum", builder.cast(timed(builder, drive), Kind.INT64), [axis], f"{node.name}.total")
        current = builder.cast(_modulo(builder, total, f"{node.name}.wrapped"), Kind.INT32, f"{node.name}.current.now")
        builder.expose(f"{node.name}.current", current)
        return self._read(builder, node, current)

    def _read(self, builder: Builder, node: Node, current: Value) -> Value:
        """A readout's output: the current, saturated."""
        value = _saturated(builder, current, self.plans[node.name], node.name)
        builder.expose(f"{node.name}.voltage", value)
        return builder.expose(node.name, value)

    def _biased(self, builder: Builder, node: Cuba, value: Value) -> Value:
        if node.bias is None:
            return value
        bias = UNIT * node.bias.reshape(-1, *(1,) * (len(value.shape) - 1))
        return builder.like(
            "Add", value, [builder.constant(f"{node.name}.bias", bias, value.kind)], f"{node.name}.drive"
        )

    def _decayed(self, builder: Builder, node: Node, state: str, states: Mapping[str, Value]) -> Value:
        value = states[state]
        keep = DECAY_ONE - (getattr(node, f"{state}_decay") if isinstance(node, Cuba) else 0)
        if keep == DECAY_ONE:
            return value
        name = f"{node.name}.{state}"
        if value.kind is Kind.INT64:
            factor = builder.constant(f"{name}.keep", keep, Kind.INT64)
            one = builder.constant("decay.one", DECAY_ONE, Kind.INT64)
            return builder.like("Div", builder.like("Mul", value, [factor], f"{name}.product"), [one], f"{name}.left")
        factor = builder.constant(f"{name}.keep", keep / DECAY_ONE, Kind.DOUBLE)
        product = builder.like("Mul", builder.cast(value, Kind.DOUBLE), [factor], f"{name}.product")
        return builder.cast(product, value.kind, f"{name}.left")

    def _wrapped(self, builder: Builder, node: Node, value: Value, name: str) -> Value:
        return _modulo(builder, value, name) if self.plans[node.name].wraps else value


def _saturated(builder: Builder, value: Value, limits: Plan, name: str) -> Value:
    """`value` within +-(2**23 - 1), as far as it may leave that."""
    if limits.falls:
        value = _limited(builder, value, f"{name}.lowest", -STATE.high, ("Max", "Less"))
    if limits.rises:
        value = _limited(builder, value, f"{name}.highest", STATE.high, ("Min", "Greater"))
    return value


def _limited(builder: Builder, value: Value, name: str, limit: int, ops: tuple[str, str]) -> Value:
    """`value` or `limit`, whichever is further in.

    Max, Min and Clip of int64 are wrong in onnxruntime 1.31.1 on x86 beyond 32 bits (its Eigen compares halves), so
    int64 compares and chooses. Clip of int32 exists since onnxruntime 1.19 only, and one side is mostly enough.
    """
    kind, (choose, compare) = value.kind, ops
    stop = builder.constant(f"{name}.{kind.value}", limit, kind)
    if kind is Kind.INT32:
        return builder.like(choose, value, [stop], name)
    outside = builder.node(compare, [value, stop], f"{name}.outside", Kind.BOOL, value.dims)
    return builder.node("Where", [outside, stop, value], name, kind, value.dims)


def _modulo(builder: Builder, value: Value, name: str) -> Value:
    """`value` modulo 2**24, within -2**23 + 1..2**23."""
    kind = value.kind
    offset = builder.constant(f"state.high.{kind.value}", STATE.high, kind)
    span = builder.constant(f"state.span.{kind.value}", SPAN, kind)
    raised = builder.like("Add", value, [offset], f"{name}.raised")
    return builder.like("Sub", builder.like("Mod", raised, [span], f"{name}.modulo"), [offset], name)
