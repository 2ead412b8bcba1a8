"""A network as frozen nodes in the order of computation; checked when it is built."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import final

from neurodeploy.errors import GraphError, ShapeError
from neurodeploy.graph.node import Node, Ref, Shape
from neurodeploy.graph.nodes import KINDS, Input


class Schedule(Enum):
    """When a synapse delivers."""

    SWEEP = "sweep"
    """A timestep passes through all nodes."""
    PIPELINED = "pipelined"
    """Each synapse delivers one step later, as on Loihi; an edge that points to the node itself or to a later node
    already waits at least one step and waits no longer."""


@final
@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes in the order of computation.

    Names are unique C identifiers. An input without delay points to an earlier node; a delayed input may point
    anywhere, so recurrence is explicit. Exactly one Input; the last node is the output.

    Args:
        nodes: at least an Input and one more.
        timestep_us: duration of one timestep in µs, > 0; used by the energy report and NIR.
        schedule: when synapses deliver.
    Raises:
        GraphError, ShapeError: a rule is broken; the message names the node.
    """

    nodes: tuple[Node, ...]
    timestep_us: int | float = 1000.0
    schedule: Schedule = Schedule.SWEEP
    shapes: dict[str, Shape] = field(init=False, repr=False)
    """Output shape of each node."""

    def __post_init__(self) -> None:
        self._check_kinds()
        self._check_names()
        self._check_edges()
        object.__setattr__(self, "shapes", self._infer_shapes())
        if not self.timestep_us > 0:
            raise GraphError(node="graph", reason=f"timestep_us is {self.timestep_us}, allowed: > 0")

    def _check_kinds(self) -> None:
        for node in self.nodes:
            if type(node) not in KINDS:
                kinds = ", ".join(kind.__name__ for kind in KINDS)
                raise GraphError(node=node.name, reason=f"unknown node kind {type(node).__name__}; known: {kinds}")
        inputs = [node.name for node in self.nodes if isinstance(node, Input)]
        if len(inputs) != 1 or len(self.nodes) < 2:
            raise GraphError(node="graph", reason=f"wanted one Input and at least one more node, found Inputs {inputs}")

    def _check_names(self) -> None:
        seen: set[str] = set()
        for node in self.nodes:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", node.name) or keyword.iskeyword(node.name):
                raise GraphError(node=node.name, reason="the name is not a C identifier")
            if node.name in seen:
                raise GraphError(node=node.name, reason="the name is used twice")
            seen.add(node.name)

    def _check_edges(self) -> None:
        place = {node.name: index for index, node in enumerate(self.nodes)}
        for index, node in enumerate(self.nodes):
            if not node.inputs and not isinstance(node, Input):
                raise GraphError(node=node.name, reason="it has no inputs")
            for ref in node.inputs:
                if ref.node not in place:
                    raise GraphError(node=node.name, reason=f"input '{ref.node}' does not exist")
                if ref.delay < 0:
                    raise GraphError(node=node.name, reason=f"input '{ref.node}' has delay {ref.delay}, allowed: >= 0")
                if ref.delay == 0 and place[ref.node] >= index:
                    hint = "Give the edge a delay of at least one timestep, or move the node."
                    raise GraphError(node=node.name, reason=f"input '{ref.node}' is computed later", hint=hint)

    def _infer_shapes(self) -> dict[str, Shape]:
        """A node's shape follows from any known input; recurrent inputs become known after one more round."""
        shapes: dict[str, Shape] = {}
        while len(shapes) < len(self.nodes):
            before = len(shapes)
            for node in self.nodes:
                known = [shapes[ref.node] for ref in node.inputs if ref.node in shapes]
                if node.name not in shapes and (known or not node.inputs):
                    shapes[node.name] = node.output_shape(known[0] if known else ())
            if len(shapes) == before:
                stuck = next(node.name for node in self.nodes if node.name not in shapes)
                raise GraphError(
                    node=stuck, reason="none of its inputs goes back to the Input, so its shape is unknown"
                )
        for node in self.nodes:
            for ref in node.inputs:
                if shapes[ref.node] != shapes[node.inputs[0].node]:
                    wanted = shapes[node.inputs[0].node]
                    raise ShapeError(node=node.name, source=ref.node, found=shapes[ref.node], wanted=wanted)
        return {node.name: shapes[node.name] for node in self.nodes}

    def __getitem__(self, name: str) -> Node:
        for node in self.nodes:
            if node.name == name:
                return node
        raise GraphError(node=name, reason=f"no such node; the graph has {', '.join(n.name for n in self.nodes)}")

    @property
    def input(self) -> Input:
        """Where frames enter."""
        return next(node for node in self.nodes if isinstance(node, Input))

    @property
    def output(self) -> Node:
        """The last node: spikes of the last neurons, or a Readout."""
        return self.nodes[-1]

    def input_shape(self, node: Node) -> Shape:
        """Shape of what `node` receives."""
        return self.shapes[node.inputs[0].node] if node.inputs else self.shapes[node.name]

    def consumers(self, name: str) -> tuple[Node, ...]:
        """Nodes that read `name`."""
        return tuple(node for node in self.nodes if any(ref.node == name for ref in node.inputs))

    def delay(self, node: Node, ref: Ref) -> int:
        """Timesteps between a value of `ref.node` and its use in `node`, under this graph's schedule."""
        if self.schedule is Schedule.SWEEP or not node.is_synapse:
            return ref.delay
        names = [n.name for n in self.nodes]
        forward = names.index(ref.node) < names.index(node.name)
        return ref.delay + 1 if forward else ref.delay
