"""A graph as the chain of layers that NetX knows: synapses, perhaps with delays or recurrence, and their neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph import Graph, Node, Ref, Synapse
from neurodeploy.graph.nodes import Conv2d, Dense
from neurodeploy.graph.numeric import Array

TARGET = "loihi"

DELAY_HIGH = 62
"""Loihi's delay field has 6 bits; lava-dl clamps beyond 62."""


@final
@dataclass(frozen=True, eq=False)
class Link:
    """One computing layer of the file.

    Args:
        neurons: Cuba or Readout.
        source: node whose values arrive.
        synapses: the parallel synapses from `source`, each with its delay; one node per delay.
        recurrent: from the neurons to themselves, arriving one step later, or None.
    """

    neurons: Node
    source: str
    synapses: tuple[tuple[Synapse, int], ...]
    recurrent: Dense | None

    @property
    def weight(self) -> Array:
        """All synapses as one array; no two of them have a weight in the same place."""
        return np.asarray(sum(synapse.weight for synapse, _ in self.synapses))

    @property
    def delay(self) -> Array | None:
        """(out, in): steps that each synapse waits; None where none waits."""
        if not self.carries_over or self.recurrent is not None:
            return None
        return np.asarray(sum((synapse.weight != 0) * delay for synapse, delay in self.synapses)).astype(np.int64)

    @property
    def carries_over(self) -> bool:
        """Whether spikes are under way inside the layer when a sample ends."""
        return self.recurrent is not None or any(delay for _, delay in self.synapses)


def links_of(graph: Graph) -> tuple[Link, ...]:
    """The computing layers in order.

    Raises:
        UnsupportedNodeError: what meets at a node is no layer of NetX.
    """
    return tuple(_link(graph, node) for node in graph.nodes if node.states)


def refused(node: Node, reason: str, hint: str) -> UnsupportedNodeError:
    """The error for a node that has no form in NetX."""
    return UnsupportedNodeError(target=TARGET, node=node.name, kind=type(node).__name__, reason=reason, hint=hint)


def _link(graph: Graph, neurons: Node) -> Link:
    forward: list[tuple[Synapse, int]] = []
    recurrent: list[Dense] = []
    sources: list[str] = []
    for ref in neurons.inputs:
        synapse, origin = _synapse(graph, neurons, ref)
        delay = ref.delay + origin.delay
        if origin.node == neurons.name:
            recurrent.append(_recurrent(synapse, delay))
        else:
            forward.append((synapse, delay))
            sources.append(origin.node)
    if len(set(sources)) != 1 or len(recurrent) > 1:
        reason = f"it adds inputs from {', '.join(sources) or 'itself only'}; a NetX layer has one source"
        raise refused(neurons, reason, "Train a sequential network, or export to c or onnx.")
    link = Link(neurons, sources[0], tuple(forward), recurrent[0] if recurrent else None)
    _refuse_delays(link)
    return link


def _synapse(graph: Graph, neurons: Node, ref: Ref) -> tuple[Synapse, Ref]:
    """The synapse behind one input of `neurons`, and what feeds it."""
    synapse = graph[ref.node]
    if not isinstance(synapse, Synapse) or len(synapse.inputs) != 1:
        kind = type(synapse).__name__
        reason = (
            f"its input '{synapse.name}' is a {kind} with {len(synapse.inputs)} inputs; wanted one synapse with one"
        )
        raise refused(neurons, reason, "A layer of the file is a synapse and its neurons.")
    return synapse, synapse.inputs[0]


def _recurrent(synapse: Synapse, delay: int) -> Dense:
    if not isinstance(synapse, Dense) or delay != 1:
        reason = f"a recurrent {type(synapse).__name__} with delay {delay}; NetX has dense recurrence with delay 1"
        raise refused(synapse, reason, "Use a Dense with delay 1, or export to c or onnx.")
    return synapse


def _refuse_delays(link: Link) -> None:
    """Delays are those of Lava's dense layers: up to 62, one per weight, without recurrence."""
    taken: Array | None = None
    for synapse, delay in link.synapses:
        if delay > DELAY_HIGH:
            raise refused(synapse, f"delay {delay}; Loihi has at most {DELAY_HIGH}", "Use shorter delays.")
        if (delay or len(link.synapses) > 1) and not isinstance(synapse, Dense):
            reason = "delays on a convolution, which NetX ignores"
            raise refused(synapse, reason, "Delay dense layers only, or export to c or onnx.")
        if link.recurrent is not None and delay:
            reason = "delays in a recurrent layer, for which NetX wants one matrix to fit both"
            raise refused(synapse, reason, "Use one of the two, or export to c or onnx.")
        used = synapse.weight != 0
        if isinstance(synapse, Conv2d) or taken is None:
            taken = used
            continue
        if (taken & used).any():
            place = [int(i) for i in np.argwhere(taken & used)[0]]
            reason = f"weight{place} exists twice; a Loihi synapse has one weight and one delay"
            raise refused(synapse, reason, "Keep one delay for each weight.")
        taken = taken | used
