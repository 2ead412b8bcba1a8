"""ONNX graphs piece by piece: every value typed, every name given by the caller, the same calls the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, final

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

Dim = int | str
"""A size, or the name of one that is known when the model runs: "time", "batch", "samples" (time x batch)."""


class Kind(Enum):
    """Element type of a value; the value is its numpy name."""

    BOOL = "bool"
    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT = "float32"
    DOUBLE = "float64"

    @property
    def onnx(self) -> int:
        """ONNX's number for it."""
        return int(helper.np_dtype_to_tensor_dtype(np.dtype(self.value)))


@final
@dataclass(frozen=True)
class Value:
    """One value in an ONNX graph.

    Args:
        dims: symbolic leading axes, then the node's shape.
        scale: the tensor holds `scale` times the number it stands for (64: a sum already in membrane steps).
    """

    name: str
    kind: Kind
    dims: tuple[Dim, ...]
    scale: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes of known size: the node's shape."""
        return tuple(dim for dim in self.dims if isinstance(dim, int))

    @property
    def info(self) -> ValueInfoProto:
        """Name, type and shape as ONNX writes them."""
        return helper.make_tensor_value_info(self.name, self.kind.onnx, list(self.dims))


@final
class Builder:
    """Nodes and constants of one graph, or of the body of a Scan inside `outer` (which keeps the constants)."""

    def __init__(self, name: str, outer: Builder | None = None) -> None:
        self.name, self.outer = name, outer
        self.nodes: list[NodeProto] = []
        self.values: dict[str, Value] = {}
        self.exposed: dict[str, str] = {} if outer is None else outer.exposed
        """Name in a trace ("lif1", "lif1.voltage") to the name of the value that holds it."""
        self.constants: dict[str, TensorProto] = {} if outer is None else outer.constants

    def constant(self, name: str, array: Any, kind: Kind) -> Value:
        """A stored array (or 0-D number); a name stands for one array."""
        stored = np.asarray(array).astype(kind.value)
        tensor = numpy_helper.from_array(stored, name)
        if self.constants.setdefault(name, tensor) != tensor:
            raise ValueError(f"two constants would be called {name}")
        return Value(name, kind, stored.shape)

    def node(
        self,
        op: str,
        inputs: Sequence[Value | None],
        name: str,
        kind: Kind,
        dims: Sequence[Dim],
        *,
        scale: int = 1,
        **attributes: Any,
    ) -> Value:
        """The output of a new node `op`; asked for the same node again, that of the first."""
        value = Value(name, kind, tuple(dims), scale)
        names = ["" if source is None else source.name for source in inputs]
        node = helper.make_node(op, names, [name], name=name, **attributes)
        if name not in self.values:
            self.nodes.append(node)
            self.values[name] = value
        elif node not in self.nodes:
            raise ValueError(f"two values would be called {name}")
        return value

    def like(self, op: str, source: Value, others: Sequence[Value], name: str, **attributes: Any) -> Value:
        """An elementwise node whose output has the type, shape and scale of `source`, its first input."""
        return self.node(op, [source, *others], name, source.kind, source.dims, scale=source.scale, **attributes)

    def cast(self, value: Value, kind: Kind, name: str = "") -> Value:
        """`value` in another element type."""
        if value.kind is kind:
            return value
        name = name or f"{value.name}.{kind.value}"
        return self.node("Cast", [value], name, kind, value.dims, scale=value.scale, to=kind.onnx)

    def expose(self, trace_name: str, value: Value) -> Value:
        """Record which value holds what a trace calls `trace_name`."""
        self.exposed[trace_name] = value.name
        return value

    def scan(self, name: str, body: GraphProto, initial: Sequence[Value], scanned: Value, output: str) -> Value:
        """The last output of `body` at every step, along a first axis "time"; its other outputs are the states."""
        finals = [Value(f"{name}.final{n}", start.kind, start.dims) for n, start in enumerate(initial)]
        last = body.output[-1].type.tensor_type
        kind = next(kind for kind in Kind if kind.onnx == last.elem_type)
        result = Value(output, kind, (*scanned.dims[:2], *(dim.dim_value for dim in last.shape.dim[1:])))
        inputs, outputs = [value.name for value in (*initial, scanned)], [value.name for value in (*finals, result)]
        self.nodes.append(helper.make_node("Scan", inputs, outputs, name=name, body=body, num_scan_inputs=1))
        self.values |= {value.name: value for value in (*finals, result)}
        return result

    def output(self, value: Value, name: str, kind: Kind) -> Value:
        """`value` as an output of the graph called `name`."""
        op, extra = ("Identity", {}) if value.kind is kind else ("Cast", {"to": kind.onnx})
        return self.node(op, [value], name, kind, value.dims, scale=value.scale, **extra)

    def graph(self, inputs: Sequence[Value], outputs: Sequence[Value]) -> GraphProto:
        """The finished graph; constants lie in the outermost one."""
        ends = {value.name for value in (*inputs, *outputs)}
        infos = [value.info for name, value in self.values.items() if name not in ends]
        constants = list(self.constants.values()) if self.outer is None else []
        ins, outs = [value.info for value in inputs], [value.info for value in outputs]
        return helper.make_graph(self.nodes, self.name, ins, outs, constants, value_info=infos)
