"""The spiking network beside an ordinary one of the same layers, and the spike rate at which both cost the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from neurodeploy.energy import Energy
from neurodeploy.energy.ann import AnnComparison
from neurodeploy.energy.report import energy_text, titled
from neurodeploy.report.figure import GREYS, as_svg, new_figure, style

LOOKS: Final = (("o", GREYS[0]), ("s", "white"), ("^", GREYS[2]))
"""Mark and fill: the spiking network, then each precision of the ordinary one."""

NO_VERDICT: Final = "not comparable"

LEAST: Final = 1e-4
"""Rates below are drawn at the left border."""


def comparable(comparisons: Sequence[AnnComparison]) -> tuple[AnnComparison, ...]:
    """Those in which both networks have a figure for all of the work that is compared."""
    return tuple(
        each
        for each in comparisons
        if each.snn is not None and each.ann is not None and not each.verdict.startswith(NO_VERDICT)
    )


def ann_chart(comparisons: Sequence[AnnComparison]) -> Markup | None:
    """Both networks on each profile, on a logarithmic axis; None where nothing can be compared."""
    shown = comparable(comparisons)
    names = list(dict.fromkeys(_row_name(each) for each in shown))
    if not names:
        return None
    with style():
        figure = new_figure(1.2 + 0.45 * len(names))
        axes = figure.add_subplot()
        labelled = set[str]()
        for row, shift, label, ends, look in _marks(shown, names):
            axes.errorbar(
                [ends[1]],
                [row + shift],
                xerr=[[ends[1] - ends[0]], [ends[2] - ends[1]]],
                fmt=look[0],
                color=GREYS[0],
                markerfacecolor=look[1],
                markersize=5.5,
                capsize=2.5,
                linewidth=0.9,
                label=None if label in labelled else label,
            )
            labelled.add(label)
        _scales(axes, names)
        figure.legend(loc="outside upper center", ncols=3)
        return as_svg(figure, "estimated dynamic energy of the spiking network and of an ordinary one, by profile")


Mark = tuple[int, float, str, tuple[float, float, float], tuple[str, str]]
"""Row, shift in it, label, ends, look."""


def _marks(shown: Sequence[AnnComparison], names: Sequence[str]) -> list[Mark]:
    """The spiking network once for each profile, the ordinary one in each precision below it."""
    kinds = list(dict.fromkeys(ann_name(each) for each in shown))
    found: dict[tuple[int, str], Mark] = {}
    for each in shown:
        row, place = names.index(_row_name(each)), kinds.index(ann_name(each)) + 1
        for label, order, energy in (("SNN", 0, each.snn), (ann_name(each), place, each.ann)):
            ends = _ends(energy)
            if ends is not None:
                look = LOOKS[min(order, len(LOOKS) - 1)]
                found.setdefault((row, label), (row, 0.25 * (order - 1), label, ends, look))
    return list(found.values())


def _scales(axes: Axes, names: Sequence[str]) -> None:
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xlim(low / 1.5, high * 1.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: energy_text(value)))
    axes.xaxis.set_major_locator(LogLocator(10, numticks=5))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("estimated dynamic energy, logarithmic")
    for border in range(1, len(names)):
        axes.axhline(border - 0.5, color=GREYS[3], linewidth=0.5)


def _row_name(each: AnnComparison) -> str:
    return titled(each.profile.name, each.profile.stand_in, each.model)


def ann_name(comparison: AnnComparison) -> str:
    """The ordinary network, as tables and pictures name it."""
    return f"ANN, {comparison.bits} bits"


def _ends(energy: Energy | None) -> tuple[float, float, float] | None:
    if energy is None or energy.low <= 0:
        return None
    return float(energy.low), float(energy.mid), float(energy.high)


def rates_chart(comparison: AnnComparison) -> Markup | None:
    """Input rate of every layer and the rate at which both networks cost the same; None without such rates."""
    layers = [layer for layer in comparison.layers if layer.break_even_rate is not None]
    if not layers:
        return None
    with style():
        figure = new_figure(1.2 + 0.3 * len(layers))
        axes = figure.add_subplot()
        for row, layer in enumerate(layers):
            even = float(layer.break_even_rate or 0.0)
            axes.barh(
                row, max(layer.rate, LEAST) - LEAST, 0.55, LEAST, facecolor=GREYS[2], edgecolor=GREYS[0], linewidth=0.7
            )
            axes.plot([max(even, LEAST)] * 2, [row - 0.38, row + 0.38], color=GREYS[0], linewidth=2.4)
            word = "SNN cheaper" if layer.rate < even else "ANN cheaper"
            axes.text(1.15 * max(layer.rate, even, LEAST), row, word, va="center", size=7)
        axes.set_xscale("log")
        most = max(max(layer.rate, layer.break_even_rate or 0.0, LEAST) for layer in layers)
        axes.set_xlim(LEAST, most * 8)
        axes.set_ylim(len(layers) - 0.5, -0.5)
        axes.set_yticks(range(len(layers)), [layer.name[:14] for layer in layers])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{100 * value:g} %"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("input values that are not zero; thick line: break-even")
        return as_svg(
            figure, f"rate and break-even rate of each layer, {comparison.profile.name}, {ann_name(comparison)}"
        )
