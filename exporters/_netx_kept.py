"""What NetX and Lava make of the weights of a recurrent layer, whose two matrices share one exponent."""

from __future__ import annotations

import numpy as np

from neurodeploy.graph.numeric import Array


def kept_together(weight: Array, recurrent: Array) -> bool:
    """Whether both matrices, (out, in) and (out, out), reach Lava's synapses unchanged.

    NetX finds one shift and one number of bits for both; each synapse process then finds its own sign mode, clips, and
    cuts low bits.

    Source:
        lava-nc/lava-dl `src/lava/lib/dl/netx/utils.py`, optimize_weight_bits; lava-nc/lava
        `src/lava/utils/weightutils.py`, clip_weights and truncate_weights.
    """
    joined = np.hstack([weight, recurrent])
    low, high = int(joined.min()), int(joined.max())
    if low == high == 0 or low < -256 or high > (254 if low < 0 else 255):
        return False
    mixed = low < 0 <= high
    ratios = [
        limit / value for limit, value in ((127 if mixed else 255, high), (-128 if mixed else -256, low)) if value
    ]
    usable = [ratio for ratio in ratios if ratio > 0]
    shift = int(np.floor(np.log2(min(usable)))) + mixed
    steps = next(n for n in range(8, -1, -1) if not (joined % (1 << n)).any())
    bits = 8 - shift - (steps - mixed)
    return shift >= 0 and all(_kept(matrix << shift, bits) for matrix in (weight, recurrent))


def _kept(matrix: Array, bits: int) -> bool:
    """Whether one synapse process leaves its matrix as it is."""
    low, high = int(matrix.min()), int(matrix.max())
    if low == high == 0:
        return True
    mixed = low < 0 < high
    size = -matrix if high <= 0 and low < 0 else matrix
    cut = 8 - bits + mixed
    clipped = np.clip(size, -256 if mixed else 0, 255)
    return cut >= 0 and bool(((clipped >> cut << cut) == size).all())
