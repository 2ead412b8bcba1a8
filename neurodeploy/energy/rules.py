"""How the work of each node kind is counted; a kind without a rule is refused, never counted as nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from neurodeploy.energy.connection import part_of
from neurodeploy.energy.node_counts import NodeCounts, Uses
from neurodeploy.energy.record import Record, overflows
from neurodeploy.energy.widths import event_bits, state_bits, value_bits
from neurodeploy.errors import GraphError
from neurodeploy.graph.node import FanOut, Node, Synapse
from neurodeploy.graph.nodes import Add, AvgPool2d, Conv2d, Cuba, Dense, Flatten, Input, Readout, SumPool2d
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.widths import weight_bits

Rule = Callable[[Record, Node, int | None], NodeCounts]


def node_counts(record: Record, node: Node, bits: int | None) -> NodeCounts:
    """The counts of one node.

    Args:
        bits: bits per stored weight; None takes the narrowest width that holds them.
    Raises:
        GraphError: no rule says how this kind of node is counted.
        DataError: the trace is of another network.
    """
    rule = RULES.get(type(node))
    if rule is None:
        hint = "Lower the graph first: batch norm and max pooling become synapses and neurons."
        raise GraphError(node=node.name, reason=f"no rule counts the work of {type(node).__name__}", hint=hint)
    return rule(record, node, bits)


def _facts(record: Record, node: Node) -> dict[str, Any]:
    """What every kind reports."""
    sizes = [record.graph.shapes[ref.node] for ref in node.inputs]
    return {
        "name": node.name,
        "kind": type(node).__name__,
        "neurons": math.prod(record.graph.shapes[node.name]),
        "inputs": sum(math.prod(shape) for shape in sizes),
        "input_bits": max((_bits(record, ref.node) for ref in node.inputs), default=0),
        "values_in": sum(int(np.count_nonzero(record.seen(node, ref))) for ref in node.inputs),
        "values_out": int(np.count_nonzero(record.trace[node.name])),
    }


def _bits(record: Record, name: str) -> int:
    bounds = record.proof.bounds[name] if record.proof else None
    return value_bits(record.graph[name], bounds, record.trace[name])


def _same(amount: int) -> Uses:
    return Uses(amount, amount)


def _sent(record: Record, node: Node, spikes: int) -> dict[str, Uses]:
    width = event_bits(_bits(record, node.name), math.prod(record.graph.shapes[node.name]))
    return {"event_bit_out": _same(spikes * width)}


def _input(record: Record, node: Node, bits: int | None) -> NodeCounts:
    facts = _facts(record, node)
    events = facts["values_out"]
    return NodeCounts(**facts, work={"input_event": _same(events), **_sent(record, node, events)})


def _met(activity: Array, fan: FanOut) -> Uses:
    """Weights met by `activity` values at each position."""
    stored, nonzero = (int((activity.astype(np.int64) * weights).sum()) for weights in (fan.stored, fan.nonzero))
    return Uses(stored, nonzero)


def _synapse(record: Record, node: Node, bits: int | None) -> NodeCounts:
    shape = record.graph.input_shape(node)
    part = part_of(record.graph, node) if isinstance(node, Dense) else None
    fan = node.fan_out(shape) if part is None else part.fan_out
    if fan is None or not isinstance(node, Synapse):
        raise GraphError(node=node.name, reason=f"{type(node).__name__} multiplies, but does not say its fan-out")
    single, graded, received = Uses(), Uses(), 0
    for ref in node.inputs:
        arrivals = record.arrivals(node, ref)
        single, graded = single + _met(arrivals.ones, fan), graded + _met(arrivals.others, fan)
        values = int(arrivals.ones.sum() + arrivals.others.sum())
        received += values * event_bits(_bits(record, ref.node), math.prod(shape))
    width = bits or (weight_bits(node.weight) if part is None else part.weight_bits)
    work = {
        "accumulate": single,
        "multiply_accumulate": graded,
        "weight_bit_read": (single + graded) * width,
        "bias_add": _biases(record, node, node.bias),
        # An event arrives once, whatever delays wait for it.
        "event_bit_in": _same(received if part is None or part.is_first else 0),
    }
    positions = math.prod(record.graph.shapes[node.name][1:])
    macs = (int(node.weight.size) if part is None else part.weights) * positions * len(node.inputs)
    return NodeCounts(**_facts(record, node), macs=macs, weight_bits=width, work=work)


def _biases(record: Record, node: Node, bias: Array | None) -> Uses:
    """Every output at every step; a bias that is zero counts as stored only."""
    if bias is None:
        return Uses()
    shape = record.graph.shapes[node.name]
    each = math.prod(shape) // len(bias) * record.steps * record.samples
    return Uses(len(bias) * each, int(np.count_nonzero(bias)) * each)


def _pool(record: Record, node: Node, bits: int | None) -> NodeCounts:
    fan = node.fan_out(record.graph.input_shape(node))
    if fan is None:
        raise GraphError(node=node.name, reason=f"{type(node).__name__} adds, but does not say how often")
    added = Uses()
    for ref in node.inputs:
        arrivals = record.arrivals(node, ref)
        added = added + _met(arrivals.ones, fan) + _met(arrivals.others, fan)
    facts = _facts(record, node)
    outputs = facts["neurons"] * record.steps * record.samples
    scaled = _same(outputs if isinstance(node, AvgPool2d) else 0)
    return NodeCounts(**facts, work={"pool_add": added, "pool_scale": scaled})


def _join(record: Record, node: Node, bits: int | None) -> NodeCounts:
    facts = _facts(record, node)
    return NodeCounts(**facts, work={"join_add": _same(facts["values_in"])})


def _pass(record: Record, node: Node, bits: int | None) -> NodeCounts:
    """Flatten only renames values; with several inputs it adds them."""
    return _join(record, node, bits) if len(node.inputs) > 1 else NodeCounts(**_facts(record, node))


def _unweighted(record: Record, node: Node) -> int:
    """Non-zero values that reach a neuron without having been added up by a synapse, a pool or a join."""
    return sum(int(np.count_nonzero(record.seen(node, ref))) for ref in node.inputs if _is_raw(record, ref.node))


def _is_raw(record: Record, name: str) -> bool:
    source = record.graph[name]
    if isinstance(source, Flatten) and len(source.inputs) == 1:
        return _is_raw(record, source.inputs[0].node)
    return isinstance(source, Input | Cuba)


def _neurons(record: Record, node: Node, bits: int | None) -> NodeCounts:
    facts = _facts(record, node)
    updates = facts["neurons"] * record.steps * record.samples
    width = state_bits(node, record.proof is not None)
    fires = isinstance(node, Cuba)
    spikes = facts["values_out"] if fires else 0
    wraps, saturations = overflows(record, node) if record.proof else (0, 0)
    work = {
        "neuron_update": _same(updates),
        "spike": _same(spikes),
        "bias_add": _biases(record, node, node.bias if isinstance(node, Cuba) else None),
        "join_add": _same(_unweighted(record, node)),
        "state_bit_read": _same(updates * width),
        "state_bit_write": _same(updates * width),
        **_sent(record, node, spikes),
    }
    return NodeCounts(
        **facts,
        work=work,
        active_updates=_active(record, node),
        wraps=wraps,
        saturations=saturations,
        fired=np.asarray(record.trace[node.name].any((0, 1))) if fires else None,
    )


def _active(record: Record, node: Node) -> int:
    """Updates after which current or voltage differs from before, or a spike was given."""
    output = record.trace[node.name]
    changed = output != 0 if isinstance(node, Cuba) else np.zeros_like(output, bool)
    for state in node.states:
        values = record.trace[f"{node.name}.{state}"]
        changed[0] |= values[0] != 0
        changed[1:] |= values[1:] != values[:-1]
    return int(np.count_nonzero(changed))


RULES: Final[Mapping[type[Node], Rule]] = {
    Input: _input,
    Dense: _synapse,
    Conv2d: _synapse,
    SumPool2d: _pool,
    AvgPool2d: _pool,
    Flatten: _pass,
    Add: _join,
    Cuba: _neurons,
    Readout: _neurons,
}
"""Kinds that can be counted."""
