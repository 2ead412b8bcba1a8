"""What all parts of the generated code agree on: names of arrays, the type of an index, each neuron's plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

from neurodeploy.early_exit import ExitRule
from neurodeploy.exporters._c_lower import Network, Sink, Source
from neurodeploy.exporters._c_maps import fan_out
from neurodeploy.exporters._c_ranges import Plan, plan
from neurodeploy.exporters._state_range import UNIT
from neurodeploy.graph.nodes import Cuba, Readout

ROOM = 64
"""Events that a list on the stack holds before it is passed on."""


@final
@dataclass(frozen=True, eq=False)
class Context:
    """A network and how its C code is to look.

    Args:
        rows: dense weights by input instead of in tiles.
        exit_rule: when the answer is final; None: after all timesteps, and no code for anything else.
    """

    network: Network
    timesteps: int
    rows: bool
    exit_rule: ExitRule | None = None

    @cached_property
    def plans(self) -> dict[str, Plan]:
        """How the states of each neuron are kept."""
        cubas = [s.node for s in self.network.sinks if isinstance(s.node, Cuba)]
        return {node.name: plan(self.network.integer, node) for node in cubas}

    @cached_property
    def index_kind(self) -> str:
        """C type of an index: two bytes unless a map is larger."""
        views = [s.view for s in self.network.sources]
        views += [s.view for s in self.network.sinks] + [x.domain for s in self.network.sinks for x in s.links]
        return "uint16_t" if max(view.size for view in views) < 1 << 16 else "uint32_t"

    @cached_property
    def room(self) -> int:
        """Events in a list on the stack; at least what one event may become."""
        return max([ROOM, *(fan_out(link) for sink in self.network.sinks for link in sink.links)])

    @cached_property
    def answer(self) -> Source:
        """The source whose values are the network's answer."""
        found = self.network.source(self.network.graph.output.name)
        assert found is not None
        return found

    @property
    def is_spiking(self) -> bool:
        """Whether the answer is counted spikes; otherwise it is values."""
        return isinstance(self.network.graph.output, Cuba)

    def sums(self, sink: Sink) -> str:
        """Member that the sink's links add to."""
        node = sink.node
        if isinstance(node, Cuba):
            return f"{node.name}_{'current' if self.plans[node.name].keeps_current else 'voltage'}"
        return f"{node.name}_{'current' if isinstance(node, Readout) else 'sum'}"

    def unit(self, sink: Sink) -> int:
        """What one weight step is in the sink's sums."""
        return UNIT if sink.node.states else 1

    def shown(self) -> list[Sink]:
        """Layers of the debug interface: nodes with states in the graph's order, then an answer without states."""
        last = self.network.graph.output
        return [s for s in self.network.sinks if s.node.states or s.node is last]

    def is_heard(self, source: Source) -> bool:
        """Whether anything happens with the source's values."""
        return bool(source.links) or source is self.answer
