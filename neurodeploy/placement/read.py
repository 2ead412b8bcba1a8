"""A graph read as layers: neurons with the synapses that reach them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import final

import numpy as np

from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.node import Node, Shape, Synapse
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, SumPool2d
from neurodeploy.graph.numeric import DECAY_ONE
from neurodeploy.graph.widths import weight_bits
from neurodeploy.placement.network import Edge, Kind, Layer, Map, Network, Pair, Problem


def read_network(graph: Graph) -> Network:
    """The layers of `graph`: each Cuba and Readout with everything between it and the neurons that feed it.

    Flatten and Add only say what meets what; sum pooling becomes part of the synapses that read it. What fits no such
    form (synapses after synapses, overlapping windows) is among the network's problems.
    """
    return _Reader(graph).network()


@final
class _Reader:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.order = {node.name: place for place, node in enumerate(graph.nodes)}
        self.problems: list[Problem] = []

    def network(self) -> Network:
        layers = [self.layer(node) for node in self.graph.nodes if isinstance(node, Cuba | Readout)]
        if not isinstance(self.graph.output, Cuba | Readout):
            self.problem(self.graph.output, "the network ends in it, without neurons")
        return Network(
            input=self.graph.input.name,
            input_map=self.map(self.graph.input.name),
            layers=tuple(layer for layer in layers if layer.edges),
            problems=tuple(dict.fromkeys(self.problems)),
        )

    def map(self, name: str) -> Map:
        return _map(self.graph.shapes[name])

    def layer(self, node: Cuba | Readout) -> Layer:
        edges = self.merged(self.edges(node))
        if not edges:
            self.problem(node, "nothing that could be placed reaches it")
        # the edge that leads forward first: sizes follow from it
        edges.sort(key=lambda edge: self.order[edge.source] >= self.order[node.name])
        backward = any(self.order[edge.source] >= self.order[node.name] for edge in edges)
        if isinstance(node, Readout):
            return Layer(node.name, tuple(edges), fires=False, recurrent=backward)
        kept = (node.current_decay < DECAY_ONE) + (node.voltage_decay < DECAY_ONE)
        largest = 0 if node.bias is None else int(np.abs(node.bias).max())
        return Layer(
            name=node.name,
            edges=tuple(edges),
            states=int(kept),
            threshold_bits=int(node.threshold).bit_length(),
            bias_bits=largest.bit_length(),
            biases=0 if node.bias is None else len(node.bias),
            leaks=node.voltage_decay > 0,
            keeps_current=node.current_decay < DECAY_ONE,
            recurrent=backward,
        )

    def edges(self, neuron: Cuba | Readout) -> list[Edge]:
        """Every edge into `neuron`, through sums and flattening."""
        found: list[Edge] = []
        for node, ref, delay in self.behind(neuron):
            if isinstance(node, Synapse):
                for source in node.inputs:
                    found += self.edge(neuron, node, source, delay)
            elif isinstance(node, SumPool2d):
                found += self.pooled(neuron, node, delay)
            else:
                found.append(self.direct(neuron, ref.node, delay))
        return found

    def behind(self, node: Node, delay: int = 0) -> Iterator[tuple[Node, Ref, int]]:
        """What feeds `node`, through Add and Flatten, with the delays on the way."""
        for ref in node.inputs:
            source = self.graph[ref.node]
            if isinstance(source, Add | Flatten):
                yield from self.behind(source, delay + ref.delay)
            else:
                yield source, ref, delay + ref.delay

    def edge(self, neuron: Node, node: Synapse, ref: Ref, delay: int) -> list[Edge]:
        """The edges of one input of a synapse; several where that input is a sum."""
        if not isinstance(node, Dense | Conv2d):
            return self.problem(node, f"{type(node).__name__} has no form here")
        fan = node.fan_out(self.graph.input_shape(node)).nonzero
        form = Edge(
            name=node.name,
            kind=Kind.CONV if isinstance(node, Conv2d) else Kind.DENSE,
            source="",
            seen=(1, 1, 1),
            out=len(node.weight),
            bits=weight_bits(node.weight),
            biases=0 if node.bias is None else int(np.count_nonzero(node.bias)),
            fan_out=int(fan.max()),
            connections=int(fan.sum()),
        )
        if isinstance(node, Conv2d):
            height, width = node.weight.shape[2:]
            form = replace(form, kernel=(int(height), int(width)), stride=node.stride, padding=node.padding)
            form = replace(form, dilation=node.dilation, groups=node.groups)
        return [
            replace(form, source=name, seen=self.map(name), delay=self.extra(neuron, name, wait), pool=pool)
            for name, pool, wait in self.sources(ref, delay + ref.delay)
        ]

    def sources(self, ref: Ref, delay: int, pool: Pair = (1, 1)) -> Iterator[tuple[str, Pair, int]]:
        """Neurons or input behind a synapse's input, with the pooling and the delays on the way."""
        node = self.graph[ref.node]
        if isinstance(node, Cuba | Input):
            yield node.name, pool, delay
        elif isinstance(node, Add | Flatten):
            for before in node.inputs:
                yield from self.sources(before, delay + before.delay, pool)
        elif isinstance(node, SumPool2d) and pool == (1, 1) and node.kernel == node.stride:
            for before in node.inputs:
                yield from self.sources(before, delay + before.delay, node.kernel)
        elif isinstance(node, SumPool2d):
            self.problem(node, "its windows overlap or leave gaps, or it follows another pooling")
        else:
            self.problem(
                node, f"synapses read a {type(node).__name__}: only spikes, inputs and their sums reach synapses"
            )

    def pooled(self, neuron: Node, node: SumPool2d, delay: int) -> list[Edge]:
        """Pooling that neurons read: synapses of weight one, a channel each."""
        channels = self.map(node.name)[0]
        return [
            Edge(
                name=node.name,
                kind=Kind.CONV,
                source=name,
                seen=self.map(name),
                out=channels,
                bits=1,
                delay=self.extra(neuron, name, wait),
                kernel=node.kernel,
                stride=node.stride,
                groups=channels,
            )
            for ref in node.inputs
            for name, pool, wait in self.sources(ref, delay + ref.delay)
            if pool == (1, 1)
        ]

    def direct(self, neuron: Node, source: str, delay: int) -> Edge:
        seen = self.map(source)
        return Edge(neuron.name, Kind.DIRECT, source, seen, seen[0], 1, delay=self.extra(neuron, source, delay))

    def merged(self, edges: Iterable[Edge]) -> list[Edge]:
        """`edges` with parallel dense ones as one: the delays between two layers are fields of one synapse list."""
        groups: dict[tuple[str, Pair], list[Edge]] = {}
        found: list[Edge] = []
        for edge in edges:
            if edge.kind is Kind.DENSE:
                groups.setdefault((edge.source, edge.pool), []).append(edge)
            else:
                found.append(edge)
        return found + [self.one(group) for group in groups.values()]

    def one(self, group: list[Edge]) -> Edge:
        if len(group) == 1:
            return group[0]
        nodes = [self.graph[edge.name] for edge in group]
        meeting = sum((node.weight != 0).astype(np.int64) for node in nodes if isinstance(node, Dense))
        return replace(
            group[0],
            bits=max(edge.bits for edge in group),
            delay=max(edge.delay for edge in group),
            biases=max(edge.biases for edge in group),
            copies=max(1, int(np.max(meeting))),
            fan_out=sum(edge.most_targets for edge in group),
            connections=sum(edge.synapses for edge in group),
        )

    def extra(self, neuron: Node, source: str, delay: int) -> int:
        """Steps beyond the one that a chip's synapse takes anyway; an edge that leads back waits that one already."""
        return delay - 1 if self.order[source] >= self.order[neuron.name] else delay

    def problem(self, node: Node, reason: str) -> list[Edge]:
        self.problems.append(Problem(node.name, reason))
        return []


def _map(shape: Shape) -> Map:
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (shape[0], 1, 1)
