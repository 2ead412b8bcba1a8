"""NAME.c and NAME.h from the parts of a network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_debug import debug_functions
from neurodeploy.exporters._c_exit import exit_functions
from neurodeploy.exporters._c_header import header
from neurodeploy.exporters._c_kernel import Code, Helper
from neurodeploy.exporters._c_links import link_code
from neurodeploy.exporters._c_neuron import settle
from neurodeploy.exporters._c_spread import spreading
from neurodeploy.exporters._c_step import answer_functions, late_constants, step_functions
from neurodeploy.exporters._c_text import fill, template
from neurodeploy.exporters._c_weights import Table

SHARED = ("share", "decay", "wrap", "divide", "clear", "clear_pairs", "clear_bytes", "unpack", "unpack_repeats")
"""Helpers that are written when something calls them."""


@final
@dataclass(frozen=True, eq=False)
class Source:
    """The two files of a network, and what they are made of.

    Args:
        codes: link number to its code.
        tables: all constants in flash.
    """

    header: str
    source: str
    codes: dict[int, Code]
    tables: tuple[Table, ...]

    @property
    def const_bytes(self) -> int:
        """Flash of all constants."""
        return sum(table.bytes for table in self.tables)


def write(context: Context, name: str, title: str, model_id: int) -> Source:
    """The files with prefix `name`."""
    codes: dict[int, Code] = {}
    for sink in context.network.sinks:
        for link in sink.links:
            source = context.network.source(link.source)
            assert source is not None
            codes[link.number] = link_code(context, sink, link, source)
    codes = _sharing_tables(codes)
    settled = [settle(context, sink) for sink in context.network.sinks]
    constants = late_constants(context)
    tables = [t for code in codes.values() for t in code.tables] + [t for s in settled for t in s.tables]
    tables = _once([*tables, *(table for table, _ in constants)])
    helpers = {h.key: h for code in codes.values() for h in code.helpers}
    links = [text for code in codes.values() for text in (code.put, code.deliver) if text]
    spreads = [text for source in context.network.sources for text in spreading(context, source, codes)]
    late = [text for _, text in constants]
    body = [*links, *spreads, *(s.text for s in settled), *late, step_functions(context), answer_functions(context)]
    body += [text for text in (exit_functions(context), debug_functions(context)) if text]
    parts = [*_shared(body), *_sorted(helpers), *(t.text for t in tables), *body]
    text = fill(template("net.c.in"), NAME="@NAME@", TITLE=title, ROOM=context.room, PARTS="\n".join(parts).rstrip())
    top = header(context, title, model_id, sum(table.bytes for table in tables))
    return Source(fill(top, NAME=name), fill(text, NAME=name), codes, tuple(tables))


def _sharing_tables(codes: dict[int, Code]) -> dict[int, Code]:
    """Links through one synapse read one table: where two are equal, the first one's name stands for both."""
    first: dict[tuple[str, bool, int, bytes], Table] = {}
    shared = {}
    for number, code in codes.items():
        put, deliver, tables = code.put, code.deliver, []
        for own in code.tables:
            values = np.asarray(own.values)
            kept = first.setdefault((own.kind, own.in_words, values.size, values.tobytes()), own)
            pattern = rf"{re.escape(own.name)}\b"
            put, deliver = re.sub(pattern, kept.name, put), re.sub(pattern, kept.name, deliver)
            tables.append(kept)
        shared[number] = replace(code, put=put, deliver=deliver, tables=tuple(tables))
    return shared


def _once(tables: Sequence[Table]) -> list[Table]:
    return list({table.name: table for table in tables}.values())


def _sorted(helpers: dict[str, Helper]) -> list[str]:
    return [helpers[key].text for key in sorted(helpers)]


def _shared(body: Sequence[str]) -> list[str]:
    text = "\n".join(body)
    return [template(f"{name}.c.in") for name in SHARED if f"@NAME@_{name}(" in text]
