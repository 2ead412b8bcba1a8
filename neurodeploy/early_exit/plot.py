"""Accuracy against average timesteps, as a PNG file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

MARKS = "oDsv*"


@final
@dataclass(frozen=True, eq=False)
class Shown:
    """What a plot shows.

    Args:
        steps, accuracy: of every threshold on the samples that it was chosen on.
        fixed: accuracy on the recordings shown after 1, 2, ..., T timesteps for all.
        points: label -> (timesteps, accuracy).
    """

    steps: Float[np.ndarray, " thresholds"]
    accuracy: Float[np.ndarray, " thresholds"]
    fixed: Float[np.ndarray, " time"]
    points: Mapping[str, tuple[float, float]]


def plot(shown: Shown) -> bytes:
    """The file; the same numbers give the same bytes."""
    # here and not above: the command line starts without it
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(shown.steps, 100 * shown.accuracy, label="every threshold, as calibrated", drawstyle="steps-post")
    times = np.arange(1, len(shown.fixed) + 1)
    axes.plot(times, 100 * shown.fixed, "--", color="grey", marker=".", label="as many timesteps for all")
    for (label, (steps, accuracy)), mark in zip(shown.points.items(), MARKS, strict=False):
        axes.plot([steps], [100 * accuracy], mark, label=label)
    axes.set_xlabel("timesteps, average")
    axes.set_ylabel("right answers, %")
    axes.legend(fontsize="small")
    axes.grid(alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
    return buffer.getvalue()
