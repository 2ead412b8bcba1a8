"""What happened in a run, counted while its values are in cache: events on every edge, and what neurons did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from neurodeploy.fast import kernels
from neurodeploy.fast.run import Run
from neurodeploy.fast.simulator import Simulator, block_inputs
from neurodeploy.graph import Trace
from neurodeploy.graph.node import FanOut
from neurodeploy.graph.numeric import Array

Edge = tuple[str, int]
"""Node, and place among its inputs."""

DID: Final = 3
"""Neurons that changed, wraps, saturations: see `kernels.layer`."""
MET: Final = 6
"""Of values of magnitude 1, then of all others: stored weights met, weights that are not zero, values."""
SPIKES: Final = 2
"""Place of the number of spikes among them."""


@final
@dataclass(frozen=True, eq=False)
class Tally:
    """What happened; time is that of the values, before any delay.

    Args:
        events: edge -> (sample, time, 6), see MET. An edge where values meet no weights is left out if it comes from a
            node in `outputs`.
        neurons: neuron node -> (sample, time, 3), see DID.
        outputs: Input or node of neurons that fire -> (sample, time) values that are not zero.
        spikes: node of neurons that fire -> (places,) in the graph's order, over all samples.
        spikes_until: the same up to each sample's own last timestep.
        until: (sample,) timesteps of each sample that count.
    """

    events: Mapping[Edge, Array]
    neurons: Mapping[str, Array]
    outputs: Mapping[str, Array]
    spikes: Mapping[str, Array]
    spikes_until: Mapping[str, Array]
    until: Array


@final
class Tallier:
    """Tallies of one network, batch after batch.

    Args:
        fans: synapse or pool -> weights met by each value; on all other edges values alone are counted.
        until: from a trace of the output to the timesteps of each sample that count; None: all of them.
    """

    def __init__(
        self, simulator: Simulator, fans: Mapping[str, FanOut], until: Callable[[Trace], Array] | None = None
    ) -> None:
        self.simulator, self.plan, self.until = simulator, simulator.plan, until
        graph = self.plan.graph
        self.firing = [name for name, arrays in self.plan.neurons.items() if arrays.fires]
        self.edges = {(node.name, place): ref.node for node in graph.nodes for place, ref in enumerate(node.inputs)}
        self.fans = {
            edge: self._fan(source, fans.get(edge[0]))
            for edge, source in self.edges.items()
            if self._counts(edge, fans)
        }

    def _counts(self, edge: Edge, fans: Mapping[str, FanOut]) -> bool:
        """Whether an edge has numbers of its own. Sums that go straight into neurons are no array, and no events."""
        source = self.edges[edge]
        if edge[0] in fans:
            return True
        is_sum_of_neurons = edge[0] in self.plan.neurons and source in self.plan.fused
        return not is_sum_of_neurons and source not in (self.plan.graph.input.name, *self.firing)

    def _fan(self, source: str, fan: FanOut | None) -> Array:
        """(2, places), as the source's values lie; int64 where values are no spikes, or sums leave 32 bits."""
        if fan is None:
            return np.zeros((2, self.plan.size(source)), np.int64)
        both = self.plan.inner(source, np.stack([fan.stored, fan.nonzero]).astype(np.int64))
        is_small = self.plan.is_binary(source) and int(both.sum(1).max()) < 1 << 31
        return np.ascontiguousarray(both.astype(np.int32) if is_small else both)

    def tally(self, frames: Array) -> Tally:
        """What happens on `frames` (time, sample, *input shape).

        Raises:
            DataError: the frames do not fit the graph's input.
        """
        inputs = block_inputs(self.plan, frames)
        samples, steps = inputs.shape[:2]
        made = Tally(
            events={edge: np.zeros((samples, steps, MET), np.int64) for edge in self.fans},
            neurons={name: np.zeros((samples, steps, DID), np.int64) for name in self.plan.neurons},
            outputs={name: np.zeros((samples, steps), np.int64) for name in (self.plan.graph.input.name, *self.firing)},
            spikes={name: np.zeros(self.plan.size(name), np.int64) for name in self.firing},
            spikes_until={name: np.zeros(self.plan.size(name), np.int64) for name in self.firing},
            until=np.full(samples, steps),
        )
        blocks = self.simulator.blocks(samples)
        with ThreadPoolExecutor(min(self.simulator.threads, len(blocks))) as pool:
            for found in pool.map(lambda block: self._block(inputs, block, made), blocks):
                for name, (every, inside) in found.items():
                    made.spikes[name][:] += every
                    made.spikes_until[name][:] += inside
        return made

    def _block(self, inputs: Array, block: slice, made: Tally) -> dict[str, tuple[Array, Array]]:
        """Fill one block of samples; spikes of neurons are given back, since blocks share them."""
        run = Run(self.plan, inputs[block], {}, {name: array[block] for name, array in made.neurons.items()})
        if self.until is not None:
            name = self.plan.graph.output.name
            made.until[block] = self.until(Trace({name: self.plan.outer(name, run.values[name])}))
        counted = dict[int, Array]()
        for edge, array in made.events.items():
            fan, values = self.fans[edge], run.values[self.edges[edge]]
            if fan.dtype == np.int32:
                kernels.met_by_spikes(values, fan, array[block])
                counted[id(values)] = array[block, :, SPIKES]
            else:
                kernels.met_by_values(values, fan, array[block])
        for name, array in made.outputs.items():
            if id(run.values[name]) in counted:
                array[block] = counted[id(run.values[name])]
            else:
                kernels.sent(run.values[name], array[block])
        every = np.full(run.samples, run.steps)
        return {name: self._spikes(name, run.values[name], every, made.until[block]) for name in self.firing}

    def _spikes(self, name: str, values: Array, every: Array, until: Array) -> tuple[Array, Array]:
        """Spikes of each neuron, at all timesteps and at those before `until`; in the graph's order."""
        whole = self._spikes_before(name, values, every)
        return whole, whole if self.until is None else self._spikes_before(name, values, until)

    def _spikes_before(self, name: str, values: Array, until: Array) -> Array:
        spikes = np.zeros(self.plan.size(name), np.int32)
        kernels.fired(values, until, spikes)
        return self.plan.outer(name, spikes[None, None]).reshape(-1)
