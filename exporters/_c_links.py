"""The functions of one link in C: a synapse or none, with a map before it where the source numbers otherwise."""

from __future__ import annotations

from dataclasses import replace

from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_conv import conv_code
from neurodeploy.exporters._c_dense import dense_code
from neurodeploy.exporters._c_kernel import Code, amount, each_event, put_function
from neurodeploy.exporters._c_lower import Link, Sink, Source
from neurodeploy.exporters._c_maps import map_function, needs_map
from neurodeploy.exporters._c_text import fill, template
from neurodeploy.graph.nodes import Conv2d, Dense


def link_code(context: Context, sink: Sink, link: Link, source: Source) -> Code:
    """`deliver_<number>(m, events, count)` for events; `put_<number>` or `mapped_<number>` for values."""
    code = _synapse(context, sink, link, source)
    if not needs_map(link, source.view):
        return code if source.is_events else replace(code, deliver="")
    mapped = map_function(link, source.view)
    if not source.is_events:
        outer = fill(template("mapped_value.c.in"), NAME="@NAME@", NUMBER=link.number)
        return replace(code, put=f"{code.put}\n{mapped}\n{outer}", deliver="", entry=f"mapped_{link.number}")
    inner = code.deliver.replace(f"_deliver_{link.number}(", f"_apply_{link.number}(")
    outer = fill(template("mapped.c.in"), NAME="@NAME@", NUMBER=link.number)
    return replace(code, deliver=f"{inner}\n{mapped}\n{outer}")


def _synapse(context: Context, sink: Sink, link: Link, source: Source) -> Code:
    sums, unit = f"m->{context.sums(sink)}", context.unit(sink)
    if isinstance(link.synapse, Dense):
        rows = context.rows or not source.is_events  # a tile is for many events at once
        return dense_code(link, link.synapse, sums, sink.view.graph_indices(), unit, rows)
    if isinstance(link.synapse, Conv2d):
        return conv_code(link, link.synapse, sums, unit, sink.view)
    put = put_function(link, [f"{sums}[index] += amount;"])
    return Code(put, each_event(link, amount(unit)), amount(unit), "direct", f"put_{link.number}")
