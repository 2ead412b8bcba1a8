"""The work in a recorded trace: counted with exact fan-out, no second convolution. The specification of `Recorder`."""

from __future__ import annotations

from neurodeploy.energy.activity import Activity
from neurodeploy.energy.counts import Counts
from neurodeploy.energy.fixed import Fixed
from neurodeploy.energy.record import Record, TraceRecord
from neurodeploy.energy.rules import node_activity
from neurodeploy.graph import Graph, IntGraph, Trace
from neurodeploy.graph.numeric import Array


def observe(
    graph: Graph | IntGraph, trace: Trace, *, weight_bits: int | None = None, until: Array | None = None
) -> Activity:
    """The work of every node at every timestep of every sample.

    Synapses: every non-zero value that arrives within the recorded steps (delays and the pipelined schedule shift it)
    meets the weights of its own position: borders, stride, dilation and groups are exact. A value of magnitude 1 costs
    an accumulate, any other a multiply-accumulate, decided value by value. Several edges into one synapse are separate
    events; dense synapses side by side, which differ in their delays, count as the one connection that hardware stores.
    Neurons: every neuron at every step. Wraps and saturations: the neuron's steps are replayed.

    Args:
        trace: every output and state of the graph, as `simulate` records them.
        weight_bits: bits per stored weight; by default the narrowest width of each node, 32 in a float graph.
        until: (samples,) timesteps of each sample that count; by default all.
    Raises:
        GraphError: a node kind has no rule (lower the graph first).
        DataError: the trace is empty, incomplete, NaN, or of another network.
    """
    record = TraceRecord(Fixed.of(graph, weight_bits), trace, until)
    return whole(record, record.until)


def count(graph: Graph | IntGraph, trace: Trace, *, weight_bits: int | None = None) -> Counts:
    """Totals of `observe`."""
    return observe(graph, trace, weight_bits=weight_bits).counts()


def whole(record: Record, until: Array) -> Activity:
    """The activity of all nodes, up to each sample's own last timestep."""
    graph = record.fixed.graph
    nodes = tuple(node_activity(record, node) for node in graph.nodes)
    found = Activity(nodes, until, record.steps, float(graph.timestep_us))
    return found.cut() if (until < record.steps).any() else found
