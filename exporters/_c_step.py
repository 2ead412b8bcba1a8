"""One timestep in C: begin (what was delayed), the input's events, finish (all sinks in order), and the reset."""

from __future__ import annotations

from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_lower import Sink
from neurodeploy.exporters._c_members import Member, debug_members, late, members, value_slots
from neurodeploy.exporters._c_spread import clears, recalls
from neurodeploy.exporters._c_text import fill, indent, template
from neurodeploy.exporters._c_weights import Table, index_table

BYTE = 255


def late_constants(context: Context) -> list[tuple[Table, str]]:
    """Biases on delayed edges: a table, and the function that adds it once its delay has passed."""
    found = []
    for sink in context.network.sinks:
        for delay, vector in sink.constants.items():
            if delay:
                name = f"@NAME@_late_{sink.node.name}_{delay}"
                table = index_table(f"{name}_values", vector)
                if context.unit(sink) == 1:  # as in `constant`
                    table = Table("int32_t", table.name, vector)
                found.append((table, _late_function(context, sink, delay, name)))
    return found


def _late_function(context: Context, sink: Sink, delay: int, name: str) -> str:
    lines = [
        f"uint32_t *sums = m->{context.sums(sink)};",
        "uint32_t k;",
        f"for (k = 0u; m->age >= {delay}u && k < {sink.view.size}u; k++) {{",
        f"    sums[k] += (uint32_t){name}_values[k] * {context.unit(sink)}u;",
        "}",
    ]
    return f"static void {name}(@NAME@_t *m)\n{{\n{indent(chr(10).join(lines))}\n}}\n"


def step_functions(context: Context) -> str:
    """begin, finish, reset, step, step_dense and the event set."""
    network = context.network
    entry = network.source(network.graph.input.name)
    assert entry is not None
    heard = context.is_heard(entry)
    spread = f"    @NAME@_spread_{entry.node.name}(m, events, count);" if heard else ""
    parts = {
        "BEGIN": indent("\n".join(_begin(context))),
        "FINISH": indent("\n".join(_finish(context))),
        "RESET": _reset(context),
        "SPREAD": spread,
        "DENSE": indent("\n".join(_dense(spread.strip(), network.graph.input.high))),
    }
    text = fill(template("step.c.in"), NAME="@NAME@", **parts).replace(
        "\n\n    return @NAME@_finish", "\n    return @NAME@_finish"
    )
    events = template("event_set.c.in") if network.graph.input.high == 1 else ""
    return f"{text}\n{events}"


def _begin(context: Context) -> list[str]:
    lines = ["m->output_count = 0u;"] if context.is_spiking else []
    lines += [f"@NAME@_{name}(m);" for source in context.network.sources for name in recalls(source)]
    for sink in context.network.sinks:
        lines += [f"@NAME@_late_{sink.node.name}_{delay}(m);" for delay in sink.constants if delay]
    lines += [line for source in context.network.sources if (line := clears(source))]
    return lines or ["(void)m;"]


def _finish(context: Context) -> list[str]:
    lines = [f"@NAME@_fire_{sink.node.name}(m);" for sink in context.network.sinks]
    for source in context.network.sources:
        if source.ring > 1:
            at = f"m->{source.node.name}_at"
            lines.append(f"{at} = {at} + 1u == {source.ring}u ? 0u : {at} + 1u;")
    if late(context):
        lines += [f"if (m->age < {late(context)}u) {{", "    m->age++;", "}"]
    return [*lines, "return (int)m->output_count;" if context.is_spiking else "return 0;"]


def _reset(context: Context) -> str:
    lines = [indent(_cleared(member)) for member in members(context) if member.name not in ("unused", "output")]
    debug = [indent(_cleared(member)) for member in debug_members(context)]
    return "\n".join([*lines, *(["#ifdef @NAME@_DEBUG", *debug, "#endif"] if debug else [])])


def _cleared(member: Member) -> str:
    if not member.count:
        return f"m->{member.name} = 0u;"
    if member.kind == "uint8_t":
        return f"@NAME@_clear_bytes(m->{member.name}, {member.count}u);"
    if member.kind == "uint32_t":
        return f"@NAME@_clear(m->{member.name}, {member.count}u);"
    if member.kind == "int32_t":
        return f"@NAME@_clear((uint32_t *)m->{member.name}, {member.count}u);"
    return f"@NAME@_clear_pairs(m->{member.name}, {member.count}u);"


def _dense(spread: str, high: int) -> list[str]:
    lines = ["@NAME@_index_t events[@NAME@_ROOM];", "uint32_t at = 0u, done = 0u, count;"] if spread else []
    if high < BYTE:
        lines += [
            "uint32_t k;",
            "for (k = 0u; k < @NAME@_INPUT_SIZE; k++) {",
            "    if (frame[k] > @NAME@_INPUT_HIGH) {",
            "        return @NAME@_ERROR_VALUE;",
            "    }",
            "}",
        ]
    lines.append("@NAME@_begin(m);")
    if spread:
        lines += [
            "while ((count = @NAME@_unpack_repeats(frame, @NAME@_INPUT_SIZE, &at, &done, events)) > 0u) {",
            f"    {spread}",
            "}",
        ]
    return [*lines, "return @NAME@_finish(m);"]


def answer_functions(context: Context) -> str:
    """How the answer is read."""
    if context.is_spiking:
        return template("spiking_answer.c.in")
    source = context.answer
    slots, size, name = value_slots(source), source.view.size, source.node.name
    lines = f"return m->{name}_values;"
    if slots > 1:
        lines = f"return m->{name}_values + (m->{name}_at > 0u ? m->{name}_at - 1u : {slots - 1}u) * {size}u;"
    return fill(template("value_answer.c.in"), NAME="@NAME@", SLOT=indent(lines))
