"""NeuroBench's metrics from our counts: its field names, with its definitions as far as they have a meaning here.

What is computed on a deployed integer network cannot always be what NeuroBench computes on a torch module: every field
that is defined otherwise, or comes out otherwise on this network, is in `differs` with the reason. None is an energy.

Source: NeuroBench 2.3.0, `neurobench/metrics/static/*.py` and `neurobench/metrics/workload/*.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from neurodeploy.energy.connection import part_of, stored_weights
from neurodeploy.energy.counts import Counts
from neurodeploy.energy.node_counts import NodeCounts
from neurodeploy.energy.widths import state_bits
from neurodeploy.errors import DataError
from neurodeploy.graph import Graph, IntGraph
from neurodeploy.graph.node import Synapse
from neurodeploy.graph.nodes import Cuba, Dense, Readout
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.widths import weight_bits

VERSION: Final = "2.3.0"
"""Whose field names and definitions these are."""

NEURONS: Final = (Cuba.__name__, Readout.__name__)

ABSENT: Final = {
    "ClassificationAccuracy": "no count; `neurodeploy eval` gives it",
    "NeuronOperations": "fixed numbers for the neuron classes of snnTorch, which these neurons are not",
}

BASIS: Final = (
    "Counted on the deployed network: batch norm is inside its weights, average pooling too or a sum, and max pooling "
    "is synapses and neurons. Mean per sample."
)

FOOTPRINT: Final = (
    "bytes of weights and biases at the bits in which they are stored, and of the states of all neurons; NeuroBench "
    "adds up the tensors of a torch module, in which snnTorch's states are empty before the first batch. "
    "Neither has delay lines"
)
MEMBRANES: Final = (
    "an update counts when current or voltage changed, or a spike was sent; NeuroBench counts every neuron in the "
    "first timestep, and later only voltages that changed"
)
CLASSES: Final = (
    "decided value by value: only a value of magnitude 1 is an accumulate. NeuroBench decides for a whole tensor, in "
    "which one other value makes every use a multiply-accumulate; the sum of both is the same. Nodes that have both: {}"
)
BRANCHES: Final = "{} reads several edges: each is an event of its own, NeuroBench would see their sum"


def neurobench(graph: Graph | IntGraph, counts: Counts) -> dict[str, Any]:
    """NeuroBench's results, ready for JSON.

    Args:
        counts: of this very graph.
    Returns:
        "results" as `Benchmark.run` returns them, "footprint_bytes" by what they hold, "differs" and "absent" by field.
    Raises:
        DataError: the counts are of another graph, or the graph has neither weights nor neurons.
    """
    plain = graph.graph if isinstance(graph, IntGraph) else graph
    if [node.name for node in counts.nodes] != [node.name for node in plain.nodes]:
        raise DataError(source="counts", reason="they are of another network")
    fired = [node for node in counts.nodes if node.kind == Cuba.__name__]
    if not fired or not _synapses(plain):
        raise DataError(source=plain.input.name, reason="without synapses and neurons there is nothing to benchmark")
    footprint = _footprint(plain, isinstance(graph, IntGraph))
    stored, zero = _weights(plain)
    return {
        "neurobench": VERSION,
        "basis": BASIS,
        "samples": counts.samples,
        "steps": counts.steps,
        "results": {
            "Footprint": sum(footprint.values()),
            "ParameterCount": stored + sum(bias.size for bias in _biases(plain)),
            "ConnectionSparsity": round(zero / stored, 4),
            "ActivationSparsity": _sparsity(counts, fired),
            "ActivationSparsityByLayer": {node.name: _sparsity(counts, [node]) for node in fired},
            "SynapticOperations": {
                "Effective_MACs": counts.mean("multiply_accumulate")[1],
                "Effective_ACs": counts.mean("accumulate")[1],
                "Dense": _dense(plain, counts),
            },
            "MembraneUpdates": sum(n.active_updates for n in counts.nodes if n.kind in NEURONS) / counts.samples,
        },
        "footprint_bytes": footprint,
        "differs": dict(_differences(plain, counts)),
        "absent": dict(ABSENT),
    }


def _synapses(graph: Graph) -> list[Synapse]:
    return [node for node in graph.nodes if isinstance(node, Synapse)]


def _biases(graph: Graph) -> list[Array]:
    found = [node.bias for node in graph.nodes if isinstance(node, Synapse | Cuba)]
    return [bias for bias in found if bias is not None]


def _weights(graph: Graph) -> tuple[int, int]:
    """Weights that are stored, and how many of them are zero."""
    stored = sum(stored_weights(graph, node)[0] for node in _synapses(graph))
    return stored, stored - sum(int(np.count_nonzero(node.weight)) for node in _synapses(graph))


def _sparsity(counts: Counts, nodes: list[NodeCounts]) -> float:
    """Share of neuron outputs that were zero."""
    outputs = sum(node.neurons for node in nodes) * counts.steps * counts.samples
    return (outputs - sum(node.values_out for node in nodes)) / outputs


def _dense(graph: Graph, counts: Counts) -> float:
    """Weight uses of one sample if every value were an event; no padding."""
    total = 0.0
    for node in _synapses(graph):
        shape = graph.input_shape(node)
        part = part_of(graph, node) if isinstance(node, Dense) else None
        fan = node.fan_out(shape) if part is None else part.fan_out
        if fan is None:
            raise DataError(source=node.name, reason="it multiplies, but does not say its fan-out")
        steps = sum(max(0, counts.steps - graph.delay(node, ref)) for ref in node.inputs)
        total += float(fan.stored.sum()) * steps
    return total


def _footprint(graph: Graph, is_integer: bool) -> dict[str, int]:
    """Bytes, each tensor rounded up."""
    weights = [_bytes(*stored_weights(graph, node)) for node in _synapses(graph)]
    biases = [_bytes(bias.size, weight_bits(bias)) for bias in _biases(graph)]
    neurons = [node for node in graph.nodes if isinstance(node, Cuba | Readout)]
    states = [_bytes(int(np.prod(graph.shapes[n.name])), state_bits(n, is_integer)) for n in neurons]
    return {"weights": sum(weights), "biases": sum(biases), "states": sum(states)}


def _bytes(amount: int, bits: int) -> int:
    return -(-amount * bits // 8)


def _differences(graph: Graph, counts: Counts) -> Iterator[tuple[str, str]]:
    yield "Footprint", FOOTPRINT
    yield "MembraneUpdates", MEMBRANES
    both = [node.name for node in counts.nodes if node.uses("accumulate").stored and _multiplies(node)]
    joined = [node.name for node in _synapses(graph) if len(node.inputs) > 1]
    reasons = [CLASSES.format(", ".join(both))] if both else []
    reasons += [BRANCHES.format(", ".join(joined))] if joined else []
    if reasons:
        yield "SynapticOperations", "; ".join(reasons)
    if any(isinstance(node, Readout) for node in graph.nodes):
        yield (
            "ActivationSparsity",
            "a readout gives no spikes and is left out; a snnTorch neuron in its place is counted",
        )


def _multiplies(node: NodeCounts) -> bool:
    return node.uses("multiply_accumulate").stored > 0
