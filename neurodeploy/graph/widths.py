"""How many bits integers and stored weights take."""

from __future__ import annotations

import numpy as np

from neurodeploy.graph.numeric import Array

FLOAT_BITS = 32
"""Width charged for everything in a graph that was not quantized."""


def range_bits(low: int, high: int) -> int:
    """Bits of the narrowest integer that holds low..high; two's complement where `low` is negative, at least 1."""
    if low >= 0:
        return max(1, high.bit_length())
    return max((-low - 1).bit_length(), max(high, 0).bit_length()) + 1


def weight_bits(weight: Array) -> int:
    """Bits per stored weight: the narrowest integer after taking out common factors of two; FLOAT_BITS for floats.

    The factor is what targets keep once per tensor (Loihi's weight exponent): even integers -256..254 take 8 bits.
    """
    if weight.dtype.kind not in "iu":
        return FLOAT_BITS
    common = int(np.bitwise_or.reduce(weight, axis=None))
    shift = (common & -common).bit_length() - 1 if common else 0
    return range_bits(int(weight.min()) >> shift, int(weight.max()) >> shift)
