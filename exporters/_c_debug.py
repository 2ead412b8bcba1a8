"""The debug interface in C: every current, voltage and spike of a timestep, by the graph's own indices."""

from __future__ import annotations

from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_lower import Sink
from neurodeploy.exporters._c_text import fill, quotient, template
from neurodeploy.exporters._c_view import View
from neurodeploy.graph.nodes import Cuba, Readout


def debug_functions(context: Context) -> str:
    """layer_size, current, voltage and spike."""
    shown = context.shown()
    values = {
        "SIZES": ", ".join(f"{sink.view.size}u" for sink in shown),
        "CURRENT": _cases([_current(sink) for sink in shown]),
        "VOLTAGE": _cases([_voltage(context, sink) for sink in shown]),
        "SPIKE": _cases([_spike(sink) for sink in shown]),
    }
    return fill(template("debug.c.in"), NAME="@NAME@", **values)


def _cases(values: list[str]) -> str:
    return "\n".join(f"    case {k}u:\n        return {value};" for k, value in enumerate(values))


def _place(of: View) -> str:
    """Where the value of graph index `index` lies."""
    if not of.by_pixel:
        return "index"
    channel = quotient("index", of.pixels, of.size)
    return f"(index - {channel} * {of.pixels}u) * {of.channels}u + {channel}"


def _current(sink: Sink) -> str:
    if isinstance(sink.node, Cuba):
        return f"m->{sink.node.name}_dcurrent[{_place(sink.view)}]"
    return f"(int32_t)m->{sink.node.name}_current[{_place(sink.view)}]" if isinstance(sink.node, Readout) else "0"


def _voltage(context: Context, sink: Sink) -> str:
    if isinstance(sink.node, Cuba):
        return f"m->{sink.node.name}_dvoltage[{_place(sink.view)}]"
    source = context.network.source(sink.node.name)
    assert source is not None
    if source is context.answer:
        return "@NAME@_scores(m)[index]"
    at = f"m->{sink.node.name}_at"
    slot = f" + ({at} > 0u ? {at} - 1u : {source.ring - 1}u) * {source.view.size}u" if source.ring > 1 else ""
    return f"(m->{sink.node.name}_values{slot})[{_place(source.view)}]"


def _spike(sink: Sink) -> str:
    return f"(int)m->{sink.node.name}_dspike[{_place(sink.view)}]" if isinstance(sink.node, Cuba) else "0"
