"""One sample on its way through the network: frames, spikes of every layer, readout."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, MaxNLocator

from neurodeploy.graph.numeric import Array
from neurodeploy.report.data import Raster
from neurodeploy.report.figure import GREYS, LINES, as_svg, new_figure, style

ROWS: Final = 96
"""Rows of a drawn raster; more neurons are put together, so that no spike is lost between pixels."""
FRAMES: Final = 8
"""Frames shown; longer samples are thinned evenly."""


def raster_chart(raster: Raster) -> Markup:
    """Frames on top, then one raster for each layer of neurons, then the readout; time runs to the right."""
    layers = dict(raster.layers)
    if raster.frames.ndim == 2:
        layers = {"input": raster.frames, **layers}
    pictured, read = raster.frames.ndim == 4, raster.readout is not None
    heights = [0.8] * pictured + [1.0] * len(layers) + [1.5] * read
    with style():
        figure = new_figure(0.6 + sum(heights))
        parts = figure.add_gridspec(len(heights), 1, height_ratios=heights)
        if pictured:
            _frames(figure.add_subplot(parts[0]), raster.frames)
        for number, (name, spikes) in enumerate(layers.items()):
            axes = figure.add_subplot(parts[pictured + number])
            _layer(axes, name, spikes)
            axes.tick_params(labelbottom=False)
        if raster.readout is not None:
            axes = figure.add_subplot(parts[-1])
            _readout(axes, raster.readout, raster.classes)
        if layers or read:
            axes.tick_params(labelbottom=True)
            axes.set_xlabel("timestep")
        return as_svg(figure, f"spikes: {raster.title}")


def _frames(axes: Axes, frames: Array) -> None:
    """One strip of pictures, both polarities together; darker is more events."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(FRAMES, len(frames))).round().astype(int))
    height, width = frames.shape[2:]
    step = width + max(1, width // 10)
    strip = np.full((height, step * len(chosen) - (step - width)), np.nan)
    for column, time in enumerate(chosen):
        strip[:, column * step : column * step + width] = frames[time].sum(0)
    axes.imshow(strip, cmap="Greys", vmin=0, vmax=max(1.0, float(np.nanmax(strip))), interpolation="nearest")
    axes.set_facecolor(GREYS[3])  # seen in the gaps, which hold no number
    axes.set_xticks(np.arange(len(chosen)) * step + (width - 1) / 2, [str(time) for time in chosen])
    axes.set_yticks([])
    axes.tick_params(length=0, pad=1)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_title("input", loc="left", size=8, pad=3)


def _layer(axes: Axes, name: str, spikes: Array) -> None:
    neurons = spikes.shape[1]
    picture = grouped(spikes)
    extent = (-0.5, len(spikes) - 0.5, neurons - 0.5, -0.5)
    top = max(float(picture.max()), 1e-9)
    axes.imshow(picture, cmap="Greys", vmin=0, vmax=top, extent=extent, aspect="auto", interpolation="nearest")
    count = int(np.count_nonzero(spikes))
    what = "spikes" if spikes.max(initial=0) <= 1 else "values that are not zero"
    axes.set_title(f"{name}: {neurons} neurons, {count} {what}", loc="left", size=8, pad=3)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))


def grouped(spikes: Array) -> Array:
    """(rows, time): share of spiking neurons in each of at most ROWS groups of neighbours."""
    edges = np.linspace(0, spikes.shape[1], min(ROWS, spikes.shape[1]) + 1).round().astype(int)
    sums = np.add.reduceat((spikes != 0).astype(np.float64), edges[:-1], axis=1)
    return np.asarray((sums / np.diff(edges)).T)


def _readout(axes: Axes, readout: Array, classes: tuple[str, ...]) -> None:
    """Accumulated logits; the answer is the thick line, the runner-up is dashed."""
    order = np.argsort(-readout[-1], kind="stable")
    names = classes if len(classes) == readout.shape[1] else tuple(str(k) for k in range(readout.shape[1]))
    time = np.arange(len(readout))
    for rank, index in reversed(list(enumerate(order))):
        look: dict[str, Any] = {"color": GREYS[min(rank, 2)], "linestyle": LINES[min(rank, 1)] if rank < 2 else "-"}
        axes.plot(time, readout[:, index], linewidth=2.2 if rank == 0 else 1, **look)
    title = f"readout: {names[order[0]][:14]} (thick)"
    title += f", then {names[order[1]][:14]} (dashed)" if len(order) > 1 else ""
    axes.set_title(title, loc="left", size=8, pad=3)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_xlim(-0.5, len(readout) - 0.5)
