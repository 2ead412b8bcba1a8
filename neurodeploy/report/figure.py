"""One look for all figures, and a figure as SVG text that can stand inside HTML."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure

WIDTH: Final = 4.4
"""Inches. Figures are narrow so that they need no shrinking on a phone; a desktop shows several side by side."""

GREYS: Final = ("#111111", "#6b6b6b", "#a8a8a8", "#d6d6d6")
LINES: Final = ("-", "--", ":", "-.")
MARKS: Final = ("o", "s", "^", "D", "v", "x", "+", "*")
HATCHES: Final = ("", "////", "....", "xxxx", "\\\\\\\\", "++++", "oooo", "----")
"""Grey, line style, mark and hatch together: readable in black and white."""

STYLE: Final[dict[str, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "neurodeploy",
    # class names are data: a dollar sign must not start a formula
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.4,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "hatch.linewidth": 0.6,
    "figure.facecolor": "white",
    "figure.dpi": 100,
}


@contextmanager
def style() -> Iterator[None]:
    """Settings of all figures; nothing outside changes. Characters missing from the font are left to the browser."""
    fonts = logging.getLogger("matplotlib.font_manager")
    level = fonts.level
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        fonts.setLevel(logging.ERROR)
        try:
            yield
        finally:
            fonts.setLevel(level)


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure of `height` inches whose parts do not overlap."""
    return Figure(figsize=(width, height), layout="constrained")


def as_svg(figure: Figure, label: str) -> Markup:
    """The figure as an <svg> element; the same figure gives the same text.

    Args:
        label: what a screen reader says.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)  # holds today's date
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # names like axes_1 would occur once in every figure of the page
    head = Markup('<svg role="img" aria-label="{}"').format(label)
    return Markup(head + Markup(text.removeprefix("<svg")))  # matplotlib escaped every text in it
