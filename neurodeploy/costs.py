"""What a network costs and gets right, in numbers that do not depend on hardware: for tables of before and after."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodeploy.deployment import Deployment
from neurodeploy.energy import bit_budget
from neurodeploy.energy.bit_budget import mean_budget
from neurodeploy.energy.connection import stored_weights
from neurodeploy.fast import Simulator
from neurodeploy.graph import Synapse
from neurodeploy.runs.activity import count_activity
from neurodeploy.subject import Samples

BATCH = 100


def costs(network: Deployment, samples: Samples) -> dict[str, Any]:
    """Accuracy, size and work of the integer network, as plain values.

    Returns:
        accuracy on `samples`; timesteps; neurons that spike; weights; weight_bits of each synapse (the narrowest that
        hold them); weight_bytes if they are packed in those (C and ONNX store a byte each); bit_budget (mean of a
        synapse), s_ace and ns_ace in bit operations, synaptic_operations and spikes, all per inference.
    """
    graph = network.integer.graph
    stored = {node.name: stored_weights(graph, node) for node in graph.nodes if isinstance(node, Synapse)}
    counts = count_activity(network, samples)
    layers = bit_budget(counts)
    return {
        "accuracy": accuracy(network, samples),
        "timesteps": network.timesteps,
        "neurons": sum(node.neurons for node in counts.nodes if node.spikes is not None),
        "weights": sum(weights for weights, _ in stored.values()),
        "weight_bits": {name: bits for name, (_, bits) in stored.items()},
        "weight_bytes": -(-sum(weights * bits for weights, bits in stored.values()) // 8),
        "bit_budget": mean_budget(layers),
        "s_ace": sum(layer.dense for layer in layers),
        "ns_ace": sum(layer.spiking for layer in layers),
        "synaptic_operations": counts.synaptic_operations,
        "spikes": counts.mean("spike")[0],
    }


def accuracy(network: Deployment, samples: Samples) -> float:
    """Share of right answers of the integer network."""
    simulator, starts = Simulator(network.integer), range(0, len(samples.labels), BATCH)
    answers = [simulator.predictions(samples.frames[:, start : start + BATCH]) for start in starts]
    return float((np.concatenate(answers) == samples.labels).mean())
