"""The float32 form of the network before quantization. Decays are multiples of 1/4096, which float32 holds exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

import numpy as np

from neurodeploy.exporters._onnx_build import Builder, Kind, Value
from neurodeploy.exporters._onnx_dialect import Dialect, Emitter, Stepped, fire
from neurodeploy.exporters._onnx_layout import flat, folded, timed
from neurodeploy.exporters._onnx_synapses import window
from neurodeploy.graph import Graph, Node
from neurodeploy.graph.nodes import (
    Add,
    AvgPool2d,
    Conv2d,
    Cuba,
    Dense,
    Flatten,
    MaxPool2d,
    Readout,
    SumPool2d,
)
from neurodeploy.graph.numeric import DECAY_ONE

FLOAT = Kind.FLOAT


@final
class FloatDialect(Dialect):
    """Emits the nodes of a float Graph."""

    name = "float"
    spike_kind = FLOAT

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def _dense(self, builder: Builder, node: Dense, value: Value) -> Value:
        value = timed(builder, value)
        weight = builder.constant(f"{node.name}.weight", node.weight.T, FLOAT)
        dims = (*value.dims[:-1], len(node.weight))
        total = builder.node("MatMul", [builder.cast(value, FLOAT), weight], f"{node.name}.sum", FLOAT, dims)
        return _biased(builder, total, node.bias, node.name, f"{node.name}.biased")

    def _conv2d(self, builder: Builder, node: Conv2d, value: Value) -> Value:
        inputs = [_maps(builder, value), builder.constant(f"{node.name}.weight", node.weight, FLOAT)]
        if node.bias is not None:
            inputs.append(builder.constant(f"{node.name}.bias", node.bias, FLOAT))
        return self._map_node(builder, node, "Conv", inputs, **window(node))

    def _avg_pool2d(self, builder: Builder, node: AvgPool2d, value: Value) -> Value:
        return self._map_node(builder, node, "AveragePool", [_maps(builder, value)], **_pool(node))

    def _max_pool2d(self, builder: Builder, node: MaxPool2d, value: Value) -> Value:
        return self._map_node(builder, node, "MaxPool", [_maps(builder, value)], **_pool(node))

    def _sum_pool2d(self, builder: Builder, node: SumPool2d, value: Value) -> Value:
        value = _maps(builder, value)
        ones = builder.constant(f"{node.name}.ones", np.ones((value.shape[0], 1, *node.kernel)), FLOAT)
        return self._map_node(builder, node, "Conv", [value, ones], group=value.shape[0], **_pool(node))

    def _flatten(self, builder: Builder, node: Flatten, value: Value) -> Value:
        return flat(builder, value, f"{node.name}.flat")

    def _add(self, builder: Builder, node: Add, value: Value) -> Value:
        return value

    table: ClassVar[Mapping[type[Node], Emitter]] = {
        Dense: _dense,
        Conv2d: _conv2d,
        AvgPool2d: _avg_pool2d,
        MaxPool2d: _max_pool2d,
        SumPool2d: _sum_pool2d,
        Flatten: _flatten,
        Add: _add,
    }

    def _map_node(self, builder: Builder, node: Node, op: str, inputs: Sequence[Value], **attributes: Any) -> Value:
        dims = (inputs[0].dims[0], *self.graph.shapes[node.name])
        return builder.node(op, inputs, f"{node.name}.sum", FLOAT, dims, **attributes)

    def total(self, builder: Builder, node: Node, values: Sequence[Value]) -> Value:
        terms = [builder.cast(timed(builder, value), FLOAT) for value in values]
        total = terms[0]
        for number, term in enumerate(terms[1:], 1):
            total = builder.like("Add", total, [term], f"{node.name}.total{number}")
        return total

    def output_kind(self, node: Node) -> Kind:
        return FLOAT

    def states(self, node: Node) -> Mapping[str, Kind]:
        kept = {"current": not isinstance(node, Cuba) or node.current_decay < DECAY_ONE}
        kept["voltage"] = isinstance(node, Cuba) and node.voltage_decay < DECAY_ONE
        return {name: FLOAT for name, needed in kept.items() if needed}

    def drive(self, builder: Builder, node: Node, value: Value) -> Value:
        value = builder.cast(value, FLOAT)
        if not isinstance(node, Cuba) or node.current_decay < DECAY_ONE:
            return value
        builder.expose(f"{node.name}.current", value)
        return _biased(builder, value, node.bias, node.name, f"{node.name}.drive")

    def step(self, builder: Builder, node: Node, drive: Value, states: Mapping[str, Value]) -> Stepped:
        after: dict[str, Value] = {}
        if "current" in states:
            left = _decayed(builder, node, "current", states)
            drive = builder.like("Add", left, [drive], f"{node.name}.current.next")
            after["current"] = builder.expose(f"{node.name}.current", drive)
        if isinstance(node, Cuba):
            return _fire(builder, node, drive, states, after)
        builder.expose(f"{node.name}.voltage", drive)
        return Stepped(builder.expose(node.name, drive), after)

    def whole(self, builder: Builder, node: Node, drive: Value) -> Value | None:
        if not isinstance(node, Readout):
            return None
        axis = builder.constant("time.axis", 0, Kind.INT64)
        total = builder.like("CumSum", timed(builder, drive), [axis], f"{node.name}.current.now")
        for name in (node.name, f"{node.name}.current", f"{node.name}.voltage"):
            builder.expose(name, total)
        return total


def _fire(builder: Builder, node: Cuba, push: Value, states: Mapping[str, Value], after: dict[str, Value]) -> Stepped:
    name = node.name
    voltage = _biased(builder, push, node.bias, name, f"{name}.drive") if "current" in after else push
    if "voltage" in states:
        left = _decayed(builder, node, "voltage", states)
        voltage = builder.like("Add", left, [voltage], f"{name}.membrane")
    builder.expose(f"{name}.membrane", voltage)
    threshold = builder.constant(f"{name}.threshold", node.threshold, FLOAT)
    spikes, rested = fire(builder, node, voltage, threshold)
    return Stepped(spikes, after | ({"voltage": rested} if "voltage" in states else {}))


def _biased(builder: Builder, value: Value, bias: Any, node: str, name: str) -> Value:
    """`value` plus a bias per channel; Any: an array or None."""
    if bias is None:
        return value
    across = bias.reshape(-1, *(1,) * (len(value.shape) - 1))
    return builder.like("Add", value, [builder.constant(f"{node}.bias", across, FLOAT)], name)


def _decayed(builder: Builder, node: Node, state: str, states: Mapping[str, Value]) -> Value:
    keep = DECAY_ONE - (getattr(node, f"{state}_decay") if isinstance(node, Cuba) else 0)
    if keep == DECAY_ONE:
        return states[state]
    factor = builder.constant(f"{node.name}.{state}.keep", keep / DECAY_ONE, FLOAT)
    return builder.like("Mul", states[state], [factor], f"{node.name}.{state}.left")


def _maps(builder: Builder, value: Value) -> Value:
    return builder.cast(folded(builder, value), FLOAT)


def _pool(node: AvgPool2d | MaxPool2d | SumPool2d) -> dict[str, Any]:
    return {"kernel_shape": list(node.kernel), "strides": list(node.stride)}
