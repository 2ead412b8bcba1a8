"""The fast simulator: layer after layer over all timesteps, step after step only where spikes come back.

Exact to `graph.simulate`, which stays the specification: tests compare every value on every case and on random graphs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import final

import numpy as np

from neurodeploy.fast import kernels
from neurodeploy.fast.layout import (
    SynapseArrays,
    inner,
    inner_shape,
    map_behind,
    neuron_arrays,
    outer,
    synapse_arrays,
)
from neurodeploy.graph import Graph, IntGraph, Node, Synapse, Trace, predictions, scores
from neurodeploy.graph.node import Ref
from neurodeploy.graph.nodes import Add, Cuba, Flatten, Readout
from neurodeploy.graph.numeric import FIXED, Array
from neurodeploy.graph.simulate import check_frames

NOTHING = np.zeros((0, 0, 0), np.int32)


@final
class Simulator:
    """An integer network prepared once, for any number of batches.

    Args:
        integer: the network.
    """

    def __init__(self, integer: IntGraph) -> None:
        self.integer, self.graph = integer, integer.graph
        self.synapses = {n.name: synapse_arrays(integer, n) for n in self.graph.nodes if isinstance(n, Synapse)}
        self.neurons = {n.name: neuron_arrays(self.graph, n) for n in self.graph.nodes if isinstance(n, Cuba | Readout)}
        self.parts = tuple(_parts(self.graph))
        """Names of nodes that are computed over all timesteps at once (one node), or step by step together."""

    def trace(self, frames: Array, names: Collection[str] | None = None) -> Trace:
        """What `graph.simulate` gives, in narrower integers: spikes uint8, sums and states int32.

        Args:
            frames: (time, batch, *input shape), integers 0..input.high.
            names: of values to record, "cuba1" or "cuba1.voltage"; None records all.
        Raises:
            DataError: the frames do not fit the graph's input.
        """
        check_frames(self.graph, frames)
        wanted = set(self._all_names() if names is None else names)
        run = _Run(self, frames, wanted)
        for part in self.parts:
            run.compute(part)
        return Trace({name: run.recorded(name) for name in self._all_names() if name in wanted})

    def scores(self, frames: Array) -> Array:
        """(batch, classes), as `graph.scores`."""
        return scores(self.graph, self.trace(frames, {self.graph.output.name}))

    def predictions(self, frames: Array) -> Array:
        """(batch,), as `graph.predictions`."""
        return predictions(self.graph, self.trace(frames, {self.graph.output.name}))

    def _all_names(self) -> list[str]:
        return [f"{n.name}{part}" for n in self.graph.nodes for part in ("", *(f".{state}" for state in n.states))]


def simulate(integer: IntGraph, frames: Array) -> Trace:
    """Every output and state of every node; equal to `graph.simulate`."""
    return Simulator(integer).trace(frames)


def _parts(graph: Graph) -> Iterator[tuple[Node, ...]]:
    """Nodes in order; those between a node and a later one that it reads form one part."""
    place = {node.name: index for index, node in enumerate(graph.nodes)}
    index = 0
    while index < len(graph.nodes):
        end = scanned = index
        while scanned <= end:  # a node inside may read a later one yet
            reads = [place[ref.node] for ref in graph.nodes[scanned].inputs]
            end = max(end, *reads) if reads else end
            scanned += 1
        yield graph.nodes[index : end + 1]
        index = end + 1


@final
class _Run:
    """Values of one batch, channels last: node -> (time, batch, *inner shape)."""

    def __init__(self, simulator: Simulator, frames: Array, wanted: set[str]) -> None:
        self.simulator, self.graph, self.wanted = simulator, simulator.graph, wanted
        self.steps, self.batch = frames.shape[:2]
        self.values: dict[str, Array] = {}
        self.states: dict[str, tuple[Array, Array]] = {}
        """Neurons -> current and voltage now, (batch, neurons) each."""
        dtype = np.uint8 if self.graph.input.high < 256 else np.int32
        self.values[self.graph.input.name] = inner(frames.astype(dtype), self.graph.input.shape)

    def compute(self, part: tuple[Node, ...]) -> None:
        """All timesteps of one part of the network."""
        if len(part) > 1 or any(ref.node == part[0].name for ref in part[0].inputs):
            for node in part:
                self._allocate(node)
            for time in range(self.steps):
                for node in part:
                    self._node(node, time, time + 1)
        elif not self._fused_later(part[0]) and part[0].inputs:
            self._allocate(part[0])
            self._node(part[0], 0, self.steps)

    def recorded(self, name: str) -> Array:
        """One value with the graph's own axes."""
        owner = name.partition(".")[0]
        behind = map_behind(self.graph, owner)
        if behind is not None:
            return _flat(outer(self.values[name], behind))
        return outer(self.values[name], self.graph.shapes[owner])

    def _allocate(self, node: Node) -> None:
        shape = (self.steps, self.batch, *inner_shape(self.graph.shapes[node.name]))
        if node.name not in self.simulator.neurons:
            self.values[node.name] = np.zeros(shape, np.int32)
            return
        size = int(np.prod(shape[2:]))
        self.states[node.name] = (np.zeros((self.batch, size), np.int32), np.zeros((self.batch, size), np.int32))
        self.values[node.name] = np.zeros(shape, np.uint8)
        if self._wants_states(node.name):
            for state in node.states:
                self.values[f"{node.name}.{state}"] = np.zeros(shape, np.int32)

    def _wants_states(self, name: str) -> bool:
        is_silent = not self.simulator.neurons[name].fires
        return is_silent or any(f"{name}.{state}" in self.wanted for state in ("current", "voltage"))

    def _fused_later(self, node: Node) -> bool:
        """Whether a synapse's sums go straight into its neurons, without ever being an array."""
        consumers = self.graph.consumers(node.name)
        alone = node.name in self.simulator.synapses and node.name not in self.wanted and len(consumers) == 1
        if not alone or len(node.inputs) != 1 or node.name == self.graph.output.name:
            return False
        target = consumers[0]
        return (
            target.name in self.simulator.neurons
            and [(ref.node, ref.delay) for ref in target.inputs] == [(node.name, 0)]
            and self.graph.delay(node, node.inputs[0]) == 0
            and (target,) in self.simulator.parts
        )

    def _node(self, node: Node, start: int, end: int) -> None:
        """Timesteps start..end of one node."""
        if node.name in self.simulator.neurons:
            self._neurons(node, start, end)
        elif node.name in self.simulator.synapses:
            arrays = self.simulator.synapses[node.name]
            value = _flat(self._arriving(node, start, end))
            common = (arrays.offset, _flat(self.values[node.name][start:end]))
            if arrays.places is not None:
                kernels.conv_sums(value, arrays.weight, arrays.places, arrays.binary, *common)
            else:
                kernels.dense_sums(value, arrays.weight, arrays.binary, *common)
        else:
            self._plain(node, start, end)

    def _neurons(self, node: Node, start: int, end: int) -> None:
        arrays = self.simulator.neurons[node.name]
        current, voltage = self.states[node.name]
        spikes = _flat(self.values[node.name][start:end])
        records = [NOTHING, NOTHING]
        if self._wants_states(node.name):
            records = [_flat(self.values[f"{node.name}.{state}"][start:end]) for state in node.states]
        common = (arrays.bias, arrays.numbers, current, voltage, spikes, *records)
        synapse = self.graph[node.inputs[0].node]
        if synapse.name not in self.values:
            self._fused(self.simulator.synapses[synapse.name], synapse, common)
        else:
            kernels.neurons(_flat(self._arriving(node, start, end)), *common)
        if not arrays.fires:
            self.values[node.name] = self.values[f"{node.name}.voltage"]

    def _fused(self, arrays: SynapseArrays, synapse: Node, common: tuple[object, ...]) -> None:
        value = _flat(self.values[synapse.inputs[0].node])
        if arrays.places is not None:
            kernels.conv_layer(value, arrays.weight, arrays.places, arrays.binary, arrays.offset, *common)
        else:
            kernels.dense_layer(value, arrays.weight, arrays.binary, arrays.offset, *common)

    def _plain(self, node: Node, start: int, end: int) -> None:
        """Nodes without weights or states; a new kind is computed by its own step."""
        value, shape = self._arriving(node, start, end), self.graph.input_shape(node)
        if isinstance(node, Flatten) and map_behind(self.graph, node.name) is None:
            value = outer(value, shape)
        elif not isinstance(node, Flatten | Add):
            folded = outer(value, shape).reshape(-1, *shape).astype(np.int64)
            output = node.step(folded, {}, FIXED)[0]
            value = inner(output.reshape(end - start, self.batch, *output.shape[1:]), output.shape[1:])
        self.values[node.name][start:end] = value.reshape(end - start, self.batch, *self.values[node.name].shape[2:])

    def _arriving(self, node: Node, start: int, end: int) -> Array:
        """What reaches `node`: the sum of its inputs, each delayed as the graph says."""
        refs = [(ref, self.graph.delay(node, ref)) for ref in node.inputs]
        if len(refs) == 1 and refs[0][1] == 0:
            return self.values[refs[0][0].node][start:end]
        total = np.zeros((end - start, *self.values[refs[0][0].node].shape[1:]), np.int32)
        for ref, delay in refs:
            self._add_delayed(total, ref, start - delay)
        return total

    def _add_delayed(self, total: Array, ref: Ref, first: int) -> None:
        """Add the values from timestep `first` on; before the first timestep there are none."""
        skipped = min(max(0, -first), len(total))
        total[skipped:] += self.values[ref.node][first + skipped : first + len(total)]


def _flat(values: Array) -> Array:
    return values.reshape(*values.shape[:2], -1)
