"""NAME.h: sizes, the struct, and what can be called."""

from __future__ import annotations

import math

from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_exit import exit_declarations
from neurodeploy.exporters._c_members import debug_members, members, words
from neurodeploy.exporters._c_text import fill, template
from neurodeploy.graph.nodes import Readout


def header(context: Context, title: str, model_id: int, const_bytes: int) -> str:
    """The text of NAME.h, with NAME still open."""
    graph = context.network.graph
    shape = graph.input.shape
    kinds = ("CHANNELS", "HEIGHT", "WIDTH") if len(shape) == 3 else ()
    sizes = [f"#define @NAME@_INPUT_{kind} {size}u" for kind, size in zip(kinds, shape, strict=False)]
    if sizes:
        sizes.append("/* flat index = (channel * HEIGHT + y) * WIDTH + x */")
    size = math.prod(shape)
    values = {
        "TITLE": title,
        "MODEL": f"0x{model_id:08X}",
        "INPUT": size,
        "SHAPE": "\n".join(sizes) or "/* the inputs have no shape */",
        "HIGH": graph.input.high,
        "OUTPUT": context.answer.view.size,
        "STEPS": context.timesteps,
        "STATE": state_bytes(context),
        "CONST": const_bytes,
        "INDEX": context.index_kind,
        "MEMBERS": _struct(context),
        "ANSWER": _answer(context),
        "EXIT": exit_declarations(context),
        "EVENTS": fill(template("event_set.h.in"), NAME="@NAME@", WORDS=words(size)) if graph.input.high == 1 else "",
        "LAYERS": len(context.shown()),
    }
    return fill(template("net.h.in"), NAME="@NAME@", **values)


def state_bytes(context: Context) -> int:
    """sizeof the struct without debugging."""
    return sum(member.bytes for member in members(context))


def _struct(context: Context) -> str:
    lines = [member.text for member in members(context)]
    debug = [member.text for member in debug_members(context)]
    return "\n".join([*lines, *(["#ifdef @NAME@_DEBUG", *debug, "#endif"] if debug else [])])


def _answer(context: Context) -> str:
    if context.is_spiking:
        return template("spiking_answer.h.in")
    meaning = "" if isinstance(context.network.graph.output, Readout) else ": sums of this timestep alone"
    return fill(template("value_answer.h.in"), NAME="@NAME@", MEANING=meaning)
