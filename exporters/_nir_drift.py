"""How far the file's floats lie from the integer network that they describe."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodeploy.graph import Graph, Trace, predictions
from neurodeploy.graph.nodes import Cuba


def drift_facts(graph: Graph, integer: Trace, found: Trace) -> dict[str, Any]:
    """Spikes that differ, per layer, and answers; JSON values."""
    layers = {}
    for node in graph.nodes:
        if isinstance(node, Cuba):
            spikes, others = integer[node.name], found[node.name]
            layers[node.name] = {
                "spikes_integer": int(spikes.sum()),
                "spikes_file": int(others.sum()),
                "differing": int((spikes != others).sum()),
                "outputs": int(spikes.size),
            }
    answers = predictions(graph, integer) != predictions(graph, found)
    return {"layers": layers, "differing_answers": int(np.sum(answers)), "samples": int(answers.size)}
