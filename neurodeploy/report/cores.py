"""A chip as a picture: every core a cell, filled as far as its fullest resource, patterned by the layer it holds."""

from __future__ import annotations

import math
from typing import Any, Final

from markupsafe import Markup
from matplotlib.patches import Patch, Rectangle

from neurodeploy.placement import Fit
from neurodeploy.report.figure import GREYS, HATCHES, as_svg, new_figure, style

ACROSS: Final = 16
"""Cells in a row."""
LEGEND: Final = 16
"""Layers that are named; a network of more layers shows patterns only."""


def can_draw(fit: Fit) -> bool:
    """Whether there is a chip of several cores to show, and the network is placed on it with nothing too much."""
    plan = fit.plan
    return (
        not plan.violations
        and plan.used is not None
        and plan.available is not None
        and 1 < plan.available >= plan.used > 0
    )


def cores_chart(fit: Fit) -> Markup:
    """The cores of one chip; `can_draw` says whether there is something to draw."""
    plan = fit.plan
    available = plan.available or 0
    rows = math.ceil(available / ACROSS)
    held = {core.index: core for core in plan.cores}
    names = list(dict.fromkeys(core.layer for core in plan.cores))
    looks = {name: _look(number) for number, name in enumerate(names)}
    with style():
        named = names[:LEGEND]
        figure = new_figure(0.35 + 0.29 * rows + 0.2 * math.ceil(len(named) / 4))
        axes = figure.add_subplot()
        for place in range(available):
            x, y = place % ACROSS, place // ACROSS
            core = held.get(place)
            if core is not None:
                height = 0.84 * min(1.0, core.fill)
                look = looks[core.layer]
                axes.add_patch(Rectangle((x + 0.08, y + 0.92 - height), 0.84, height, linewidth=0.4, **look))
            edge = GREYS[2] if core is None else GREYS[0]
            axes.add_patch(Rectangle((x + 0.08, y + 0.08), 0.84, 0.84, fill=False, edgecolor=edge, linewidth=0.7))
        axes.set_xlim(0, min(ACROSS, available))
        axes.set_ylim(rows, 0)
        axes.set_aspect("equal")
        axes.set_axis_off()
        handles = [Patch(label=name, **looks[name]) for name in named]
        figure.legend(handles=handles, loc="outside lower center", ncols=4)
        return as_svg(figure, f"cores of {fit.profile.name}: {plan.used} of {available} used")


def _look(number: int) -> dict[str, Any]:
    """Grey and hatch of one layer; neighbours differ in both."""
    color = ("white", GREYS[3], GREYS[2])[number % 3]
    return {"facecolor": color, "hatch": HATCHES[1 + number % 7], "edgecolor": GREYS[0]}
