"""What a placement needs to know of a network: sizes and widths of its layers, no weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import final

Pair = tuple[int, int]
Map = tuple[int, int, int]
"""(channel, height, width); neurons without a map are (neurons, 1, 1)."""


class Kind(Enum):
    """How an edge reaches its neurons."""

    DENSE = "dense"
    CONV = "conv"
    DIRECT = "direct"
    """One value for each neuron, without weights."""


@final
@dataclass(frozen=True)
class Edge:
    """Synapses from one source to the neurons of one layer.

    Args:
        name: of the synapse node; of the neurons where the edge is direct.
        source: the layer that sends, or the network's input.
        seen: map of the source, before pooling.
        out: output channels or neurons.
        bits: bits of one stored weight.
        biases: biases of the synapse node.
        delay: steps beyond the one that every synapse takes.
        copies: synapses for one pair of neurons: more than one where several delays meet.
        pool: window of the sum pooling before the synapses; (1, 1) where there is none.
        fan_out: most non-zero weights of one source neuron; connections: of all. None means that all weights count.
    """

    name: str
    kind: Kind
    source: str
    seen: Map
    out: int
    bits: int
    biases: int = 0
    delay: int = 0
    copies: int = 1
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    pool: Pair = (1, 1)
    fan_out: int | None = None
    connections: int | None = None

    @property
    def pooled(self) -> Map:
        """Map that the synapses see."""
        return (self.seen[0], self.seen[1] // self.pool[0], self.seen[2] // self.pool[1])

    @property
    def map(self) -> Map:
        """Map of the neurons that the synapses reach."""
        if self.kind is Kind.DENSE:
            return (self.out, 1, 1)
        if self.kind is Kind.DIRECT:
            return self.seen
        _, *sizes = self.pooled
        reach = [d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel, strict=True)]
        rows, columns = (
            (size + 2 * p - r) // s + 1 for size, p, r, s in zip(sizes, self.padding, reach, self.stride, strict=True)
        )
        return (self.out, rows, columns)

    @property
    def weights(self) -> int:
        """Weights of the network itself: a kernel once, a matrix once."""
        if self.kind is Kind.DENSE:
            return math.prod(self.pooled) * self.out * self.copies
        if self.kind is Kind.DIRECT:
            return 0
        return self.out * (self.seen[0] // self.groups) * math.prod(self.kernel)

    @property
    def most_targets(self) -> int:
        """Most neurons that one source neuron reaches."""
        if self.fan_out is not None:
            return self.fan_out
        if self.kind is Kind.DIRECT:
            return 1
        return self.out if self.kind is Kind.DENSE else self.out // self.groups * math.prod(self.kernel)

    @property
    def synapses(self) -> int:
        """Connections between neurons, each counted: what a chip without shared kernels holds."""
        if self.connections is not None:
            return self.connections
        if self.kind is Kind.CONV:
            return math.prod(self.map) * (self.seen[0] // self.groups) * math.prod(self.kernel)
        return math.prod(self.seen) if self.kind is Kind.DIRECT else self.weights

    def fused(self) -> Edge:
        """The same sums without pooling: a larger kernel, or a dense matrix on the unpooled map."""
        if self.pool == (1, 1):
            return self
        if self.kind is Kind.DENSE:
            return replace(self, pool=(1, 1))
        kernel, stride, padding = (
            (pair[0] * self.pool[0], pair[1] * self.pool[1]) for pair in (self.kernel, self.stride, self.padding)
        )
        return replace(self, kernel=kernel, stride=stride, padding=padding, pool=(1, 1))


@final
@dataclass(frozen=True)
class Layer:
    """Neurons with the synapses that reach them: the unit of a placement.

    Args:
        name: of the Cuba or Readout.
        fires: a Readout does not.
        states: states kept from step to step, of `STATE.bits` each.
        threshold_bits, bias_bits: magnitudes, in weight steps.
        biases: of the neurons.
        leaks, keeps_current: the voltage decays; the current does not vanish after each step.
        recurrent: some of its input comes from itself or from a later layer.
    """

    name: str
    edges: tuple[Edge, ...]
    fires: bool = True
    states: int = 1
    threshold_bits: int = 1
    bias_bits: int = 0
    biases: int = 0
    leaks: bool = False
    keeps_current: bool = False
    recurrent: bool = False

    @property
    def map(self) -> Map:
        """Map of the neurons."""
        return self.edges[0].map

    @property
    def neurons(self) -> int:
        """How many there are."""
        return math.prod(self.map)

    @property
    def weight_bits(self) -> int:
        """Widest weight, or 0 where there is none."""
        return max((edge.bits for edge in self.edges), default=0)

    @property
    def delay(self) -> int:
        """Longest delay."""
        return max(edge.delay for edge in self.edges)


@final
@dataclass(frozen=True)
class Problem:
    """A node that has no place on chips made of neurons and synapses."""

    node: str
    reason: str


@final
@dataclass(frozen=True)
class Network:
    """Layers in the order of computation.

    Args:
        input: name of the input; a source like any layer, but outside the chip.
        problems: what could not be read as neurons and synapses.
    """

    input: str
    input_map: Map
    layers: tuple[Layer, ...]
    problems: tuple[Problem, ...] = ()
    consumers: Mapping[str, tuple[tuple[Layer, Edge], ...]] = field(init=False, repr=False, compare=False)
    """Source -> the edges that leave it, each with its layer."""

    def __post_init__(self) -> None:
        found: dict[str, list[tuple[Layer, Edge]]] = {layer.name: [] for layer in self.layers}
        for layer in self.layers:
            for edge in layer.edges:
                found.setdefault(edge.source, []).append((layer, edge))
        object.__setattr__(self, "consumers", {name: tuple(edges) for name, edges in found.items()})

    def __getitem__(self, name: str) -> Layer:
        return next(layer for layer in self.layers if layer.name == name)
