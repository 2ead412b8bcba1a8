"""The struct of a network: its arrays in an order without gaps, so that its size is the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_lower import Sink, Source
from neurodeploy.exporters._c_text import width
from neurodeploy.graph.nodes import Cuba, Readout


@final
@dataclass(frozen=True)
class Member:
    """One member of the struct.

    Args:
        count: elements; 0 for a single value.
        meaning: the comment beside it.
        owner: node it belongs to, "" for the network's own.
    """

    kind: str
    name: str
    count: int
    meaning: str
    owner: str = ""

    @property
    def bytes(self) -> int:
        """Its size."""
        return width(self.kind) * max(self.count, 1)

    @property
    def text(self) -> str:
        """Its declaration."""
        array = f"[{self.count}]" if self.count else ""
        return f"    {self.kind} {self.name}{array}; /* {self.meaning} */"


def members(context: Context) -> list[Member]:
    """All members, widest types first, filled up to a multiple of four bytes."""
    found: list[Member] = []
    for sink in context.network.sinks:
        found += _states(context, sink)
    for source in context.network.sources:
        found += _rings(source)
    found += _answer(context)
    if late(context):
        found.append(Member("uint32_t", "age", 0, f"timesteps since the reset, at most {late(context)}"))
    found.sort(key=lambda member: -width(member.kind))
    missing = -sum(member.bytes for member in found) % 4
    return found + ([Member("uint8_t", "unused", missing, "makes the size a multiple of four")] if missing else [])


def debug_members(context: Context) -> list[Member]:
    """What is kept besides with NAME_DEBUG, so that every value can be read."""
    found = []
    for sink in context.network.sinks:
        name, size = sink.node.name, sink.view.size
        if isinstance(sink.node, Cuba):
            found.append(Member("int32_t", f"{name}_dcurrent", size, "current of the last timestep", name))
            found.append(Member("int32_t", f"{name}_dvoltage", size, "voltage of the last timestep", name))
            if not context.plans[name].keeps_current:
                found.append(Member("uint32_t", f"{name}_dbefore", size, "voltage before anything was added", name))
            found.append(Member("uint32_t", f"{name}_dspike", size, "spikes of the last timestep", name))
    return found


def late(context: Context) -> int:
    """The longest delay after which a bias begins to count."""
    return max((delay for sink in context.network.sinks for delay in sink.constants), default=0)


def words(size: int) -> int:
    """32-bit words for `size` bits."""
    return -(-size // 32)


def value_slots(source: Source) -> int:
    """Timesteps of values that are kept."""
    return max(source.ring, 1)


def _states(context: Context, sink: Sink) -> list[Member]:
    node, size = sink.node, sink.view.size
    if not isinstance(node, Cuba):
        what = "sums, 64 per weight step" if isinstance(node, Readout) else "sums of this timestep"
        return [Member("uint32_t", context.sums(sink), size, what, node.name)]
    if not context.plans[node.name].keeps_current:
        return [Member("uint32_t", f"{node.name}_voltage", size, "voltage after its decay, and sums", node.name)]
    return [
        Member("uint32_t", f"{node.name}_current", size, "current after its decay, and sums", node.name),
        Member("int32_t", f"{node.name}_voltage", size, "voltage", node.name),
    ]


def _rings(source: Source) -> list[Member]:
    node, size = source.node, source.view.size
    found = []
    if not source.is_events:
        slots = value_slots(source)
        found.append(Member("int32_t", f"{node.name}_values", slots * size, "output", node.name))
    elif source.ring and source.high > 1:
        what = f"events of the last {source.ring} timesteps"
        found.append(Member("uint8_t", f"{node.name}_repeats", source.ring * size, what, node.name))
    elif source.ring:
        what = f"events of the last {source.ring} timesteps, one bit each"
        found.append(Member("uint32_t", f"{node.name}_bits", source.ring * words(size), what, node.name))
    if source.ring > 1:
        found.append(Member("uint32_t", f"{node.name}_at", 0, "which of them is this one", node.name))
    return found


def _answer(context: Context) -> list[Member]:
    if not context.is_spiking:
        return []
    name, size = context.answer.node.name, context.answer.view.size
    return [
        Member("uint32_t", "output_count", 0, "spikes in output", name),
        Member(context.index_kind, "output", size, "output spikes of the last timestep", name),
        Member("uint16_t", "counts", size, "output spikes since the reset", name),
    ]
