"""Curves of a training as PNG files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

Record = Mapping[str, Any]
Curves = Mapping[str, Sequence[float]]


def plots(history: Sequence[Record]) -> dict[str, bytes]:
    """File name to PNG: loss, accuracy and firing rate of each layer over the epochs, where they were measured."""
    epochs = [record["epoch"] for record in history]
    switch = next((record["epoch"] for record in history if record["phase"] == "integer"), None)
    wanted = {
        "loss.png": ("cross-entropy", _columns(history, {"training": "loss", "validation": "validation_loss"})),
        "accuracy.png": ("share of right answers", _columns(history, _ACCURACIES)),
        "firing_rate.png": ("spikes per neuron and timestep", _rates(history)),
    }
    return {name: _png(epochs, curves, label, switch) for name, (label, curves) in wanted.items() if curves}


_ACCURACIES = {
    "training": "accuracy",
    "validation, float": "validation_accuracy_float",
    "validation, integer": "validation_accuracy_integer",
}


def _columns(history: Sequence[Record], keys: Mapping[str, str]) -> Curves:
    return {label: [r[key] for r in history] for label, key in keys.items() if all(key in r for r in history)}


def _rates(history: Sequence[Record]) -> Curves:
    if not all("firing_rate" in record for record in history):
        return {}
    return {layer: [record["firing_rate"][layer] for record in history] for layer in history[0]["firing_rate"]}


def _png(epochs: Sequence[int], curves: Curves, label: str, switch: int | None) -> bytes:
    figure = Figure(figsize=(6, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, values in curves.items():
        axes.plot(epochs, values, label=name, marker="." if len(epochs) < 3 else None)
    if switch is not None:
        axes.axvline(switch, color="grey", linestyle=":", label="integers from here")
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.legend()
    axes.grid(alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
    return buffer.getvalue()
