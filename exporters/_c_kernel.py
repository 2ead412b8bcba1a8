"""What a link's code is made of: shared helper functions, constant tables, and its own functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from neurodeploy.exporters._c_lower import Link
from neurodeploy.exporters._c_text import fill, template
from neurodeploy.exporters._c_weights import Table

WEIGHT_WORDS = {"int8_t": "int8", "uint8_t": "uint8", "int16_t": "int16"}
"""C type to its part in a helper's name."""


@final
@dataclass(frozen=True, eq=False)
class Helper:
    """A function of a template file that several links share.

    Args:
        key: unique for its text; also the order in the generated file.
        text: its definition, placeholders but NAME filled.
    """

    key: str
    text: str


@final
@dataclass(frozen=True, eq=False)
class Code:
    """C code of one link.

    Args:
        put: function `put_<number>(m, index, amount)`, one event; "" where there is none.
        deliver: function `deliver_<number>(m, events, count)`; "" for values.
        amount: C literal: what one event weighs.
        entry: function that takes one value.
        layout: for the report: "tiles", "rows", "sparse", "taps", "runs", "direct".
    """

    put: str
    deliver: str
    amount: str
    layout: str
    entry: str = ""
    tables: tuple[Table, ...] = ()
    helpers: tuple[Helper, ...] = ()


def helper(file: str, key: str, **values: object) -> Helper:
    """A shared function from `c_runtime/net/<file>`."""
    return Helper(key, fill(template(file), NAME="@NAME@", **values))


def put_function(link: Link, body: Iterable[str]) -> str:
    """`put_<number>`: adds what one event of size `amount` / unit contributes."""
    lines = "\n".join(f"    {line}" if line else line for line in body)
    head = f"static void @NAME@_put_{link.number}(@NAME@_t *m, uint32_t index, uint32_t amount)"
    return f"{head}\n{{\n{lines}\n}}\n"


def each_event(link: Link, amount: str, kernel: str = "deliver") -> str:
    """`deliver_<number>` as a loop over events that calls put_<number>."""
    return fill(template("each_event.c.in"), NAME="@NAME@", KERNEL=kernel, NUMBER=link.number, AMOUNT=amount)


def amount(factor: int) -> str:
    """C literal of `factor` modulo 2**32."""
    return f"{factor}u" if factor >= 0 else f"(uint32_t){factor}"
