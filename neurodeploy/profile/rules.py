"""How a chip takes a network, in words; the numbers are limits and encodings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

MODELS: Final = ("cores", "speck", "xylo", "akida", "memory")
"""Ways to place a network; each has a module in `neurodeploy.placement`."""

CONVOLUTIONS: Final = ("", "lists", "population", "unrolled")
"""How a core stores a kernel: `lists` once, a list of weights for each input channel and kernel position; `population`
once for each way in which the map's border cuts the kernel, an input axon for each pixel; `unrolled` never shared."""

CUTS: Final = ("columns", "rows", "channels")
"""Axes along which the neurons of a layer are cut."""


@final
@dataclass(frozen=True)
class Rules:
    """The [placement] table of a profile.

    Args:
        model: one of MODELS.
        source, tag: where the rules come from and how sure that is; as for a quantity.
        convolution: one of CONVOLUTIONS; empty where the model needs no word for it.
        cut: axes in the order in which a layer is cut; the next only where one slice of those before does not fit.
        powers_of_two: a core holds a power of two of columns, counted in full also at the map's right border.
    """

    model: str
    source: str
    tag: str
    convolution: str = ""
    cut: tuple[str, ...] = CUTS
    powers_of_two: bool = False
