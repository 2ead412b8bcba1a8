"""Links and spreading in C: what happens to a source's events at once, and to those of earlier timesteps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import final

from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_conv import conv_code
from neurodeploy.exporters._c_dense import dense_code
from neurodeploy.exporters._c_kernel import Code, amount, each_event, put_function
from neurodeploy.exporters._c_lower import Link, Sink, Source
from neurodeploy.exporters._c_maps import map_function, needs_map
from neurodeploy.exporters._c_members import words
from neurodeploy.exporters._c_text import fill, indent, template
from neurodeploy.exporters._c_view import unpacking
from neurodeploy.graph.nodes import Conv2d, Dense


def link_code(context: Context, sink: Sink, link: Link, source: Source) -> Code:
    """The code of one link; functions `deliver_<number>` for events, `put_<number>` and a map for values."""
    sums, unit = f"m->{context.sums(sink)}", context.unit(sink)
    if isinstance(link.synapse, Dense):
        rows = context.rows or not source.is_events
        code = dense_code(link, link.synapse, sums, sink.view.graph_indices(), unit, rows)
    elif isinstance(link.synapse, Conv2d):
        code = conv_code(link, link.synapse, sums, unit, sink.view)
    else:
        put = put_function(link, [f"m->{context.sums(sink)}[index] += amount;"])
        code = Code(put, each_event(link, amount(unit)), amount(unit), "direct")
    if not needs_map(link, source.view):
        return code if source.is_events else replace(code, deliver="")
    mapped = map_function(link, source.view)
    if not source.is_events:
        return replace(code, put=f"{code.put}\n{mapped}", deliver="")
    inner = code.deliver.replace(f"_deliver_{link.number}(", f"_apply_{link.number}(")
    outer = fill(template("mapped.c.in"), NAME="@NAME@", NUMBER=link.number)
    return replace(code, deliver=f"{inner}\n{mapped}\n{outer}")


@final
class Spreading:
    """Functions that pass a source's values on: `spread_<node>` in the same timestep, `recall_<node>_<delay>` later."""

    def __init__(self, context: Context, source: Source, codes: Mapping[int, Code]) -> None:
        self.context, self.source, self.name = context, source, source.node.name
        self.codes = codes

    def functions(self) -> list[str]:
        """All of them."""
        if self.source.is_events:
            return [*self._recall_events(), *self._spread_events()]
        return list(self._spread_values())

    def _delays(self) -> list[int]:
        return sorted({link.delay for link in self.source.links if link.delay})

    def _links(self, delay: int) -> list[Link]:
        return [link for link in self.source.links if link.delay == delay]

    def _slot(self, delay: int, stride: int) -> tuple[list[str], str]:
        """Statements, and what is added to the ring to reach the values `delay` timesteps ago."""
        ring = self.source.ring
        if ring == 1:
            return [], ""
        at = f"m->{self.name}_at"
        if delay % ring == 0:
            return [], f" + {at} * {stride}u"
        lines = [f"const uint32_t slot = {at} >= {delay}u ? {at} - {delay}u : {at} + {ring - delay}u;"]
        return lines, f" + slot * {stride}u"

    def _recall_events(self) -> Iterator[str]:
        size, counted = self.source.view.size, self.source.high > 1
        for delay in self._delays():
            stride = size if counted else words(size)
            lines, offset = self._slot(delay, stride)
            ring, kind = ("repeats", "uint8_t") if counted else ("bits", "uint32_t")
            lines += [
                f"const {kind} *ring = m->{self.name}_{ring}{offset};",
                "@NAME@_index_t events[@NAME@_ROOM];",
                f"uint32_t at = 0u, {'done = 0u, ' if counted else ''}count;",
            ]
            call = (
                f"unpack_repeats(ring, {size}u, &at, &done, events)"
                if counted
                else f"unpack(ring, {stride}u, &at, events)"
            )
            inner = [f"    @NAME@_deliver_{link.number}(m, events, count);" for link in self._links(delay)]
            lines += [f"while ((count = @NAME@_{call}) > 0u) {{", *inner, "}"]
            yield self._function(f"recall_{self.name}_{delay}", "", lines)

    def _spread_events(self) -> Iterator[str]:
        if not self.context.is_heard(self.source):
            return
        lines = [f"@NAME@_deliver_{link.number}(m, events, count);" for link in self._links(0)]
        declarations: list[str] = []
        each: list[str] = []
        if self.source.ring:
            size, counted = self.source.view.size, self.source.high > 1
            ring, kind = ("repeats", "uint8_t") if counted else ("bits", "uint32_t")
            stride = size if counted else words(size)
            offset = f" + m->{self.name}_at * {stride}u" if self.source.ring > 1 else ""
            declarations.append(f"{kind} *ring = m->{self.name}_{ring}{offset};")
            each.append("ring[index]++;" if counted else "ring[index >> 5] |= (uint32_t)1 << (index & 31u);")
        if self.context.is_spiking and self.source is self.context.answer:
            each += self._count()
        if each:
            declarations.append("uint32_t k;")
            head = ["for (k = 0u; k < count; k++) {", "    const uint32_t index = events[k];"]
            lines += [*head, *(indent(line) for line in each), "}"]
        arguments = ", const @NAME@_index_t *events, uint32_t count"
        yield self._function(f"spread_{self.name}", arguments, [*declarations, *lines])

    def _count(self) -> list[str]:
        view = self.source.view
        if not view.by_pixel:
            own, lines = "index", []
        else:
            split = unpacking(view)[:2]
            own, lines = "graph_index", [*split, f"const uint32_t graph_index = channel * {view.pixels}u + place;"]
        return [
            *lines,
            f"m->output[m->output_count++] = (@NAME@_index_t){own};",
            f"if (m->counts[{own}] != 0xFFFFu) {{",
            f"    m->counts[{own}]++;",
            "}",
        ]

    def _spread_values(self) -> Iterator[str]:
        size = self.source.view.size
        for delay in sorted({link.delay for link in self.source.links}):
            lines, offset = ([], "") if delay == 0 else self._slot(delay, size)
            if delay:
                lines.append(f"const int32_t *values = m->{self.name}_values{offset};")
            mapped = [x for x in self._links(delay) if needs_map(x, self.source.view)]
            lines += ["uint32_t k;"]
            body = []
            for link in self._links(delay):
                factor = self.codes[link.number].amount
                if link in mapped:
                    body += [
                        f"const @NAME@_index_t own_{link.number}[1] = {{(@NAME@_index_t)k}};",
                        f"@NAME@_index_t some_{link.number}[@NAME@_ROOM];",
                        f"uint32_t at_{link.number} = 0u;",
                        f"uint32_t left_{link.number} = @NAME@_map_{link.number}(own_{link.number}, 1u, &at_{link.number}, some_{link.number});",
                        f"while (left_{link.number} > 0u) {{",
                        f"    @NAME@_put_{link.number}(m, some_{link.number}[--left_{link.number}], value * {factor});",
                        "}",
                    ]
                else:
                    body.append(f"@NAME@_put_{link.number}(m, k, value * {factor});")
            lines += [
                f"for (k = 0u; k < {size}u; k++) {{",
                "    const uint32_t value = (uint32_t)values[k];",
                "    if (value != 0u) {",
                *(indent(line, 2) for line in body),
                "    }",
                "}",
            ]
            if delay:
                yield self._function(f"recall_{self.name}_{delay}", "", lines)
            else:
                yield self._function(f"spread_{self.name}", ", const int32_t *values", lines)

    def _function(self, name: str, arguments: str, lines: Sequence[str]) -> str:
        body = "\n".join(indent(line) for line in lines)
        return f"static void @NAME@_{name}(@NAME@_t *m{arguments})\n{{\n{body}\n}}\n"


def recalls(source: Source) -> list[str]:
    """Names of the functions that deliver a source's earlier values, in order."""
    return [f"recall_{source.node.name}_{delay}" for delay in sorted({x.delay for x in source.links if x.delay})]


def clears(context: Context, source: Source) -> str:
    """Statement that empties the part of a ring that this timestep fills; "" where there is none."""
    if not source.is_events or not source.ring:
        return ""
    counted, size = source.high > 1, source.view.size
    stride = size if counted else words(size)
    offset = f" + m->{source.node.name}_at * {stride}u" if source.ring > 1 else ""
    if counted:
        return f"@NAME@_clear_bytes(m->{source.node.name}_repeats{offset}, {stride}u);"
    return f"@NAME@_clear(m->{source.node.name}_bits{offset}, {stride}u);"
