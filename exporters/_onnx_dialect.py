"""What the float and the integer form have to answer, so that the step and sequence forms are written once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

from neurodeploy.exporters._onnx_build import Builder, Kind, Value
from neurodeploy.graph import Graph, Node
from neurodeploy.graph.nodes import Cuba, Reset

Emitter = Callable[[Any, Builder, Any, Value], Value]
"""(dialect, builder, node, summed input) to output; Any because each emitter takes its own kind of node."""


@final
@dataclass(frozen=True)
class Stepped:
    """What a neuron makes of one timestep (or of all of them, where nothing is carried over)."""

    output: Value
    states: Mapping[str, Value]
    """Those that the next timestep needs, under their names in the graph ("current", "voltage")."""


class Dialect(ABC):
    """The arithmetic of one form: emits the ONNX nodes of each graph node."""

    name: ClassVar[str]
    table: ClassVar[Mapping[type[Node], Emitter]]
    """Emitters of the nodes without state; Input, Cuba and Readout are walked by the forms."""
    spike_kind: ClassVar[Kind]
    """Type of frames, and of spikes wherever a user or a delay line sees them."""
    graph: Graph

    @abstractmethod
    def total(self, builder: Builder, node: Node, values: Sequence[Value]) -> Value:
        """The sum of several inputs of `node`."""

    @abstractmethod
    def states(self, node: Node) -> Mapping[str, Kind]:
        """What a neuron or readout carries from step to step."""

    @abstractmethod
    def drive(self, builder: Builder, node: Node, value: Value) -> Value:
        """The part of a neuron that needs no state, so that it can be computed for all timesteps at once."""

    @abstractmethod
    def step(self, builder: Builder, node: Node, drive: Value, states: Mapping[str, Value]) -> Stepped:
        """The part of a neuron that needs its state."""

    @abstractmethod
    def whole(self, builder: Builder, node: Node, drive: Value) -> Value | None:
        """The output at all timesteps without a loop, where that is exactly the same; None where it is not."""

    @abstractmethod
    def output_kind(self, node: Node) -> Kind:
        """Type of the model's output."""

    def stateful_readers(self, node: Node) -> bool:
        """Only neurons and readouts use the output of `node`, so it may come in membrane steps."""
        readers = self.graph.consumers(node.name)
        return bool(readers) and node is not self.graph.output and all(reader.states for reader in readers)

    def answer(self) -> str:
        """How the model's output over time becomes scores."""
        return "sum over time" if isinstance(self.graph.output, Cuba) else "last timestep"


def fire(builder: Builder, node: Cuba, voltage: Value, threshold: Value) -> tuple[Value, Value]:
    """Spikes, and the voltage after them: less itself or less the threshold where there is one.

    v - v x 1 and v - t x 0 are exact in floats too. onnxruntime needs about half the time of Where for them.
    """
    name = node.name
    spikes = builder.node("Greater", [voltage, threshold], f"{name}.spike", Kind.BOOL, voltage.dims)
    fired = builder.cast(spikes, voltage.kind, f"{name}.fired")
    taken = builder.like("Mul", fired, [threshold if node.reset is Reset.SUBTRACT else voltage], f"{name}.taken")
    after = builder.like("Sub", voltage, [taken], f"{name}.voltage.next")
    builder.expose(f"{name}.voltage", after)
    return builder.expose(name, spikes), after
