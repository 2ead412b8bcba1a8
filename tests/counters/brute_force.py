"""Uses of weights, one by one, in plain loops: no array, no convolution, nothing of what counters are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from counters.rows import Place, Row


@dataclass(frozen=True)
class Found:
    """Weight uses of one layer on one input.

    Args:
        ac, mac: uses by values of magnitude 1, and by all other values that are not zero.
        ac_nonzero, mac_nonzero: those of them whose weight is not zero.
        dense: uses if no value were zero.
    """

    ac: int = 0
    ac_nonzero: int = 0
    mac: int = 0
    mac_nonzero: int = 0
    dense: int = 0


def brute_force(row: Row) -> Found:
    """Every weight that meets a value, one at a time.

    Raises:
        KeyError: the kind has no weights, or is no layer whose every weight meets values by itself.
    """
    found = {"ac": 0, "ac_nonzero": 0, "mac": 0, "mac_nonzero": 0, "dense": 0}
    for place, weight in MEETINGS[row.kind](row.options, row.shape, set(row.zero_inputs)):
        value = row.values.get(place, 0.0)
        found["dense"] += 1
        if value == 0:
            continue
        kind = "ac" if value in (1, -1) else "mac"
        found[kind] += 1
        if weight != 0:
            found[f"{kind}_nonzero"] += 1
    return Found(**found)


def windows(shape: Place, size: int) -> Iterator[tuple[Place, Place]]:
    """(output, input) of pooling in windows of `size` that do not overlap."""
    channels, height, width = shape
    for channel, y, x in product(range(channels), range(height // size), range(width // size)):
        for i, j in product(range(size), range(size)):
            yield (channel, y, x), (channel, y * size + i, x * size + j)


def _linear(options: dict[str, Any], shape: Place, zeros: set[int]) -> Iterator[tuple[Place, int]]:
    for _ in range(options["out_features"]):
        for place in range(options["in_features"]):
            yield (place,), 0 if place in zeros else 1


def _conv(options: dict[str, Any], shape: Place, zeros: set[int]) -> Iterator[tuple[Place, int]]:
    """Output by output: the places of the input under the kernel, as far as they exist."""
    ins, outs, kernel = options["in_channels"], options["out_channels"], options["kernel_size"]
    stride, padding = options.get("stride", 1), options.get("padding", 0)
    groups, dilation = options.get("groups", 1), options.get("dilation", 1)
    _, height, width = shape
    reach = dilation * (kernel - 1)
    tops, lefts = (range(-padding, size + padding - reach, stride) for size in (height, width))
    for out, top, left in product(range(outs), tops, lefts):
        group = out // (outs // groups)
        for channel, i, j in product(range(ins // groups), range(kernel), range(kernel)):
            y, x = top + i * dilation, left + j * dilation
            if 0 <= y < height and 0 <= x < width:
                yield (group * (ins // groups) + channel, y, x), 1


def _transposed(options: dict[str, Any], shape: Place, zeros: set[int]) -> Iterator[tuple[Place, int]]:
    """Input by input: the outputs it reaches; without padding it reaches as many as the kernel has places."""
    assert options["padding"] == 0
    for place in product(*map(range, shape)):
        for _ in product(range(options["out_channels"]), range(options["kernel_size"]), range(options["kernel_size"])):
            yield place, 1


MEETINGS = {
    "Linear": _linear,
    "Conv2d": _conv,
    "spikingjelly.layer.Conv2d": _conv,
    "ConvTranspose2d": _transposed,
}
