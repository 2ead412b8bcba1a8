"""The figures of a report: training curves, confusion matrix, energy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from neurodeploy.energy import Energy, Estimate
from neurodeploy.energy.report import energy_text
from neurodeploy.report.data import Confusion
from neurodeploy.report.figure import GREYS, HATCHES, LINES, MARKS, as_svg, new_figure, style

NUMBERED: Final = 20
"""Confusion matrices of more classes show shades only."""

Series = Mapping[str, Sequence[tuple[float, float]]]
"""Name -> (epoch, value), in order."""


def curves(epochs: Sequence[Mapping[str, Any]]) -> dict[str, Markup]:
    """Title -> figure: losses, accuracies and firing rates, as far as the records hold them."""
    rates = [{"epoch": record.get("epoch"), **_table(record.get("firing_rate"))} for record in epochs]
    found = {
        "Loss": _series(epochs, "loss"),
        "Accuracy": _series(epochs, "accuracy"),
        "Firing rate (spikes per neuron and timestep)": _series(rates, ""),
    }
    return {title: _curve(title, series) for title, series in found.items() if series}


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _series(records: Sequence[Mapping[str, Any]], word: str) -> Series:
    """Points of every key that contains `word`, in order of first appearance; what is no finite number is left out."""
    found: dict[str, list[tuple[float, float]]] = {}
    for place, record in enumerate(records, 1):
        epoch = record.get("epoch") or place
        for key, value in record.items():
            if key != "epoch" and word in key and _is_number(value):
                found.setdefault(key.replace("_", " "), []).append((float(epoch), float(value)))
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _curve(title: str, series: Series) -> Markup:
    with style():
        figure = new_figure(2.6)
        axes = figure.add_subplot()
        for number, (name, points) in enumerate(series.items()):
            x, y = zip(*points, strict=True)
            look: dict[str, Any] = {
                "color": GREYS[number % 3],
                "linestyle": LINES[number % len(LINES)],
                "marker": MARKS[number % 8],
            }
            axes.plot(x, y, label=name, markevery=max(1, len(x) // 8), **look)
        axes.set_title(title, loc="left")
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(axis="y", color=GREYS[3], linewidth=0.5)
        figure.legend(loc="outside lower center", ncols=2)
        return as_svg(figure, title)


def confusion_chart(confusion: Confusion) -> Markup:
    """True classes down, answers across; darker is more often."""
    matrix, classes = np.asarray(confusion.matrix, np.float64), confusion.classes
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    with style():
        figure = new_figure(4.2)
        axes = figure.add_subplot()
        axes.imshow(share, cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
        places = range(len(classes)) if len(classes) <= NUMBERED else np.linspace(0, len(classes) - 1, 10, dtype=int)
        names = [_short(classes[int(place)]) for place in places]
        slanted = max(map(len, names)) > 2
        axes.set_xticks(list(places), names, rotation=60 if slanted else 0, ha="right" if slanted else "center")
        axes.set_yticks(list(places), names)
        axes.tick_params(length=0)
        axes.set_xlabel("answer")
        axes.set_ylabel("true class")
        if len(classes) <= NUMBERED:
            _numbers(axes, matrix, share)
        return as_svg(figure, "confusion matrix")


def _numbers(axes: Axes, matrix: np.ndarray, share: np.ndarray) -> None:
    size = 8 if len(matrix) <= 12 else 6
    for (row, column), value in np.ndenumerate(matrix):
        if value:
            dark = share[row, column] > 0.5
            axes.text(column, row, f"{value:g}", ha="center", va="center", size=size, color="w" if dark else "k")


def _short(text: str, width: int = 14) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def energy_chart(estimates: Sequence[Estimate]) -> Markup:
    """Dynamic and static energy of one inference on each profile, on a logarithmic axis; intervals as whiskers."""
    with style():
        figure = new_figure(1.1 + 0.52 * len(estimates))
        axes = figure.add_subplot()
        found = [each.mid for e in estimates for each in (e.dynamic, e.static) if each is not None and each.mid > 0]
        floor = 10.0 ** math.floor(math.log10(min(found, default=1.0)) - 0.5)
        for row, estimate in enumerate(estimates):
            _bar(axes, row - 0.19, estimate.dynamic, floor, GREYS[1], "")
            _bar(axes, row + 0.19, estimate.static, floor, "white", HATCHES[1])
        axes.set_xscale("log")
        # room to the right for the figures written beside the bars
        axes.set_xlim(floor, floor * (max(found, default=floor * 10) / floor) ** 1.5)
        axes.set_yticks(range(len(estimates)), [_name(estimate) for estimate in estimates])
        axes.invert_yaxis()
        axes.set_xlabel("estimated energy of one inference, logarithmic")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: energy_text(value)))
        axes.xaxis.set_major_locator(LogLocator(1000))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color=GREYS[3], linewidth=0.5)
        axes.set_axisbelow(True)
        dynamic = Patch(facecolor=GREYS[1], edgecolor=GREYS[0], label="dynamic")
        static = Patch(facecolor="white", edgecolor=GREYS[0], hatch=HATCHES[1], label="static")
        figure.legend(handles=[dynamic, static], loc="outside upper center", ncols=2)
        return as_svg(figure, "estimated energy of one inference by profile")


def _name(estimate: Estimate) -> str:
    return f"{estimate.profile.name}\n(stand-in)" if estimate.profile.stand_in else estimate.profile.name


def _bar(axes: Axes, place: float, energy: Energy | None, floor: float, color: str, hatch: str) -> None:
    if energy is None or energy.mid <= 0:
        text = "not covered" if energy is None else "0"
        axes.text(floor * 1.15, place, text, va="center", size=7, style="italic", color=GREYS[1])
        return
    axes.barh(place, energy.mid - floor, 0.36, floor, facecolor=color, hatch=hatch, edgecolor=GREYS[0], linewidth=0.7)
    if energy.high > energy.low:
        ends = [[energy.mid - max(energy.low, floor)], [energy.high - energy.mid]]
        axes.errorbar([energy.mid], [place], xerr=ends, color=GREYS[0], capsize=3, linewidth=1)
    axes.text(energy.high * 1.7, place, energy_text(energy.mid), va="center", size=7)


def nodes_chart(estimate: Estimate) -> Markup:
    """Dynamic energy of each node on one profile, stacked by kind of work; whiskers span the interval of the sum."""
    nodes = list(estimate.by_node())
    terms = list(estimate.by_term())
    cells = {(line.node, line.term): line.energy.mid for line in estimate.lines}
    with style():
        figure = new_figure(1.2 + 0.28 * len(nodes))
        axes = figure.add_subplot()
        left = np.zeros(len(nodes))
        for number, term in enumerate(terms):
            width = np.array([cells.get((node, term), 0.0) for node in nodes])
            look: dict[str, Any] = {
                "facecolor": ("white", GREYS[2], GREYS[1], GREYS[3])[number % 4],
                "hatch": HATCHES[number % 8],
            }
            label = term.replace("_", " ")
            axes.barh(range(len(nodes)), width, 0.7, left, label=label, edgecolor=GREYS[0], linewidth=0.7, **look)
            left += width
        whole = [estimate.by_node()[node] for node in nodes]
        ends = [[energy.mid - energy.low for energy in whole], [energy.high - energy.mid for energy in whole]]
        axes.errorbar(left, range(len(nodes)), xerr=ends, fmt="none", color=GREYS[0], capsize=3, linewidth=1)
        axes.set_yticks(range(len(nodes)), [_short(node) for node in nodes])
        axes.invert_yaxis()
        axes.set_xlabel("estimated dynamic energy of one inference")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: energy_text(value)))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        figure.legend(loc="outside upper center", ncols=2)
        return as_svg(figure, f"estimated dynamic energy by node, {estimate.profile.name}")
