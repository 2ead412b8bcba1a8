"""C text from templates and numbers: placeholders, identifiers, integer types, tables, divisions by constants."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Sequence

import numpy as np

from neurodeploy.graph.numeric import Array

WORD = 1 << 32
LINE = 110
"""Columns of a table's lines."""

KEYWORDS = """auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm bool
catch class delete explicit export false friend mutable namespace new operator private protected public template this
throw true try typeid typename using virtual and or not xor bitand bitor compl"""
HEADERS = """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype"""
BESIDE = """main main_test example_main model io io_stdio io_semihosting request runner counter golden early clock
clock_systick clock_minstret start_arm start_riscv state program board answer"""
TYPES = """int8 int16 int32 int64 uint8 uint16 uint32 uint64 intmax uintmax intptr uintptr size ssize ptrdiff char16
char32 div ldiv lldiv fpos off mode pid uid gid dev ino id key max_align nullptr sig_atomic va_list"""
TARGETS = "all help install preinstall clean test package"
RESERVED = frozenset(f"{KEYWORDS} {HEADERS} {BESIDE} {TYPES} {TARGETS}".split())
"""Names that would hide others: keywords of C and C++, standard headers and types (NAME_t), files beside the network,
and what CMake keeps for itself."""


def identifier(name: str) -> str:
    """`name` as a C identifier that starts with a letter and, with what is added to it, names nothing else."""
    text = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:48].rstrip("_")
    if not text or not text[0].isalpha():
        text = f"net_{text}".rstrip("_")
    return f"{text}_net" if text.lower() in RESERVED else text


def template(file: str) -> str:
    """The text of `c_runtime/net/<file>`."""
    folder = importlib.resources.files("neurodeploy.exporters").joinpath("c_runtime", "net")
    return folder.joinpath(file).read_text(encoding="utf-8")


def fill(text: str, **values: object) -> str:
    """`text` with every @KEY@ replaced; a placeholder without a value is an error of this package."""
    found = set(re.findall(r"@([A-Z_]+)@", text))
    missing = found - values.keys()
    if missing:
        raise KeyError(f"no value for {', '.join(sorted(missing))}")
    return re.sub(r"@([A-Z_]+)@", lambda match: str(values[match[1]]), text)


def indent(text: str, levels: int = 1) -> str:
    """`text` with every line that is not empty moved right by four spaces per level."""
    return "\n".join("    " * levels + line if line else line for line in text.split("\n"))


def only_used(declarations: Sequence[str], rest: str) -> list[str]:
    """`declarations` ("const uint32_t name = ...;") without those that neither `rest` nor a later one reads."""
    kept: list[str] = []
    for line in reversed(declarations):
        name = re.match(r"const uint32_t (\w+) =", line)
        if name is None or re.search(rf"\b{name[1]}\b", "\n".join([*kept, rest])):
            kept.insert(0, line)
    return kept


def smallest_type(low: int, high: int) -> str:
    """The narrowest of C's fixed-width types that holds low..high; unsigned where nothing is negative."""
    kinds = ("uint8_t", "uint16_t", "uint32_t") if low >= 0 else ("int8_t", "int16_t", "int32_t")
    for kind, bits in zip(kinds, (8, 16, 32), strict=True):
        top = (1 << bits) - 1 if low >= 0 else (1 << (bits - 1)) - 1
        if high <= top and low >= (0 if low >= 0 else -top - 1):
            return kind
    raise OverflowError(f"{low}..{high} does not fit 32 bits")


def width(kind: str) -> int:
    """Bytes of a fixed-width type."""
    return int(re.sub(r"\D", "", kind)) // 8


def table(kind: str, name: str, values: Array, attribute: str = "") -> str:
    """A constant array; lines are filled."""
    flat = [str(value) for value in np.asarray(values).reshape(-1).tolist()]
    suffix = "u" if kind.startswith("u") else ""
    lines, line = [], ""
    for item in flat:
        if len(line) + len(item) + 3 > LINE:
            lines.append(line)
            line = ""
        line += f"{' ' if line else ''}{item}{suffix},"
    lines.append(line)
    body = "\n".join(f"    {text}" for text in lines)
    return f"static const {kind} {name}[{len(flat)}]{attribute} = {{\n{body.removesuffix(',')}\n}};\n"


def quotient(value: str, divisor: int, limit: int) -> str:
    """`value` / `divisor` in C for 0 <= value < limit, without a division (a Cortex-M0 has none).

    Source:
        T. Granlund, P. Montgomery, "Division by invariant integers using multiplication", PLDI 1994.
    """
    if divisor == 1:
        return value
    if limit <= divisor:
        return "0u"
    if divisor & (divisor - 1) == 0:
        return f"({value} >> {divisor.bit_length() - 1})"
    for shift in range(32):
        factor = -(-(1 << shift) // divisor)
        error = factor * divisor - (1 << shift)
        if (limit - 1) * error < 1 << shift and (limit - 1) * factor < WORD:
            return f"(({value} * {factor}u) >> {shift})"
    if divisor % 2 == 0:
        return quotient(f"({value} >> 1)", divisor // 2, (limit + 1) // 2)
    return f"@NAME@_divide({value}, {divisor}u)"
