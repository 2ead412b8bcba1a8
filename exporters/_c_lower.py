"""A graph as the C code runs it: sinks that add up, sources that deliver, and the links between them.

Everything between two neurons is linear. Each path from a source (the input, a neuron) to a sink (a neuron, a readout)
becomes one link: a delay, windows that are summed, and at most one synapse. Where a second linear step follows a
synapse, the first one's sums are kept as values of their own (a Total) and the path is cut there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.exporters._c_view import View, view
from neurodeploy.graph import Graph, IntGraph, Node, Ref, Synapse
from neurodeploy.graph.node import Shape
from neurodeploy.graph.nodes import Conv2d, Cuba, Input, SumPool2d
from neurodeploy.graph.numeric import Array


@final
@dataclass(frozen=True, eq=False)
class Window:
    """A SumPool2d on a path, with the shapes it goes between."""

    node: SumPool2d
    before: Shape
    after: Shape


@final
@dataclass(frozen=True, eq=False)
class Link:
    """One path from a source to a sink.

    Args:
        number: names its function.
        delay: timesteps between the source's value and the sink's sum.
        windows: sums over windows between source and synapse, in order.
        synapse: weights on the path, or None where values arrive as they are.
        domain: how the synapse (or the sink, without one) numbers what reaches it.
    """

    number: int
    source: str
    sink: str
    delay: int
    windows: tuple[Window, ...]
    synapse: Synapse | None
    domain: View


@final
@dataclass(frozen=True, eq=False)
class Source:
    """A node whose values start links: events (0/1 or counts), or integers of any size.

    Args:
        ring: timesteps that its values are kept for delayed links; 0 where there are none.
        high: how often an index may be among the events of one timestep.
    """

    node: Node
    view: View
    is_events: bool
    ring: int
    high: int
    links: tuple[Link, ...]


@final
@dataclass(frozen=True, eq=False)
class Sink:
    """A node that adds up what its links deliver.

    Args:
        constants: delay -> what biases on the way add to every sum from that timestep on, in the order of `view`.
    """

    node: Node
    view: View
    links: tuple[Link, ...]
    constants: Mapping[int, Array]


@final
@dataclass(frozen=True, eq=False)
class Network:
    """All sources and sinks, each in the order of computation."""

    integer: IntGraph
    sources: tuple[Source, ...]
    sinks: tuple[Sink, ...]

    @property
    def graph(self) -> Graph:
        """The graph itself."""
        return self.integer.graph

    def source(self, name: str) -> Source | None:
        """The source called `name`, if that node is one."""
        return next((s for s in self.sources if s.node.name == name), None)


def lower(integer: IntGraph) -> Network:
    """The network of `integer`."""
    return _Lowering(integer).network()


@final
@dataclass(frozen=True, eq=False)
class _Path:
    source: str
    delay: int
    windows: tuple[Window, ...]
    synapse: Synapse | None


@final
class _Lowering:
    def __init__(self, integer: IntGraph) -> None:
        self.integer, self.graph = integer, integer.graph
        self.totals = _totals(self.graph)
        self.views = self._settled_views()

    def _settled_views(self) -> dict[str, View]:
        """The order of every sink's values; a convolution that would need another order gets a Total of its own."""
        while True:
            views = {name: self._view(name) for name in self._sinks()}
            wrong = [c.name for name in views for c in self._convolutions(name) if not self._same(c, views[name])]
            if not wrong:
                return views
            self.totals |= set(wrong)

    def _sinks(self) -> list[str]:
        return [n.name for n in self.graph.nodes if n.states or n.name in self.totals]

    def _convolutions(self, sink: str) -> list[Node]:
        return [p.synapse for p in self._paths(self.graph[sink]) if isinstance(p.synapse, Conv2d)]

    def _same(self, convolution: Node, other: View) -> bool:
        return view(self.graph.shapes[convolution.name], True) == other

    def _view(self, name: str) -> View:
        """Pixel by pixel where a convolution writes, seen through a Flatten too."""
        shape = self.graph.shapes[name]
        if len(shape) == 1:
            inner = [self.graph.shapes[node.name] for node in self._convolutions(name)]
            shape = inner[0] if inner else shape
        return view(shape, True)

    def _paths(self, sink: Node) -> Iterator[_Path]:
        windows = (self._window(sink),) if isinstance(sink, SumPool2d) else ()
        for ref in sink.inputs:
            synapse = sink if isinstance(sink, Synapse) else None
            yield from self._walk(ref, self.graph.delay(sink, ref), windows, synapse)

    def _walk(self, ref: Ref, delay: int, windows: tuple[Window, ...], synapse: Synapse | None) -> Iterator[_Path]:
        node = self.graph[ref.node]
        if self._starts(node):
            if synapse is None or synapse.weight.any():  # of weights split by delay, some may all be zero
                yield _Path(node.name, delay, windows, synapse)
            return
        if isinstance(node, SumPool2d):
            windows = (self._window(node), *windows)
        synapse = node if isinstance(node, Synapse) else synapse
        for inner in node.inputs:
            yield from self._walk(inner, delay + self.graph.delay(node, inner), windows, synapse)

    def _window(self, node: SumPool2d) -> Window:
        return Window(node, self.graph.input_shape(node), self.graph.shapes[node.name])

    def _starts(self, node: Node) -> bool:
        return isinstance(node, Input) or node.states != () or node.name in self.totals

    def _constants(self, sink: Node) -> dict[int, Array]:
        """What biases on the way add to the sink's sums, by the delay after which they begin."""
        found: dict[int, Array] = {}
        for delay, synapse in self._biased(sink, 0):
            shape = self.graph.shapes[synapse.name]
            assert synapse.bias is not None
            own = np.broadcast_to(synapse.bias.reshape(-1, *(1,) * (len(shape) - 1)), shape).reshape(-1)
            found[delay] = found.get(delay, 0) + own
        order = self.views[sink.name].graph_indices()
        return {delay: vector[order] for delay, vector in sorted(found.items()) if vector.any()}

    def _biased(self, node: Node, delay: int) -> Iterator[tuple[int, Synapse]]:
        if isinstance(node, Synapse):
            if node.bias is not None:
                yield delay, node
            return
        for ref in node.inputs:
            inner = self.graph[ref.node]
            if not self._starts(inner):
                yield from self._biased(inner, delay + self.graph.delay(node, ref))

    def network(self) -> Network:
        """All of it."""
        links: list[Link] = []
        for name in self._sinks():
            for path in self._paths(self.graph[name]):
                domain = self._domain(path, name)
                links.append(Link(len(links), path.source, name, path.delay, path.windows, path.synapse, domain))
        sinks = [self._sink(self.graph[name], links) for name in self._sinks()]
        sources = [self._source(node, links) for node in self.graph.nodes if self._starts(node)]
        return Network(self.integer, tuple(sources), tuple(sinks))

    def _sink(self, node: Node, links: list[Link]) -> Sink:
        own = tuple(link for link in links if link.sink == node.name)
        return Sink(node, self.views[node.name], own, self._constants(node))

    def _source_view(self, name: str) -> View:
        node = self.graph[name]
        answer = node is self.graph.output and not isinstance(node, Cuba)
        return view(self.graph.shapes[name], False) if answer or isinstance(node, Input) else self.views[name]

    def _domain(self, path: _Path, sink: str) -> View:
        """What the synapse's weights are ordered by: the source's own order, unless windows give a new map."""
        if path.synapse is None:
            return self.views[sink]
        if path.windows:
            return view(path.windows[-1].after, True)
        return self._source_view(path.source)

    def _source(self, node: Node, links: list[Link]) -> Source:
        own = tuple(link for link in links if link.source == node.name)
        high = node.high if isinstance(node, Input) else 1
        is_events = isinstance(node, Input | Cuba)
        ring = max((link.delay for link in own), default=0)
        return Source(node, self._source_view(node.name), is_events, ring, high, own)


def _totals(graph: Graph) -> set[str]:
    """Linear nodes whose sums are kept: read by another linear step behind a synapse, or the network's answer."""
    carries: set[str] = set()
    totals: set[str] = set()
    for node in graph.nodes:
        behind = {ref.node for ref in node.inputs} & carries - totals
        if isinstance(node, Synapse | SumPool2d):
            totals |= behind
        if isinstance(node, Synapse) or (behind and not isinstance(node, SumPool2d) and not node.states):
            carries.add(node.name)
    if not graph.output.states and not isinstance(graph.output, Input):
        totals.add(graph.output.name)
    return totals
