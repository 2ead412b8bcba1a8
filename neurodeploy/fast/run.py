"""One run of a prepared network on a few samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from neurodeploy.fast import kernels
from neurodeploy.fast.plan import Plan, is_cycle
from neurodeploy.graph import Node
from neurodeploy.graph.nodes import Add, Flatten
from neurodeploy.graph.numeric import FIXED, Array

NOTHING = np.zeros((0, 0, 0), np.int32)

Span = tuple[np.uint64, np.uint64, np.uint64]
"""The first timestep, one after the last, and how many timesteps ago the values were that arrive."""


@final
class Run:
    """Values of some samples, computed on construction: name -> (sample, time, places).

    Args:
        inputs: (sample, time, places), uint8.
        kept: name -> array to be filled; what is not kept may share memory, or not be there.
        tallies: neurons -> array to be filled with what they did, see `kernels.layer`; all of them or none.
    """

    def __init__(
        self, plan: Plan, inputs: Array, kept: Mapping[str, Array], tallies: Mapping[str, Array] | None = None
    ) -> None:
        self.plan, self.graph, self.kept, self.tallies = plan, plan.graph, kept, tallies or {}
        self.samples, self.steps = inputs.shape[:2]
        self.values: dict[str, Array] = {**kept, self.graph.input.name: inputs}
        self.states: dict[str, tuple[Array, Array]] = {}
        """Neurons -> current and voltage now, (sample, neurons) each; one sample's where no spikes come back."""
        for part in plan.parts:
            self._part([node for node in part if node.inputs and not self._is_fused(node)], is_cycle(part))

    def _part(self, nodes: list[Node], cycle: bool) -> None:
        for node in nodes:
            self._allocate(node, self.samples if cycle else 1)
        for time in range(self.steps) if cycle else (0,):
            for node in nodes:
                self._node(node, time, time + 1 if cycle else self.steps)

    def _is_fused(self, node: Node) -> bool:
        return node.name in self.plan.fused and node.name not in self.kept

    def _allocate(self, node: Node, remembered: int) -> None:
        size = self.plan.size(node.name)
        states = [f"{node.name}.{state}" for state in node.states]
        arrays = self.plan.neurons.get(node.name)
        if arrays is not None:
            state = np.empty((2, remembered, size), np.int32)
            self.states[node.name] = state[0], state[1]
            if arrays.fires and not any(name in self.kept for name in states):
                states = []
        if self.plan.passes_on(node):
            self.values.setdefault(node.name, self.values[node.inputs[0].node])
        for name in (node.name, *states):
            if name not in self.values:
                self.values[name] = np.empty((self.samples, self.steps, size), self.plan.dtype(name))

    def _node(self, node: Node, start: int, end: int) -> None:
        """Timesteps start..end of one node."""
        if node.name in self.plan.neurons:
            self._neurons(node, start, end)
        elif node.name in self.plan.synapses:
            arrays, sums = self.plan.synapses[node.name], self.values[node.name]
            kernels.synapses(*self._sent(node, start, end), arrays.arguments, sums)
        elif isinstance(node, Flatten | Add):
            self._pass_on(node, start, end)
        else:
            self._own_steps(node, start, end)

    def _neurons(self, node: Node, start: int, end: int) -> None:
        arrays, own = self.plan.neurons[node.name], self.values[node.name]
        spikes = own if arrays.fires else np.empty(own.shape, np.uint8)
        records = tuple(self.values.get(f"{node.name}.{state}", NOTHING) for state in node.states)
        common = (arrays.bias, arrays.numbers, self.states[node.name], spikes, records, self.tallies.get(node.name))
        synapse = self.graph[node.inputs[0].node]
        if self._is_fused(synapse):
            found = self.plan.synapses[synapse.name]
            kernels.layer(*self._sent(synapse, start, end), found.arguments, *common)
        else:
            kernels.neurons(_span(start, end, start), self._arriving(node, start, end), *common)
        if not arrays.fires:
            own[:, start:end] = records[1][:, start:end]

    def _sent(self, node: Node, start: int, end: int) -> tuple[Span, Array, Array | None]:
        """What a synapse receives, as the kernels want it: span, values, amounts."""
        source, delay = self.values[node.inputs[0].node], self.graph.delay(node, node.inputs[0])
        if len(node.inputs) == 1 and self.plan.is_binary(node.inputs[0].node):
            return _span(start, end, delay), source, None
        amounts = self._arriving(node, start, end)
        return _span(start, end, start), (amounts != 0).view(np.uint8), amounts

    def _arriving(self, node: Node, start: int, end: int) -> Array:
        """(sample, start..end, places), int32: the sum of the node's inputs, each delayed as the graph says."""
        total = np.zeros((self.samples, end - start, self.values[node.inputs[0].node].shape[2]), np.int32)
        for ref in node.inputs:
            first = start - self.graph.delay(node, ref)
            skipped = min(max(0, -first), end - start)  # before the first timestep there are no values
            total[:, skipped:] += self.values[ref.node][:, first + skipped : first + end - start]
        return total

    def _pass_on(self, node: Node, start: int, end: int) -> None:
        """Sums as they are, but where readers want the graph's order of a flattened map."""
        source = node.inputs[0].node
        if self.values[node.name] is self.values[source]:
            return
        value = self._arriving(node, start, end)
        if self.plan.maps[node.name] != self.plan.maps[source]:
            value = np.moveaxis(self.plan.outer(source, value), 1, 0).reshape(value.shape)
        self.values[node.name][:, start:end] = value

    def _own_steps(self, node: Node, start: int, end: int) -> None:
        """A kind that has no kernel is computed by its own step."""
        arriving = self.plan.outer(node.inputs[0].node, self._arriving(node, start, end)).astype(np.int64)
        for time in range(start, end):
            before = {state: np.zeros_like(arriving[0]) for state in node.states}
            if time:
                before = {s: self._outer_at(f"{node.name}.{s}", time - 1) for s in node.states}
            output, after = node.step(arriving[time - start], before, FIXED)
            for name, array in {node.name: output, **{f"{node.name}.{s}": a for s, a in after.items()}}.items():
                self.values[name][:, time] = self.plan.inner(node.name, array)

    def _outer_at(self, name: str, time: int) -> Array:
        found = self.plan.outer(name, self.values[name][:, time : time + 1])
        return np.asarray(found[0].astype(np.int64))


def _span(start: int, end: int, late: int) -> Span:
    return np.uint64(start), np.uint64(end), np.uint64(late)
