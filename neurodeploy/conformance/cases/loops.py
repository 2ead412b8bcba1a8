"""Sums over maps in plain Python loops, for cases too large to add up by hand; shares no code with the simulator."""

from __future__ import annotations

from typing import Any

Pair = tuple[int, int]


def pattern(*sizes: int, low: int = 0, high: int = 1, step: int = 1) -> Any:
    """Nested lists of `sizes` that hold low..high in an order without symmetry, in multiples of `step`.

    The numbers are those of a multiplicative generator modulo a prime, so they are the same everywhere.
    """
    state = 1

    def fill(rest: tuple[int, ...]) -> Any:  # as deep as there are sizes
        nonlocal state
        if rest:
            return [fill(rest[1:]) for _ in range(rest[0])]
        state = state * 16807 % 2147483647
        return (low + state % (high - low + 1)) * step

    return fill(sizes)


def convolved(
    maps: list[Any],
    weight: list[Any],
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> list[int]:
    """Every output of a convolution, flat over channel, height and width.

    Args:
        maps: [channel][row][column].
        weight: [out][channel within its group][row][column].
    """
    height, width = len(maps[0]), len(maps[0][0])
    rows = (height + 2 * padding[0] - dilation[0] * (len(weight[0][0]) - 1) - 1) // stride[0] + 1
    columns = (width + 2 * padding[1] - dilation[1] * (len(weight[0][0][0]) - 1) - 1) // stride[1] + 1
    per_group, sums = len(weight) // groups, []
    for out, kernel in enumerate(weight):
        first = out // per_group * len(kernel)
        for row in range(rows):
            for column in range(columns):
                corner = (row * stride[0] - padding[0], column * stride[1] - padding[1])
                sums.append(_window(maps[first : first + len(kernel)], kernel, corner, dilation))
    return sums


def _window(maps: list[Any], kernel: list[Any], corner: Pair, dilation: Pair) -> int:
    """One output: every weight times the pixel under it; pixels outside the map are zero."""
    total = 0
    for channel, plane in enumerate(kernel):
        for i, line in enumerate(plane):
            for j, weight in enumerate(line):
                row, column = corner[0] + i * dilation[0], corner[1] + j * dilation[1]
                if 0 <= row < len(maps[channel]) and 0 <= column < len(maps[channel][0]):
                    total += weight * maps[channel][row][column]
    return total


def pooled(maps: list[Any], kernel: Pair, stride: Pair) -> list[int]:
    """Every sum of a window, flat over channel, height and width; partial windows are left out."""
    sums = []
    for plane in maps:
        for top in range(0, len(plane) - kernel[0] + 1, stride[0]):
            for left in range(0, len(plane[0]) - kernel[1] + 1, stride[1]):
                sums.append(sum(sum(line[left : left + kernel[1]]) for line in plane[top : top + kernel[0]]))
    return sums
