"""Synapses by which neurons feed themselves."""

from __future__ import annotations

import numpy as np

from neurodeploy.graph.nodes import Conv2d, Dense


def is_diagonal(synapse: Dense | Conv2d) -> bool:
    """Whether each neuron, or each place of a map, feeds one neuron or place: the one of the same number."""
    if isinstance(synapse, Dense):
        return bool((synapse.weight == np.diag(np.diag(synapse.weight))).all())
    return synapse.weight.shape[1:] == (1, 1, 1) and synapse.groups == len(synapse.weight)
