"""Accuracy against average timesteps of a network that may answer early, and what stopping saves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from markupsafe import Markup

from neurodeploy.energy import Estimate
from neurodeploy.energy.report import energy_text
from neurodeploy.report.data import EarlyExit
from neurodeploy.report.figure import GREYS, MARKS, as_svg, new_figure, style

SUFFIX: Final = ", early exit"
"""What the name of a profile ends with where inferences stop early."""


def exit_chart(found: EarlyExit) -> Markup:
    """The curve of all thresholds, the same number of timesteps for all, and the points of the choice."""
    with style():
        figure = new_figure(3.2)
        axes = figure.add_subplot()
        steps, shares = zip(*sorted(found.curve), strict=True)
        look: dict[str, Any] = {"color": GREYS[0], "drawstyle": "steps-post"}
        axes.plot(steps, [100 * share for share in shares], label="thresholds, as calibrated", **look)
        times = range(1, len(found.fixed) + 1)
        axes.plot(times, [100 * share for share in found.fixed], "--.", color=GREYS[1], label="as many for all")
        for (label, (step, share)), mark in zip(found.points.items(), MARKS, strict=False):
            axes.plot([step], [100 * share], mark, color=GREYS[0], markerfacecolor="white", markersize=6, label=label)
        axes.set_xlabel("timesteps, average")
        axes.set_ylabel("right answers (%)")
        axes.grid(axis="y", color=GREYS[3], linewidth=0.5)
        figure.legend(loc="outside lower center", ncols=2)
        return as_svg(figure, "right answers against average timesteps")


def exit_rows(found: EarlyExit, estimates: Sequence[Estimate]) -> list[tuple[str, str, str]]:
    """(what, all timesteps, up to the exit): timesteps, right answers, synaptic operations, dynamic energy.

    Args:
        estimates: of inferences that take all timesteps; profiles without a dynamic energy are left out.
    """
    early, whole = found.synaptic_operations
    rows = [
        ("timesteps", str(found.timesteps), f"{found.steps:.2f}"),
        ("right answers", f"{found.fixed[-1]:.1%}", f"{found.accuracy:.1%}"),
        ("synaptic operations", f"{whole:,.0f}", f"{early:,.0f}"),
    ]
    stopped = {each.profile.name.removesuffix(SUFFIX): each.dynamic for each in found.estimates}
    for estimate in estimates:
        name, full = estimate.profile.name, estimate.dynamic
        short = stopped.get(name)
        if full is not None and short is not None:
            rows.append((f"dynamic energy, {name}", energy_text(full.mid), energy_text(short.mid)))
    return rows
