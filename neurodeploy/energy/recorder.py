"""Activity recorded while the fast simulator runs: no trace is kept, whatever the number of recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.early_exit import ExitRule, exits, prefix_scores
from neurodeploy.energy.activity import Activity, Amounts
from neurodeploy.energy.fixed import Fixed
from neurodeploy.energy.observe import whole
from neurodeploy.energy.record import Met
from neurodeploy.energy.widths import value_bits
from neurodeploy.fast import Simulator
from neurodeploy.fast.tally import MET, SPIKES, Tallier, Tally
from neurodeploy.graph import IntGraph, Node, Trace
from neurodeploy.graph.numeric import Array

NOTHING = np.zeros(0, np.int64)


@final
@dataclass(frozen=True, eq=False)
class Recorded:
    """What a network did on one batch.

    Args:
        full: at all timesteps.
        early: up to each sample's exit; None without an exit rule.
    """

    full: Activity
    early: Activity | None


@final
class Recorder:
    """Records one network, batch after batch.

    Args:
        integer: the network.
        rule: where samples leave early; None: nowhere.
        threads: of the simulator.
    """

    def __init__(self, integer: IntGraph, rule: ExitRule | None = None, threads: int = 0) -> None:
        self.fixed = Fixed.of(integer)
        self.bits = {node.name: value_bits(node, integer.bounds[node.name], NOTHING) for node in integer.graph.nodes}

        def until(output: Trace) -> Array:
            assert rule is not None
            return exits(rule, prefix_scores(integer.graph, output)).steps

        self.tallier = Tallier(Simulator(integer, threads), self.fixed.fans, until if rule is not None else None)
        self.leaves = rule is not None

    def record(self, frames: Array) -> Recorded:
        """What the network does on `frames` (time, batch, *input shape).

        Raises:
            GraphError: a node kind has no rule.
            DataError: the frames do not fit the graph's input.
        """
        tally = self.tallier.tally(frames)
        steps = np.full_like(tally.until, len(frames))
        full = whole(_TallyRecord(self.fixed, self.bits, tally, tally.spikes), steps)
        if not self.leaves:
            return Recorded(full, None)
        return Recorded(full, whole(_TallyRecord(self.fixed, self.bits, tally, tally.spikes_until), tally.until))


@final
@dataclass(frozen=True, eq=False)
class _TallyRecord:
    """A tally as the rules see it, see `Record`."""

    fixed: Fixed
    widths: Mapping[str, int]
    tally: Tally
    by_neuron: Mapping[str, Array]

    @property
    def steps(self) -> int:
        return int(self._inputs.shape[1])

    @property
    def samples(self) -> int:
        return int(self._inputs.shape[0])

    @property
    def _inputs(self) -> Array:
        return self.tally.outputs[self.fixed.graph.input.name]

    def met(self, node: Node, place: int) -> Met:
        delay = self.fixed.graph.delay(node, node.inputs[place])
        events = np.moveaxis(self._events(node, place), 0, 1)
        found = np.zeros_like(events)
        found[delay:] = events[: max(0, len(events) - delay)]
        values = found[..., 2] + found[..., 5]
        return Met(Amounts(found[..., 0], found[..., 1]), Amounts(found[..., 3], found[..., 4]), values)

    def _events(self, node: Node, place: int) -> Array:
        found = self.tally.events.get((node.name, place))
        if found is not None:
            return found
        # values that meet no weights: as many arrive as their source gave out
        events = np.zeros((self.samples, self.steps, MET), np.int64)
        events[..., SPIKES] = self.tally.outputs[node.inputs[place].node]
        return events

    def sent(self, node: Node) -> Array:
        return self.tally.outputs[node.name].T

    def bits(self, name: str) -> int:
        return self.widths[name]

    def did(self, node: Node) -> tuple[Array, Array, Array]:
        changed, wraps, clips = np.moveaxis(self.tally.neurons[node.name], 2, 0)
        return changed.T, wraps.T, clips.T

    def spikes(self, node: Node) -> Array:
        return self.by_neuron[node.name]
