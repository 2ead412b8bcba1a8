"""Neurons taken out of a network, with every weight that led to or from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import final

import numpy as np

from neurodeploy.errors import GraphError
from neurodeploy.graph.graph import Graph
from neurodeploy.graph.node import Node, Synapse
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, SumPool2d
from neurodeploy.graph.numeric import Array


def drop_neurons(graph: Graph, kept: Mapping[str, Array]) -> Graph:
    """A smaller graph, of floats or integers, with the remaining weights, biases and thresholds as they were.

    For the neurons that stay it is as if the others had never fired. So a network computes the same on all recordings
    on which no dropped neuron fires.

    Args:
        kept: neuron node -> which of its neurons, or channels of a map, stay (bool).
    Raises:
        GraphError: the neurons are the answer, none would stay, or the nodes around them have other channels too: sums
            with other neurons, groups of a convolution, neurons that read neurons.
    """
    return _Smaller(graph, kept).graph()


@final
class _Smaller:
    """Which outputs (rows) and inputs (columns) of every synapse stay."""

    def __init__(self, graph: Graph, kept: Mapping[str, Array]) -> None:
        self.whole, self.kept = graph, {name: np.asarray(stay, bool) for name, stay in kept.items()}
        self.rows: dict[str, Array] = {}
        self.columns: dict[str, Array] = {}
        for name, stay in self.kept.items():
            neuron = self._checked(name, stay)
            if not stay.all():
                self._mark_before(neuron, stay)
                self._mark_after(neuron, np.broadcast_to(_across(stay, graph.shapes[name]), graph.shapes[name]))

    def graph(self) -> Graph:
        return replace(self.whole, nodes=tuple(self._smaller(node) for node in self.whole.nodes))

    def _checked(self, name: str, stay: Array) -> Cuba:
        neuron = self.whole[name]
        if not isinstance(neuron, Cuba):
            raise GraphError(node=name, reason=f"only neurons are dropped, this is a {type(neuron).__name__}")
        neuron.require(name != self.whole.output.name, "its spikes are the answer, none of which can be dropped")
        channels = self.whole.shapes[name][0]
        neuron.require(stay.shape == (channels,), f"{stay.shape} flags for {channels} neurons or channels")
        neuron.require(bool(stay.any()), "no neuron of it would stay")
        return neuron

    def _mark_before(self, neuron: Cuba, stay: Array) -> None:
        """The synapses that feed `neuron` lose outputs."""
        for ref in neuron.inputs:
            synapse = self.whole[ref.node]
            alone = isinstance(synapse, Dense | Conv2d) and self.whole.consumers(synapse.name) == (neuron,)
            neuron.require(alone, f"it reads '{synapse.name}', which is no synapse of its own")
            self._refuse_groups(synapse)
            self.rows[synapse.name] = stay

    def _mark_after(self, node: Node, stay: Array) -> None:
        """The synapses that read `node`, also through Flatten and SumPool2d, lose inputs; `stay` has its shape."""
        for reader in self.whole.consumers(node.name):
            reader.require(len({ref.node for ref in reader.inputs}) == 1, f"it sums '{node.name}' with other values")
            if isinstance(reader, Flatten):
                self._mark_after(reader, stay.reshape(-1))
            elif isinstance(reader, SumPool2d):
                shape = self.whole.shapes[reader.name]
                self._mark_after(reader, np.broadcast_to(_across(stay[:, 0, 0], shape), shape))
            elif isinstance(reader, Dense | Conv2d):
                self._refuse_groups(reader)
                self.columns[reader.name] = stay if isinstance(reader, Dense) else stay[:, 0, 0]
            else:
                reader.require(False, f"it reads neurons of '{node.name}' that are to be dropped")

    def _refuse_groups(self, node: Node) -> None:
        groups = node.groups if isinstance(node, Conv2d) else 1
        node.require(groups == 1, f"its {groups} groups of channels depend on all channels being there")

    def _smaller(self, node: Node) -> Node:
        if isinstance(node, Cuba) and node.name in self.kept and node.bias is not None:
            return replace(node, bias=node.bias[self.kept[node.name]])
        if not isinstance(node, Synapse):
            return node
        rows = self.rows.get(node.name, np.ones(len(node.weight), bool))
        columns = self.columns.get(node.name, np.ones(node.weight.shape[1], bool))
        bias = None if node.bias is None else node.bias[rows]
        return replace(node, weight=node.weight[rows][:, columns], bias=bias)


def _across(stay: Array, shape: tuple[int, ...]) -> Array:
    """Flags per channel with the axes of `shape`."""
    return stay.reshape(-1, *(1,) * (len(shape) - 1))
