"""What a random network may have, so that each target gets networks that it can express."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final


class Feature(Enum):
    """Everything beyond the least: spikes, dense layers with even weights of both signs, neurons that reset to zero."""

    MAPS = "maps"
    GROUPS = "groups"
    DILATION = "dilation"
    POOLING = "pooling"
    COUNTS = "counts"
    """Event counts above 1 at the input."""
    ONE_SIGN = "one-sign weights"
    ODD = "odd weights"
    """Odd weights of both signs."""
    WIDE = "16-bit weights"
    SYNAPSE_BIAS = "synapse bias"
    NEURON_BIAS = "neuron bias"
    SUBTRACT = "reset by subtraction"
    READOUT = "readout"
    STACKED = "stacked synapses"
    """A synapse that follows a synapse."""
    BARE = "bare neurons"
    """Neurons without a synapse before them."""
    ADD = "add"
    """Named sums of values of several nodes, or of several timesteps."""
    SKIP = "skip"
    """Neurons that hear more than the layer before them."""
    RECURRENCE = "recurrence"
    """Dense layers that hear themselves one step later."""
    FEEDBACK = "feedback"
    """Later layers heard by earlier ones, recurrence over several steps, recurrent convolutions."""
    DELAY = "delayed layers"
    """Dense synapses that wait."""
    SYNAPSE_DELAYS = "delayed synapses"
    """A delay for each dense synapse: parallel edges with masked weights."""
    MAP_DELAYS = "delayed maps"
    LATE = "other delays"
    """Delays where there is no synapse."""
    PIPELINED = "pipelined"
    OPEN_END = "open end"
    """Networks that end with neither neurons nor a readout."""


Features = frozenset[Feature]

ALL: Final[Features] = frozenset(Feature)

NEEDS: Final[Mapping[Feature, Features]] = {
    Feature.GROUPS: frozenset({Feature.MAPS}),
    Feature.DILATION: frozenset({Feature.MAPS}),
    Feature.POOLING: frozenset({Feature.MAPS}),
    Feature.MAP_DELAYS: frozenset({Feature.MAPS}),
}
"""Features that exist only together with others."""
