"""What neurons with a steady rate give to others, as biases of these: a step before such neurons are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from neurodeploy.graph.graph import Graph
from neurodeploy.graph.node import Node, Synapse
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import DECAY_ONE, FLOAT, Array
from neurodeploy.graph.passes.rewrite import rewrite

BIAS_HIGH = 4095
"""Loihi's bias mantissa has 12 bits and a sign."""


@final
@dataclass(frozen=True, eq=False)
class Folded:
    """A graph in which neurons have in their biases what others give them.

    Args:
        graph: the given one where nothing was folded.
        readers: neurons whose biases changed.
        exact: whether the spikes stay as they were once neurons that fired at every timestep are dropped.
        reason: why they do not; empty where they do.
    """

    graph: Graph
    readers: tuple[str, ...]
    exact: bool
    reason: str


@final
@dataclass(frozen=True, eq=False)
class _Given:
    """What `reader` gets in a timestep: (channel, ...) as its input; later than in the same timestep by `delay`."""

    reader: Node
    total: Array
    delay: int


def fold_rates(graph: Graph, name: str, rates: Array) -> Folded:
    """`graph` with rate times weight of the neurons `name` added to the biases of those that they feed.

    A neuron that fires at every timestep gives the same at each, which is what a bias does: with it dropped afterwards,
    the others spike as before. That wants readers without current memory and synapses without delays and without
    padded borders. Of other neurons it is the mean, rounded in an integer graph. Nothing is folded where a reader has
    no bias in every target (readouts, currents with memory) or would get one beyond +-4095: then what they gave is lost
    with them.

    Args:
        name: neurons.
        rates: (neurons or channels,), spikes per timestep of those to be folded, 0 for the others.
    """
    shape = graph.shapes[name]
    spikes = np.broadcast_to(rates.reshape(-1, *(1,) * (len(shape) - 1)), shape)[None].astype(np.float64)
    given = list(_given(graph, name, spikes, 0))
    reasons = [reason for each in given if (reason := _no_place(each.reader))]
    if reasons:
        return Folded(graph, (), False, reasons[0])
    more = {each.reader.name: np.zeros(len(each.total)) for each in given}
    for each in given:
        more[each.reader.name] += each.total.reshape(len(each.total), -1).mean(1)
    changed = {reader: _with_bias(graph[reader], added, _is_integer(graph)) for reader, added in more.items()}
    if any(np.abs(node.bias).max() > BIAS_HIGH for node in changed.values() if node.bias is not None):
        return Folded(graph, (), False, f"a bias would be beyond {BIAS_HIGH}")
    reason = _inexact(rates, given)
    return Folded(
        rewrite(graph, {key: (node,) for key, node in changed.items()}, {}), tuple(changed), not reason, reason
    )


def _given(graph: Graph, name: str, values: Array, delay: int) -> Iterator[_Given]:
    """What reaches neurons and outputs if `name` gives `values` (1, *shape) at every timestep."""
    for reader in graph.consumers(name):
        delays = [graph.delay(reader, ref) for ref in reader.inputs if ref.node == name]
        arriving, late = values * len(delays), delay + max(delays)
        if reader.states:
            yield _Given(reader, arriving[0], late)
        else:
            plain = replace(reader, bias=None) if isinstance(reader, Synapse) else reader
            total, _ = plain.step(arriving, {}, FLOAT)
            yield from _given(graph, reader.name, total, late)


def _no_place(reader: Node) -> str:
    if not isinstance(reader, Cuba):
        return f"'{reader.name}' has no biases"
    if reader.current_decay != DECAY_ONE:
        return f"the currents of '{reader.name}' have a memory, which a bias has not"
    return ""


def _with_bias(node: Node, more: Array, is_integer: bool) -> Cuba:
    assert isinstance(node, Cuba)  # _no_place saw to it
    bias = more if node.bias is None else node.bias + more
    return replace(node, bias=np.rint(bias).astype(np.int64) if is_integer else bias)


def _is_integer(graph: Graph) -> bool:
    return all(node.weight.dtype.kind in "iu" for node in graph.nodes if isinstance(node, Synapse))


def _inexact(rates: Array, given: list[_Given]) -> str:
    """Why a bias is not what the neurons gave."""
    if ((rates > 0) & (rates < 1)).any():
        return "their mean, as they did not fire at every timestep"
    if any(np.ptp(each.total.reshape(len(each.total), -1), axis=1).any() for each in given):
        return "their mean over a map, whose padded borders get less"
    late = max((each.delay for each in given), default=0)
    return f"their spikes came {late} timesteps late at first" if late else ""
