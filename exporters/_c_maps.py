"""Events renumbered on their way: windows that are summed, and another order of channels and pixels.

A sum over windows repeats an event once for each window that it lies in; repeated events add up.
"""

from __future__ import annotations

import math
from dataclasses import replace

from neurodeploy.exporters._c_lower import Link, Window
from neurodeploy.exporters._c_text import fill, indent, only_used, quotient, template
from neurodeploy.exporters._c_view import View, packed, unpacking, view


def needs_map(link: Link, source: View) -> bool:
    """Whether the source numbers its events otherwise than the link's kernel wants them."""
    return bool(link.windows) or not source.numbers_like(link.domain)


def fan_out(link: Link) -> int:
    """How many events one event becomes at most."""
    return math.prod(
        -(-kernel // stride)
        for window in link.windows
        for kernel, stride in zip(window.node.kernel, window.node.stride, strict=True)
    )


def map_function(link: Link, source: View) -> str:
    """`map_<number>(events, count, at, out)`: how many of `out` were filled, 0 at the end."""
    first, last = _shapes(link, source)
    depth = len(link.windows)
    lines, place = _renumbered(link.domain, last, f"y{depth}", f"x{depth}")
    inner = "\n".join([*lines, f"out[n++] = (@NAME@_index_t)({place});"])
    for level, window in reversed(list(enumerate(link.windows))):
        inner = _windows(window, level, inner)
    start = [
        line.replace(" y =", " y0 =").replace(" x =", " x0 =").replace("- y *", "- y0 *") for line in unpacking(first)
    ]
    body = only_used(["const uint32_t index = events[*at];", *start], inner)
    if not any("events" in line for line in body):  # all of the map falls into one place
        body.insert(0, "(void)events;")
    values = {"NUMBER": link.number, "FAN": fan_out(link), "BODY": indent("\n".join([*body, inner]), 2)}
    return fill(template("map.c.in"), NAME="@NAME@", **values)


def _shapes(link: Link, source: View) -> tuple[View, View]:
    """The map that an index is taken apart in, and the one that it is in after all windows.

    Indices in the graph's order mean the same in every shape, so the shape of the other end is taken.
    """
    if link.windows:
        return view(link.windows[0].before, source.by_pixel), view(link.windows[-1].after, False)
    first = source if source.by_pixel else replace(link.domain, by_pixel=False)
    return first, replace(first, by_pixel=False)


def _renumbered(domain: View, shape: View, y: str, x: str) -> tuple[list[str], str]:
    """Statements and expression of the place in `domain` of channel, y, x of the map `shape`."""
    if not domain.by_pixel:
        return [], packed(shape, y, x)
    if replace(domain, by_pixel=False) == shape:
        return [], packed(domain, y, x)
    lines = [
        f"const uint32_t flat = {packed(shape, y, x)};",
        f"const uint32_t group = {quotient('flat', domain.pixels, domain.size)};",
    ]
    return lines, f"(flat - group * {domain.pixels}u) * {domain.channels}u + group"


def _windows(window: Window, depth: int, inner: str) -> str:
    """Loops over the windows that hold position y<depth>, x<depth>."""
    for axis, name in ((1, "x"), (0, "y")):
        position, to = f"{name}{depth}", f"{name}{depth + 1}"
        kernel, stride = window.node.kernel[axis], window.node.stride[axis]
        size, out = window.before[1 + axis], window.after[1 + axis]
        last = quotient(position, stride, size)
        first = quotient(f"({position} + {stride - 1}u - {kernel - 1}u)", stride, size + stride)
        lines = [f"const uint32_t last_{to} = {last};", f"uint32_t {to} = 0u;"]
        if kernel <= stride:
            lines = [f"const uint32_t {to} = {last};"]
            tests = [] if out * stride >= size else [f"{to} < {out}u"]
            tests += [f"{position} - {to} * {stride}u < {kernel}u"] if kernel < stride else []
            block = f"if ({' && '.join(tests)}) {{\n{indent(inner)}\n}}" if tests else inner
            inner = "\n".join([*lines, block])
            continue
        guard = f"{position} >= {kernel}u ? {first} : 0u" if kernel > 1 else first
        lines = [
            f"const uint32_t end_{to} = {last} < {out}u ? {last} + 1u : {out}u;",
            f"uint32_t {to};",
            f"for ({to} = {guard}; {to} < end_{to}; {to}++) {{",
        ]
        inner = "\n".join([*lines, indent(inner), "}"])
    return inner
