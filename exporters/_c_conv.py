"""Convolutions in C: one event adds its kernel, pixel by pixel, to the sums of the pixels it reaches.

Per axis, an input at position p meets the taps t with p + padding = stride * out + dilation * t. With q and r the
quotient and remainder of p + padding by the stride, these are the taps of phase r; in ascending order they are one
`spread` apart in `out`, the first at q - offset. Weights are stored phase by phase and taps backwards, so that outputs
and weights are both walked forwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.exporters._c_kernel import WEIGHT_WORDS, Code, Helper, amount, each_event, helper, put_function
from neurodeploy.exporters._c_lower import Link
from neurodeploy.exporters._c_text import only_used, quotient
from neurodeploy.exporters._c_view import View, unpacking
from neurodeploy.exporters._c_weights import Table, index_table, pack
from neurodeploy.graph.nodes import Conv2d
from neurodeploy.graph.numeric import Array


@final
@dataclass(frozen=True)
class Axis:
    """One axis of a convolution.

    Args:
        name: "y" or "x".
        size, out: length of input and output.
        taps: length of the kernel.
    """

    name: str
    size: int
    out: int
    taps: int
    stride: int
    padding: int
    dilation: int

    @property
    def phases(self) -> list[list[int]]:
        """Taps of each phase, ascending."""
        return [[t for t in range(self.taps) if t * self.dilation % self.stride == r] for r in range(self.stride)]

    @property
    def spread(self) -> int:
        """Distance in the output between neighbouring taps of a phase."""
        return self.dilation // math.gcd(self.dilation, self.stride)

    def offset(self, phase: int) -> int:
        """How far before the quotient the first tap of `phase` lies."""
        taps = self.phases[phase]
        return (taps[0] * self.dilation - phase) // self.stride if taps else 0

    @property
    def is_run(self) -> bool:
        """Whether neighbouring taps meet neighbouring outputs and no table of offsets is needed."""
        return self.spread == 1 and all(self.offset(phase) == 0 for phase in range(self.stride))


def conv_code(link: Link, node: Conv2d, sums: str, unit: int, out: View) -> Code:
    """Code that delivers through `node` into sums ordered by `out`, pixel by pixel."""
    ends = ("y", link.domain.height, out.height), ("x", link.domain.width, out.width)
    geometry = node.weight.shape[2:], node.stride, node.padding, node.dilation
    axes = [Axis(*end, *(pair[k] for pair in geometry)) for k, end in enumerate(ends)]
    packed = pack(node.weight)
    weights = Table(packed.kind, f"@NAME@_weights_{link.number}", _ordered(packed.values, node.groups, axes))
    one, writer = amount(unit * packed.factor), _Writer(link, node, sums, out, axes, weights)
    is_runs = node.groups == 1 and all(axis.is_run for axis in axes)
    body, tables, helpers = writer.runs() if is_runs else writer.taps()
    body = only_used(body, "")
    put, each, layout = put_function(link, body), each_event(link, one), "runs" if is_runs else "taps"
    return Code(put, each, one, layout, f"put_{link.number}", (weights, *tables), helpers)


def _ordered(weight: Array, groups: int, axes: list[Axis]) -> Array:
    """(out, in / groups, rows, columns) as [in][phase y][phase x][taps backwards][out / groups]."""
    outs = len(weight) // groups
    grouped = np.moveaxis(weight.reshape(groups, outs, *weight.shape[1:]), 1, -1)
    by_input = grouped.reshape(groups * weight.shape[1], *weight.shape[2:], outs)
    parts = []
    for rows in axes[0].phases:
        for columns in axes[1].phases:
            block = by_input[:, rows[::-1]][:, :, columns[::-1]]
            parts.append(block.reshape(len(by_input), len(rows) * len(columns), outs))
    return np.concatenate(parts, axis=1)


def unroll(count: int) -> int:
    """Of 8, 4, 2 and 1, the largest that divides `count`."""
    return math.gcd(count, 8)


def add_helper(kind: str, step: int) -> Helper:
    """The function that adds a run of weights, `step` at a time."""
    word = WEIGHT_WORDS[kind]
    lines = "\n".join(f"        sums[{k}] += (uint32_t)weights[{k}] * amount;" for k in range(step))
    return helper("add.c.in", f"add_{word}_{step}", WORD=word, UNROLL=step, KIND=kind, LINES=lines)


@final
@dataclass(frozen=True, eq=False)
class _Writer:
    link: Link
    node: Conv2d
    sums: str
    out: View
    axes: list[Axis]
    weights: Table

    def runs(self) -> tuple[list[str], tuple[Table, ...], tuple[Helper, ...]]:
        """Whole runs of neighbouring outputs: every phase covers neighbouring pixels, channels included."""
        tables: list[Table] = []
        lines = unpacking(self.link.domain)
        for axis in self.axes:
            lines += self._phase(axis, tables)
            n, limit = axis.name, axis.out
            lines += [
                f"const uint32_t first_{n} = last_{n} + 1u > taps_{n} ? last_{n} + 1u - taps_{n} : 0u;",
                f"const uint32_t end_{n} = last_{n} < {limit}u ? last_{n} + 1u : {limit}u;",
            ]
        channels, step = self.out.channels, unroll(self.out.channels)
        call = f"@NAME@_add_{WEIGHT_WORDS[self.weights.kind]}_{step}"
        lines += [
            "uint32_t row;",
            f"uint32_t *sums = {self.sums};",
            f"const {self.weights.kind} *w = {self.weights.name};",
            "if (first_y >= end_y || first_x >= end_x) {",
            "    return;",
            "}",
            f"sums += (first_y * {self.out.width}u + first_x) * {channels}u;",
            f"w += ({self._block()} + (first_y + taps_y - 1u - last_y) * taps_x + first_x + taps_x - 1u - last_x)"
            f" * {channels}u;",
            "for (row = first_y; row < end_y; row++) {",
            f"    {call}(sums, w, (end_x - first_x) * {channels}u, amount);",
            f"    sums += {self.out.width * channels}u;",
            f"    w += taps_x * {channels}u;",
            "}",
        ]
        return lines, tuple(tables), (add_helper(self.weights.kind, step),)

    def taps(self) -> tuple[list[str], tuple[Table, ...], tuple[Helper, ...]]:
        """Tap by tap: dilated kernels, and groups, whose channels are a part of a pixel's."""
        tables: list[Table] = []
        lines = unpacking(self.link.domain)
        for axis in self.axes:
            lines += self._phase(axis, tables)
        outs = len(self.node.weight) // self.node.groups
        step = unroll(outs)
        call = f"@NAME@_add_{WEIGHT_WORDS[self.weights.kind]}_{step}"
        shift, ins = "", self.node.weight.shape[1]
        if self.node.groups > 1:
            lines.append(f"const uint32_t group = {quotient('channel', ins, self.link.domain.channels)};")
            shift = f" + group * {outs}u"
        spread = [axis.spread for axis in self.axes]
        lines += [
            "uint32_t row, column;",
            f"uint32_t *sums = {self.sums}{shift};",
            f"const {self.weights.kind} *w = {self.weights.name} + {self._block()} * {outs}u;",
            "for (row = taps_y; row > 0u; row--) {",
            f"    const uint32_t to_y = last_y - (row - 1u) * {spread[0]}u;  /* beyond the map where it wraps */",
            "    for (column = taps_x; column > 0u; column--) {",
            f"        const uint32_t to_x = last_x - (column - 1u) * {spread[1]}u;",
            f"        if (to_y < {self.out.height}u && to_x < {self.out.width}u) {{",
            f"            {call}(sums + (to_y * {self.out.width}u + to_x) * {self.out.channels}u, w, {outs}u, amount);",
            "        }",
            f"        w += {outs}u;",
            "    }",
            "}",
        ]
        return lines, tuple(tables), (add_helper(self.weights.kind, step),)

    def _phase(self, axis: Axis, tables: list[Table]) -> list[str]:
        """Declares last (the output of the phase's first tap), taps (their number) and begin (of those before)."""
        n, counts = axis.name, [len(taps) for taps in axis.phases]
        position = f"({n} + {axis.padding}u)" if axis.padding else n
        if axis.stride == 1:
            return [f"const uint32_t last_{n} = {position};", f"const uint32_t taps_{n} = {axis.taps}u;"]
        names = {key: f"@NAME@_{key}_{n}_{self.link.number}" for key in ("taps", "begin", "offset")}
        begins = np.cumsum([0, *counts[:-1]])
        tables += [index_table(names["taps"], np.array(counts)), index_table(names["begin"], begins)]
        whole = quotient(position, axis.stride, axis.size + axis.padding)
        lines = [
            f"const uint32_t whole_{n} = {whole};",
            f"const uint32_t phase_{n} = {position} - whole_{n} * {axis.stride}u;",
            f"const uint32_t taps_{n} = {names['taps']}[phase_{n}];",
            f"const uint32_t begin_{n} = {names['begin']}[phase_{n}];",
        ]
        offsets = [axis.offset(phase) for phase in range(axis.stride)]
        if any(offsets):
            tables.append(index_table(names["offset"], np.array(offsets)))
            return [*lines, f"const uint32_t last_{n} = whole_{n} - {names['offset']}[phase_{n}];"]
        return [*lines, f"const uint32_t last_{n} = whole_{n};"]

    def _block(self) -> str:
        """C expression: taps stored before those of this input channel and phase."""
        rows, columns = self.axes
        parts = [f"channel * {rows.taps * columns.taps}u"] if self.link.domain.channels > 1 else []
        parts += [] if rows.stride == 1 else [f"begin_y * {columns.taps}u"]
        parts += [] if columns.stride == 1 else ["taps_y * begin_x"]
        return f"({' + '.join(parts)})" if len(parts) > 1 else (parts[0] if parts else "0u")
