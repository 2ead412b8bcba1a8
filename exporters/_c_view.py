"""Where a value of a map lies in a flat array: channel by channel as in the graph, or pixel by pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.exporters._c_text import quotient
from neurodeploy.graph.node import Shape
from neurodeploy.graph.numeric import Array


@final
@dataclass(frozen=True)
class View:
    """A (channel, height, width) map as a flat array; vectors are maps of one pixel row.

    Args:
        by_pixel: channels of a pixel lie side by side, which is how a convolution writes; otherwise the graph's order.
    """

    channels: int
    height: int
    width: int
    by_pixel: bool

    @property
    def size(self) -> int:
        """Number of values."""
        return self.channels * self.height * self.width

    @property
    def pixels(self) -> int:
        """Number of positions."""
        return self.height * self.width

    def numbers_like(self, other: View) -> bool:
        """Whether an index means the same value in both."""
        return self == other or not (self.by_pixel or other.by_pixel)

    def graph_indices(self) -> Array:
        """(size,): the graph's flat index of the value at each place."""
        own = np.arange(self.size).reshape(self.channels, self.height, self.width)
        return (own.transpose(1, 2, 0) if self.by_pixel else own).reshape(-1)


def view(shape: Shape, by_pixel: bool) -> View:
    """The view of a node's values; channel-last order only where it differs."""
    channels, height, width = shape if len(shape) == 3 else (math.prod(shape), 1, 1)
    return View(channels, height, width, by_pixel and channels > 1 and height * width > 1)


def unpacking(of: View, index: str = "index") -> list[str]:
    """C statements that declare uint32_t channel (where there are several), y and x of the value at `index`."""
    if of.by_pixel:
        lines = [f"const uint32_t place = {quotient(index, of.channels, of.size)};"]
        lines.append(f"const uint32_t channel = {index} - place * {of.channels}u;")
    elif of.channels == 1:
        lines = [f"const uint32_t place = {index};"]
    else:
        lines = [f"const uint32_t channel = {quotient(index, of.pixels, of.size)};"]
        lines.append(f"const uint32_t place = {index} - channel * {of.pixels}u;")
    lines.append(f"const uint32_t y = {quotient('place', of.width, of.pixels)};")
    lines.append(f"const uint32_t x = place - y * {of.width}u;")
    return lines


def packed(of: View, y: str, x: str) -> str:
    """C expression of the place of channel (a variable of that name), y, x."""
    if of.by_pixel:
        return f"({y} * {of.width}u + {x}) * {of.channels}u + channel"
    place = f"{y} * {of.width}u + {x}"
    return f"channel * {of.pixels}u + {place}" if of.channels > 1 else place
