"""What every node has: a name, inputs, a shape rule, one step of computation, and its fan-out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from neurodeploy.errors import GraphError, ShapeError
from neurodeploy.graph.numeric import Arithmetic, Array

Shape = tuple[int, ...]
"""(neurons,) or (channel, height, width); never with time or batch."""

State = Mapping[str, Array]
"""State name ("current", "voltage") to array (batch, *shape)."""


@final
@dataclass(frozen=True, slots=True)
class Ref:
    """One input of a node: the value of `node`, `delay` timesteps ago."""

    node: str
    delay: int = 0


@final
@dataclass(frozen=True, eq=False)
class FanOut:
    """How many weights each input value meets; both arrays have the node's input shape."""

    stored: Array
    """All weights inside the output map (borders, stride, dilation and groups respected)."""
    nonzero: Array
    """Those of them that are not zero."""


@dataclass(frozen=True, eq=False)
class Node(ABC):
    """One node of a graph. Kinds are final and live in `neurodeploy.graph.nodes`.

    Args:
        name: a C identifier, unique in its graph.
        inputs: the values that are added up to make the node's input.
    """

    name: str
    inputs: tuple[Ref, ...]

    is_synapse: ClassVar[bool] = False
    """Synapses deliver one step later under the pipelined schedule."""
    states: ClassVar[tuple[str, ...]] = ()
    """Names of the states that the node keeps between timesteps and a trace records."""

    @abstractmethod
    def output_shape(self, shape: Shape) -> Shape:
        """Shape of the output for an input of `shape`.

        Raises:
            ShapeError: the input does not fit.
        """

    @abstractmethod
    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        """Output (batch, *output shape) and next state, from the summed input (batch, *shape)."""

    def bounds(self, low: int, high: int) -> tuple[Array, Array]:
        """Least and greatest output per channel or neuron for inputs within low..high (integer graphs)."""
        return np.array([low]), np.array([high])

    def fan_out(self, shape: Shape) -> FanOut | None:
        """Weights met by each input value; None where a node multiplies nothing."""
        return None

    def refuse_shape(self, found: Shape, wanted: object) -> ShapeError:
        """The error for an input of a wrong shape."""
        return ShapeError(node=self.name, source=", ".join(r.node for r in self.inputs), found=found, wanted=wanted)

    def require(self, fact: bool, reason: str) -> None:
        """Refuse the node unless `fact` holds.

        Raises:
            GraphError: it does not.
        """
        if not fact:
            raise GraphError(node=self.name, reason=reason)

    def own_array(self, field: str, ndim: int) -> None:
        """Replace an array field by a read-only copy; frameworks share memory with live models.

        Raises:
            GraphError: wrong number of dimensions, an empty array, not a number type, NaN or infinity.
        """
        value = getattr(self, field)
        if value is None:
            return
        array = np.array(value)
        self.require(array.dtype.kind in "iuf", f"{field} has dtype {array.dtype}, wanted integer or float")
        self.require(array.ndim == ndim, f"{field} has {array.ndim} dimensions, wanted {ndim}")
        self.require(array.size > 0, f"{field} is empty")
        self.require(bool(np.isfinite(array).all()), f"{field} holds NaN or infinity")
        array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float64)
        array.flags.writeable = False
        object.__setattr__(self, field, array)


@dataclass(frozen=True, eq=False)
class Synapse(Node):
    """A node that multiplies its input by stored weights; `weight` has the output channel first."""

    weight: Array
    bias: Array | None = None
    """Added to every sum at every step, per output channel or neuron, in weight steps."""

    is_synapse: ClassVar[bool] = True

    def bounds(self, low: int, high: int) -> tuple[Array, Array]:
        """Sum of the best and of the worst choice of every input (all taps: border outputs only have fewer)."""
        flat = self.weight.reshape(len(self.weight), -1)
        offset = 0 if self.bias is None else self.bias
        choices = np.stack([flat * low, flat * high])
        return choices.min(0).sum(1) + offset, choices.max(0).sum(1) + offset
