"""The end of a timestep in C: neurons take what was added to their sums, fire, and decay for the next timestep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.exporters._c_constant import Constant, constant
from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_lower import Sink
from neurodeploy.exporters._c_members import value_slots
from neurodeploy.exporters._c_ranges import decayed
from neurodeploy.exporters._c_text import indent, quotient
from neurodeploy.exporters._c_weights import Table
from neurodeploy.exporters._state_range import UNIT
from neurodeploy.graph.nodes import Cuba, Readout, Reset
from neurodeploy.graph.numeric import STATE, Array


@final
@dataclass(frozen=True, eq=False)
class Settled:
    """Function `fire_<node>(m)` and the tables it reads."""

    text: str
    tables: tuple[Table, ...]


def settle(context: Context, sink: Sink) -> Settled:
    """The code of one sink."""
    if isinstance(sink.node, Cuba):
        return _Neurons(context, sink, sink.node).function()
    return _values(context, sink)


def _tables(constants: Sequence[Constant]) -> tuple[Table, ...]:
    found = {c.table.name: c.table for c in constants if c.table is not None}
    return tuple(found.values())


def _loop(sink: Sink, by_channel: bool, body: str) -> str:
    size = sink.view.size
    if not by_channel:
        return f"for (k = 0u; k < {size}u; k++) {{\n{indent(body)}\n}}"
    inner = f"for (channel = 0u; channel < {sink.view.channels}u; channel++, k++) {{\n{indent(body)}\n}}"
    return f"for (k = 0u; k < {size}u;) {{\n{indent(inner)}\n}}"


def _function(sink: Sink, declarations: Sequence[str], rest: str) -> str:
    head = f"static void @NAME@_fire_{sink.node.name}(@NAME@_t *m)"
    return f"{head}\n{{\n{indent(chr(10).join(declarations))}\n{indent(rest)}\n}}\n"


@final
class _Neurons:
    """Fused: sums to current and voltage, fire, reset, decay for the next timestep."""

    def __init__(self, context: Context, sink: Sink, node: Cuba) -> None:
        self.context, self.sink, self.node = context, sink, node
        self.plan, self.name = context.plans[node.name], node.name
        size, view = sink.view.size, sink.view
        zero = np.zeros(size, np.int64)
        pushed: Array = zero if node.bias is None else np.repeat(node.bias, size // len(node.bias))
        pushed, summed = pushed[view.graph_indices()], sink.constants.get(0, zero)
        self.summed = constant(f"@NAME@_offset_{node.name}", summed, view, UNIT)
        self.pushed = constant(f"@NAME@_bias_{node.name}", pushed, view, UNIT)
        self.both = constant(f"@NAME@_push_{node.name}", summed + pushed, view, UNIT)
        if not summed.any():
            self.both = self.pushed
        if not pushed.any():
            self.both = self.summed

    def function(self) -> Settled:
        """fire_<node>."""
        used = [self.summed, self.pushed] if self.plan.keeps_current else [self.both]
        seen = [] if self.plan.keeps_current else [self.summed]
        by_channel = any(c.by_channel for c in [*used, *seen])
        body = self._with_current() if self.plan.keeps_current else self._in_place()
        heard = self._heard()
        declarations = [f"uint32_t *sums = m->{self.context.sums(self.sink)};"]
        if self.plan.keeps_current:
            declarations.append(f"int32_t *voltage = m->{self.name}_voltage;")
        room = "@NAME@_ROOM" if self._overflows() else f"{self.sink.view.size}"
        declarations += [f"@NAME@_index_t spikes[{room}];", "uint32_t count = 0u;"] if heard else []
        declarations.append(f"uint32_t k{', channel' if by_channel else ''};")
        loop = _loop(self.sink, by_channel, body)
        if heard:
            loop += f"\nif (count > 0u) {{\n    @NAME@_spread_{self.name}(m, spikes, count);\n}}"
        debug = [t for t in _tables(seen) if t not in _tables(used)]
        tables = (*_tables(used), *debug)
        return Settled(_function(self.sink, declarations, loop), tables)

    def _overflows(self) -> bool:
        """Whether more neurons may fire than a list on the stack holds."""
        return self.sink.view.size > self.context.room

    def _heard(self) -> bool:
        source = self.context.network.source(self.name)
        return source is not None and self.context.is_heard(source)

    def _in_place(self) -> str:
        """No memory of the current: sums have gone into the decayed voltage."""
        current = f"(int32_t)(sums[k] - m->{self.name}_dbefore[k]){self.summed}"
        core = [*self._limits(), *self._fire(), f"sums[k] = (uint32_t){self._decayed('v', voltage=True)};"]
        seen = [self._see("dcurrent", current), self._see("dspike", "0u")]
        lines = [f"int32_t v = (int32_t)sums[k]{self.both};", *seen]
        if self.both.value:
            lines += core
        else:
            lines += ["if (v != 0) {", *(indent(line) for line in core), "}"]
        at_rest = [] if self.both.value else [self._see("dvoltage", "0")]
        return "\n".join([*lines[:3], *at_rest, *lines[3:], self._see("dbefore", "sums[k]")])

    def _with_current(self) -> str:
        """The current is kept, already decayed; sums have gone into it."""
        total = self.summed.added_to("sums[k]")
        wrapped = f"@NAME@_wrap({total})" if self.plan.wraps else total
        left = self._decayed("voltage[k]", voltage=True)
        pushed = f"i{self.pushed}" if left == "0" else f"{left} + i{self.pushed}"
        lines = [
            f"const int32_t i = {wrapped};",
            f"int32_t v = {pushed};",
            self._see("dcurrent", "i"),
            self._see("dspike", "0u"),
            *self._limits(),
            *self._fire(),
            "voltage[k] = v;",
            f"sums[k] = (uint32_t){self._decayed('i', voltage=False)};",
        ]
        return "\n".join(lines)

    def _decayed(self, value: str, voltage: bool) -> str:
        if voltage:
            return decayed(value, self.node.voltage_decay, self.plan.voltage_reach)
        return decayed(value, self.node.current_decay, self.plan.current_reach)

    def _limits(self) -> list[str]:
        lines = []
        if self.plan.falls:
            lines += [f"if (v < {-STATE.high}) {{", f"    v = {-STATE.high};", "}"]
        if self.plan.rises:
            lines += [f"if (v > {STATE.high}) {{", f"    v = {STATE.high};", "}"]
        return lines

    def _fire(self) -> list[str]:
        threshold = UNIT * int(self.node.threshold)
        subtract = self.node.reset is Reset.SUBTRACT
        lines = [f"if (v > {threshold}) {{", f"    v {'-=' if subtract else '='} {threshold if subtract else 0};"]
        if self._heard():
            lines.append("    spikes[count++] = (@NAME@_index_t)k;")
        if self._heard() and self._overflows():
            lines += [
                "    if (count == @NAME@_ROOM) {",
                f"        @NAME@_spread_{self.name}(m, spikes, count);",
                "        count = 0u;",
                "    }",
            ]
        return [*lines, "    " + self._see("dspike", "1u"), "}", self._see("dvoltage", "v")]

    def _see(self, what: str, value: str) -> str:
        return f"@NAME@_SEE(m->{self.name}_{what}[k] = {value});"


def _values(context: Context, sink: Sink) -> Settled:
    """A readout, which keeps its sums for ever, or linear sums, which start again at zero."""
    node, view = sink.node, sink.view
    source = context.network.source(node.name)
    assert source is not None
    offset = sink.constants.get(0, np.zeros(view.size, np.int64))
    added = constant(f"@NAME@_offset_{node.name}", offset, view, context.unit(sink))
    slot = f" + m->{node.name}_at * {view.size}u" if value_slots(source) > 1 else ""
    place, by_channel = "k", added.by_channel
    if source.view != view:  # the answer is in the graph's order
        by_channel, place = True, f"channel * {view.pixels}u + {quotient('k', view.channels, view.size)}"
    if isinstance(node, Readout):
        lines = [
            f"const int32_t i = @NAME@_wrap({added.added_to('sums[k]')});",
            "sums[k] = (uint32_t)i;",
            f"values[{place}] = i > {STATE.high} ? {STATE.high} : i;",
        ]
    else:
        lines = [f"values[{place}] = {added.added_to('sums[k]')};", "sums[k] = 0u;"]
    declarations = [
        f"uint32_t *sums = m->{context.sums(sink)};",
        f"int32_t *values = m->{node.name}_values{slot};",
        f"uint32_t k{', channel' if by_channel else ''};",
    ]
    rest = _loop(sink, by_channel, "\n".join(lines))
    if any(link.delay == 0 for link in source.links):
        rest += f"\n@NAME@_spread_{node.name}(m, values);"
    return Settled(_function(sink, declarations, rest), _tables([added]))
