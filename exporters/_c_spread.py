"""Where a source's values go in C: `spread_<node>` in the same timestep, `recall_<node>_<delay>` in a later one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import final

from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_kernel import Code
from neurodeploy.exporters._c_lower import Link, Source
from neurodeploy.exporters._c_members import words
from neurodeploy.exporters._c_text import indent
from neurodeploy.exporters._c_view import unpacking


def spreading(context: Context, source: Source, codes: Mapping[int, Code]) -> list[str]:
    """The functions of one source."""
    return list(_Events(context, source).functions() if source.is_events else _values(source, codes))


def recalls(source: Source) -> list[str]:
    """Names of the functions that deliver a source's earlier values, in order."""
    return [f"recall_{source.node.name}_{delay}" for delay in _delays(source)]


def clears(source: Source) -> str:
    """Statement that empties the part of a ring that this timestep fills; "" where there is none."""
    if not source.is_events or not source.ring:
        return ""
    ring = _Ring(source)
    clear = "clear_bytes" if ring.counted else "clear"
    return f"@NAME@_{clear}(m->{ring.member}{ring.now()}, {ring.stride}u);"


def _delays(source: Source) -> list[int]:
    return sorted({link.delay for link in source.links if link.delay})


def _links(source: Source, delay: int) -> list[Link]:
    return [link for link in source.links if link.delay == delay]


def _function(name: str, arguments: str, lines: Sequence[str]) -> str:
    body = "\n".join(indent(line) for line in lines)
    return f"static void @NAME@_{name}(@NAME@_t *m{arguments})\n{{\n{body}\n}}\n"


@final
class _Ring:
    """Where the values of earlier timesteps lie: one slot for each, the oldest overwritten by the newest."""

    def __init__(self, source: Source) -> None:
        self.source, self.counted = source, source.is_events and source.high > 1
        ring, self.kind = "values", "int32_t"
        self.stride = source.view.size
        if source.is_events:
            ring, self.kind = ("repeats", "uint8_t") if self.counted else ("bits", "uint32_t")
            self.stride = self.stride if self.counted else words(self.stride)
        self.member = f"{source.node.name}_{ring}"
        self._at = f"m->{source.node.name}_at"

    def now(self) -> str:
        """Added to the ring's start: this timestep's slot."""
        return f" + {self._at} * {self.stride}u" if self.source.ring > 1 else ""

    def past(self, delay: int) -> tuple[list[str], str]:
        """Statements, and what is added to the ring's start: the slot of `delay` timesteps ago."""
        ring, at = self.source.ring, self._at
        if delay == ring:
            return [], self.now()
        lines = [f"const uint32_t slot = {at} >= {delay}u ? {at} - {delay}u : {at} + {ring - delay}u;"]
        return lines, f" + slot * {self.stride}u"


@final
class _Events:
    """Of spikes and input events."""

    def __init__(self, context: Context, source: Source) -> None:
        self.context, self.source, self.name = context, source, source.node.name
        self.ring = _Ring(source)

    def functions(self) -> Iterator[str]:
        """All of them."""
        for delay in _delays(self.source):
            yield self._recall(delay)
        if self.context.is_heard(self.source):
            yield self._spread()

    def _recall(self, delay: int) -> str:
        counted = self.ring.counted
        lines, offset = self.ring.past(delay)
        more = "&at, &done" if counted else "&at"
        unpack = "unpack_repeats" if counted else "unpack"
        lines += [
            f"const {self.ring.kind} *ring = m->{self.ring.member}{offset};",
            "@NAME@_index_t events[@NAME@_ROOM];",
            f"uint32_t at = 0u, {'done = 0u, ' if counted else ''}count;",
            f"while ((count = @NAME@_{unpack}(ring, {self.ring.stride}u, {more}, events)) > 0u) {{",
            *(f"    @NAME@_deliver_{link.number}(m, events, count);" for link in _links(self.source, delay)),
            "}",
        ]
        return _function(f"recall_{self.name}_{delay}", "", lines)

    def _spread(self) -> str:
        lines = [f"@NAME@_deliver_{link.number}(m, events, count);" for link in _links(self.source, 0)]
        each = self._kept() + self._counted()
        if each:
            lines = [
                *([f"{self.ring.kind} *ring = m->{self.ring.member}{self.ring.now()};"] if self._kept() else []),
                "uint32_t k;",
                *lines,
                "for (k = 0u; k < count; k++) {",
                "    const uint32_t index = events[k];",
                *(indent(line) for line in each),
                "}",
            ]
        return _function(f"spread_{self.name}", ", const @NAME@_index_t *events, uint32_t count", lines)

    def _kept(self) -> list[str]:
        """For delayed links."""
        if not self.source.ring:
            return []
        return ["ring[index]++;" if self.ring.counted else "ring[index >> 5] |= (uint32_t)1 << (index & 31u);"]

    def _counted(self) -> list[str]:
        """For the network's answer, in the graph's order."""
        if not self.context.is_spiking or self.source is not self.context.answer:
            return []
        own, lines, view = "index", [], self.source.view
        if view.by_pixel:
            own = "graph_index"
            lines = [*unpacking(view)[:2], f"const uint32_t graph_index = channel * {view.pixels}u + place;"]
        return [
            *lines,
            f"m->output[m->output_count++] = (@NAME@_index_t){own};",
            f"if (m->counts[{own}] != 0xFFFFu) {{",
            f"    m->counts[{own}]++;",
            "}",
        ]


def _values(source: Source, codes: Mapping[int, Code]) -> Iterator[str]:
    """Of readouts and sums: each value that is not zero is one event of that size."""
    name = source.node.name
    for delay in sorted({link.delay for link in source.links}):
        lines: list[str] = []
        ring = _Ring(source)
        if delay:
            lines, offset = ring.past(delay)
            lines.append(f"const int32_t *values = m->{ring.member}{offset};")
        own = [codes[link.number] for link in _links(source, delay)]
        lines += [
            "uint32_t k;",
            f"for (k = 0u; k < {source.view.size}u; k++) {{",
            "    const uint32_t value = (uint32_t)values[k];",
            "    if (value != 0u) {",
            *(f"        @NAME@_{code.entry}(m, k, value * {code.amount});" for code in own),
            "    }",
            "}",
        ]
        if delay:
            yield _function(f"recall_{name}_{delay}", "", lines)
        else:
            yield _function(f"spread_{name}", ", const int32_t *values", lines)
