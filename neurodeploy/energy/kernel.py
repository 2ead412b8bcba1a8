"""The kernel of a synapse as formulas see it: they know its sides and strides, not where borders cut it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from neurodeploy.graph.node import Synapse
from neurodeploy.graph.nodes import Conv2d, Cuba
from neurodeploy.graph.numeric import DECAY_ONE


@final
@dataclass(frozen=True, slots=True)
class Kernel:
    """Weights that one value meets, borders and the phase of the stride left out.

    Args:
        places: product of the sides, K; 1 for a dense node.
        strided: product over the sides of ceil(side / stride); 1 for a dense node.
        channels: outputs that one place feeds: outputs of a group, or all outputs of a dense node.
    """

    places: int
    strided: int
    channels: int


def kernel(node: Synapse) -> Kernel:
    """The kernel of a convolution, or that of a dense node, which has one place."""
    if not isinstance(node, Conv2d):
        return Kernel(1, 1, len(node.weight))
    sides = [int(side) for side in node.weight.shape[2:]]
    strided = math.prod(math.ceil(side / step) for side, step in zip(sides, node.stride, strict=True))
    return Kernel(math.prod(sides), strided, len(node.weight) // node.groups)


def leaks(node: Cuba) -> int:
    """Multiplications of one update: states that keep a share of themselves, 0 to 2."""
    return sum(0 < decay < DECAY_ONE for decay in (node.current_decay, node.voltage_decay))
