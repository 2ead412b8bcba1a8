"""Weights that Loihi stores in 8 bits and that NetX passes on unchanged."""

from __future__ import annotations

import numpy as np

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph import Synapse
from neurodeploy.graph.int_graph import prove_range
from neurodeploy.graph.nodes import Dense

HINT = "quantize chooses weights that fit."


def refuse_weights(node: Synapse, target: str) -> None:
    """Return only if NetX and Loihi keep every weight of the layer as it is.

    Mixed signs: even integers -256..254. None negative: 0..255. None positive: -255..0, and in a dense layer -127..0
    with a least weight that is no power of two. A dense layer has at least one weight that is not zero.

    Raises:
        RangeError: a weight is out of range.
        UnsupportedNodeError: all zero, odd weights of mixed signs, or a least weight which NetX damages.
    Source:
        lava-nc/lava-dl `src/lava/lib/dl/netx/utils.py`, optimize_weight_bits; lava-nc/lava
        `src/lava/utils/weightutils.py`.
    """
    weight, tensor = node.weight, f"{node.name}.weight"
    low, high = int(weight.min()), int(weight.max())
    if low < 0 < high:
        prove_range(tensor, weight, -256, 254, HINT)
        odd = np.argwhere(weight % 2 != 0)
        if len(odd):
            place = tuple(int(i) for i in odd[0])
            reason = f"weight{list(place)} is {weight[place]}, odd, in a layer of mixed signs: 8 bits hold steps of 2"
            raise _refused(node, target, reason, HINT)
    elif low >= 0:
        prove_range(tensor, weight, 0, 255, HINT)
    else:
        prove_range(tensor, weight, -127 if isinstance(node, Dense) else -255, 0, HINT)
    if isinstance(node, Dense):
        _refuse_dense(node, low, high, target)


def _refuse_dense(node: Dense, low: int, high: int, target: str) -> None:
    if low == high == 0:
        hint = "Remove the layer, or prune less: a network whose layer is all zero has a constant answer."
        raise _refused(node, target, "all weights are zero; NetX cannot read such a layer", hint)
    if high <= 0 and -low & (-low - 1) == 0:
        reason = f"no weight is positive and the least is {low}, minus a power of two: NetX changes such weights"
        raise _refused(node, target, reason, "Make one weight positive, or quantize with other weight_bits.")


def _refused(node: Synapse, target: str, reason: str, hint: str) -> UnsupportedNodeError:
    return UnsupportedNodeError(target=target, node=node.name, kind=type(node).__name__, reason=reason, hint=hint)
