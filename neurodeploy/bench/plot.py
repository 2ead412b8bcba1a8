"""Accuracy against energy, one point for each method."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

MARKS = ("o", "s", "^", "D", "v", "x", "+", "*", "<", ">", "p", "h")


def accuracy_against_energy(records: Sequence[Mapping[str, Any]], profile: str) -> bytes | None:
    """PNG; None when no method has an energy.

    Args:
        profile: whose estimates are the horizontal axis.
    """
    shown = [record for record in records if record.get(f"energy_pj.{profile}", {}).get("mean") is not None]
    if not shown:
        return None
    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for place, record in enumerate(shown):
        accuracy, energy = record["accuracy"], record[f"energy_pj.{profile}"]
        axes.errorbar(
            energy["mean"] / 1e3,
            100 * accuracy["mean"],
            xerr=None if energy["std"] is None else energy["std"] / 1e3,
            yerr=None if accuracy["std"] is None else 100 * accuracy["std"],
            marker=MARKS[place % len(MARKS)],
            linestyle="none",
            capsize=2,
            label=record["name"],
        )
    axes.set_xscale("log")
    axes.set_xlabel(f"estimated dynamic energy per inference, {profile} (nJ)")
    axes.set_ylabel("accuracy on the test split (%)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
    return buffer.getvalue()
