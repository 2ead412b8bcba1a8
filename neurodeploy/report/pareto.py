"""Accuracy of several runs against what an inference costs; runs that no other beats in both are filled."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from neurodeploy.energy.report import energy_text
from neurodeploy.report.figure import GREYS, as_svg, new_figure, style
from neurodeploy.report.points import RunPoint
from neurodeploy.report.text import short_text, time_text

NEAR: Final = 0.05
"""Points closer than this share of both axes have one label."""


@final
@dataclass(frozen=True)
class Spot:
    """A run in one picture.

    Args:
        number: by which the table names it.
        low, cost, high: what an inference costs, > 0.
        accuracy: share of right answers.
        sure: between which shares it lies on all such recordings; (accuracy, accuracy) where that is unknown.
    """

    number: int
    low: float
    cost: float
    high: float
    accuracy: float
    sure: tuple[float, float]


def front(spots: Sequence[Spot]) -> set[int]:
    """Numbers of those that no other beats: none is as accurate and cheaper, or more accurate and as cheap."""
    return {each.number for each in spots if not any(_beats(other, each) for other in spots)}


def _beats(one: Spot, other: Spot) -> bool:
    as_good = one.accuracy >= other.accuracy and one.cost <= other.cost
    return as_good and (one.accuracy > other.accuracy or one.cost < other.cost)


def pareto_charts(points: Sequence[RunPoint], profile: str) -> dict[str, Markup]:
    """What is on the horizontal axis -> picture; only what at least two runs have.

    Args:
        profile: for energy and time.
    """
    wanted: Mapping[str, tuple[Callable[[RunPoint], tuple[float, float, float] | None], Callable[[float], str]]] = {
        f"estimated dynamic energy of one inference on {profile}": (lambda each: _energy(each, profile), energy_text),
        f"time of one inference on {profile}": (lambda each: _time(each, profile), time_text),
        "bit operations of one inference where only spikes cost (NS-ACE)": (_budget, short_text),
    }
    found = {}
    for label, (cost, text) in wanted.items():
        spots = _spots(points, cost)
        if len(spots) > 1:
            found[label] = _chart(label, spots, text)
    return found


def _spots(
    points: Sequence[RunPoint], cost: Callable[[RunPoint], tuple[float, float, float] | None]
) -> tuple[Spot, ...]:
    found = []
    for number, point in enumerate(points, 1):
        ends = cost(point)
        if point.accuracy is not None and ends is not None and ends[0] > 0:
            sure = point.accuracy_range or (point.accuracy, point.accuracy)
            found.append(Spot(number, *ends, point.accuracy, sure))
    return tuple(found)


def _energy(point: RunPoint, profile: str) -> tuple[float, float, float] | None:
    energy = point.energy(profile)
    return None if energy is None else (float(energy.low), float(energy.mid), float(energy.high))


def _time(point: RunPoint, profile: str) -> tuple[float, float, float] | None:
    latency = point.latency(profile)
    return None if latency is None or latency.inference_s is None else latency.inference_s


def _budget(point: RunPoint) -> tuple[float, float, float] | None:
    return None if point.work is None else (point.work.ns_ace,) * 3


def _chart(label: str, spots: Sequence[Spot], text: Callable[[float], str]) -> Markup:
    best = front(spots)
    with style():
        figure = new_figure(3.0)
        axes = figure.add_subplot()
        for spot in spots:
            axes.plot([spot.cost] * 2, [100 * share for share in spot.sure], color=GREYS[3], linewidth=2.5, zorder=1)
            if spot.high > spot.low:
                ends = [[spot.cost - spot.low], [spot.high - spot.cost]]
                axes.errorbar([spot.cost], [100 * spot.accuracy], xerr=ends, color=GREYS[2], capsize=2, linewidth=0.8)
            face = GREYS[0] if spot.number in best else "white"
            axes.plot([spot.cost], [100 * spot.accuracy], "o", color=GREYS[0], markerfacecolor=face, markersize=6)
        _scales(axes, spots, text)
        for numbers, spot in _labels(axes, spots):
            at = (spot.cost, 100 * spot.accuracy)
            back = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
            axes.annotate(numbers, at, xytext=(0, 7), textcoords="offset points", ha="center", bbox=back)
        axes.set_xlabel(label)
        axes.set_ylabel("right answers (%)")
        axes.grid(color=GREYS[3], linewidth=0.5)
        axes.set_axisbelow(True)
        return as_svg(figure, f"right answers against {label}")


def _scales(axes: Axes, spots: Sequence[Spot], text: Callable[[float], str]) -> None:
    """A logarithmic axis with room for labels, and marks that do not run into one another."""
    low, high = min(spot.low for spot in spots), max(spot.high for spot in spots)
    room = max(1.3, (high / low) ** 0.12)
    axes.set_xscale("log")
    axes.set_xlim(low / room, high * room)
    least, most = 100 * min(spot.sure[0] for spot in spots), 100 * max(spot.sure[1] for spot in spots)
    above = max(0.5, 0.1 * (most - least))
    axes.set_ylim(least - above, most + 2 * above)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}" if value <= 100 else ""))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: text(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
    decades = math.log10(axes.get_xlim()[1] / axes.get_xlim()[0])
    if decades < 1:
        axes.xaxis.set_major_locator(
            LogLocator(10, subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0) if decades < 0.7 else (1, 2, 5))
        )
    else:
        axes.xaxis.set_major_locator(LogLocator(10 ** math.ceil(decades / 4), numticks=6))


def _labels(axes: Axes, spots: Sequence[Spot]) -> list[tuple[str, Spot]]:
    """One label for all spots that lie so near to one another that several would overlap."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    width = math.log(right / left)

    def place(spot: Spot) -> tuple[float, float]:
        return math.log(spot.cost / left) / width, (100 * spot.accuracy - bottom) / (top - bottom)

    groups: list[list[Spot]] = []
    for spot in spots:
        x, y = place(spot)
        near = (g for g in groups if abs(place(g[0])[0] - x) < NEAR and abs(place(g[0])[1] - y) < NEAR)
        group = next(near, None)
        if group is None:
            groups.append([spot])
        else:
            group.append(spot)
    return [(_numbers([spot.number for spot in group]), group[0]) for group in groups]


def _numbers(numbers: Sequence[int]) -> str:
    """Numbers in words, three in a row as a range: "1, 3–5"."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    words = [f"{part[0]}–{part[-1]}" if len(part) > 2 else ", ".join(map(str, part)) for part in parts]
    return ", ".join(words)
