"""How the work of each node kind is counted; a kind without a rule is refused, never counted as nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from neurodeploy.energy.activity import Amounts, NodeActivity, NodeFacts
from neurodeploy.energy.kernel import kernel, leaks
from neurodeploy.energy.record import Met, Record
from neurodeploy.energy.widths import event_bits, state_bits
from neurodeploy.errors import GraphError
from neurodeploy.graph.node import Node, Synapse
from neurodeploy.graph.nodes import Add, AvgPool2d, Conv2d, Cuba, Dense, Flatten, Input, Readout, SumPool2d
from neurodeploy.graph.numeric import Array

Rule = Callable[[Record, Node], NodeActivity]


def node_activity(record: Record, node: Node) -> NodeActivity:
    """What one node did.

    Raises:
        GraphError: no rule says how this kind of node is counted.
        DataError: the record is of another network.
    """
    rule = RULES.get(type(node))
    if rule is None:
        hint = "Lower the graph first: batch norm and max pooling become synapses and neurons."
        raise GraphError(node=node.name, reason=f"no rule counts the work of {type(node).__name__}", hint=hint)
    return rule(record, node)


def _facts(record: Record, node: Node, macs: int = 0, weight_bits: int = 0) -> NodeFacts:
    shapes = record.fixed.graph.shapes
    return NodeFacts(
        name=node.name,
        kind=type(node).__name__,
        neurons=math.prod(shapes[node.name]),
        inputs=sum(math.prod(shapes[ref.node]) for ref in node.inputs),
        macs=macs,
        weight_bits=weight_bits,
        input_bits=max((record.bits(ref.node) for ref in node.inputs), default=0),
    )


def _made(
    record: Record, facts: NodeFacts, work: Mapping[str, Amounts], values_in: Array, values_out: Array | None = None
) -> NodeActivity:
    """The activity of a node without neurons."""
    none = np.zeros((record.steps, record.samples), np.int64)
    return NodeActivity(facts, work, values_in, none if values_out is None else values_out, none, none, none)


def _same(amount: Array) -> Amounts:
    return Amounts(amount, amount)


def _every(record: Record, each: int, nonzero: int | None = None) -> Amounts:
    """The same amount at every timestep of every sample."""
    shape = (record.steps, record.samples)
    return Amounts(np.full(shape, each), np.full(shape, each if nonzero is None else nonzero))


def _arrivals(record: Record, node: Node) -> list[Met]:
    return [record.met(node, place) for place in range(len(node.inputs))]


def _sum(record: Record, arrays: list[Array]) -> Array:
    return sum(arrays, np.zeros((record.steps, record.samples), np.int64))


def _event_bits(record: Record, name: str) -> int:
    return event_bits(record.bits(name), math.prod(record.fixed.graph.shapes[name]))


def _input(record: Record, node: Node) -> NodeActivity:
    events = record.sent(node)
    work = {"input_event": _same(events), "event_bit_out": _same(events * _event_bits(record, node.name))}
    return _made(record, _facts(record, node), work, np.zeros_like(events), events)


def _synapse(record: Record, node: Node) -> NodeActivity:
    if not isinstance(node, Synapse):
        raise GraphError(node=node.name, reason=f"{type(node).__name__} has no weights to be met")
    own, found = record.fixed.synapses[node.name], _arrivals(record, node)
    single = Amounts(
        _sum(record, [met.ones.stored for met in found]), _sum(record, [met.ones.nonzero for met in found])
    )
    graded = Amounts(
        _sum(record, [met.others.stored for met in found]), _sum(record, [met.others.nonzero for met in found])
    )
    bits = [met.values * _event_bits(record, ref.node) for met, ref in zip(found, node.inputs, strict=True)]
    work = {
        "accumulate": single,
        "multiply_accumulate": graded,
        "weight_bit_read": (single + graded) * own.weight_bits,
        "bias_add": _biases(record, node, node.bias),
        # An event arrives once, whatever delays wait for it.
        "event_bit_in": _same(_sum(record, bits if own.is_first else [])),
    }
    values = _sum(record, [met.values for met in found])
    shape = kernel(node)
    facts = replace(
        _facts(record, node, own.macs, own.weight_bits),
        dense_uses=int(own.fan.stored.sum()) * len(found),
        weights=own.weights,
        biases=0 if node.bias is None else len(node.bias),
        kernel=shape.places,
        strided_kernel=shape.strided,
        kernel_channels=shape.channels if own.is_first else 0,
    )
    return _made(record, facts, work, values)


def _biases(record: Record, node: Node, bias: Array | None) -> Amounts:
    """Every output at every step; a bias that is zero counts as stored only."""
    if bias is None:
        return _every(record, 0)
    each = math.prod(record.fixed.graph.shapes[node.name]) // len(bias)
    return _every(record, len(bias) * each, int(np.count_nonzero(bias)) * each)


def _pool(record: Record, node: Node) -> NodeActivity:
    found, facts = _arrivals(record, node), _facts(record, node)
    stored = _sum(record, [met.ones.stored + met.others.stored for met in found])
    nonzero = _sum(record, [met.ones.nonzero + met.others.nonzero for met in found])
    work = {
        "pool_add": Amounts(stored, nonzero),
        "pool_scale": _every(record, facts.neurons if isinstance(node, AvgPool2d) else 0),
    }
    facts = replace(facts, dense_uses=int(record.fixed.fans[node.name].stored.sum()) * len(found))
    return _made(record, facts, work, _sum(record, [met.values for met in found]))


def _join(record: Record, node: Node) -> NodeActivity:
    values = _sum(record, [met.values for met in _arrivals(record, node)])
    return _made(record, _facts(record, node), {"join_add": _same(values)}, values)


def _pass(record: Record, node: Node) -> NodeActivity:
    """Flatten only renames values; with several inputs it adds them."""
    if len(node.inputs) > 1:
        return _join(record, node)
    return _made(record, _facts(record, node), {}, _arrivals(record, node)[0].values)


def _raw(record: Record, node: Node) -> Array:
    """Non-zero values that reach a neuron without having been added up by a synapse, a pool or a join."""
    raw = [record.met(node, p).values for p, ref in enumerate(node.inputs) if _is_raw(record, ref.node)]
    return _sum(record, raw)


def _is_raw(record: Record, name: str) -> bool:
    source = record.fixed.graph[name]
    if isinstance(source, Flatten) and len(source.inputs) == 1:
        return _is_raw(record, source.inputs[0].node)
    return isinstance(source, Input | Cuba)


def _neurons(record: Record, node: Node) -> NodeActivity:
    facts, raw, fires = _facts(record, node), _raw(record, node), isinstance(node, Cuba)
    if isinstance(node, Cuba):
        facts = replace(facts, leaks=leaks(node), biases=0 if node.bias is None else len(node.bias))
    spikes = record.sent(node) if fires else np.zeros_like(raw)
    width = state_bits(node, record.fixed.proof is not None)
    changed, wraps, saturations = record.did(node)
    work = {
        "neuron_update": _every(record, facts.neurons),
        "spike": _same(spikes),
        "bias_add": _biases(record, node, node.bias if isinstance(node, Cuba) else None),
        "join_add": _same(raw),
        "state_bit_read": _every(record, facts.neurons * width),
        "state_bit_write": _every(record, facts.neurons * width),
        "event_bit_out": _same(spikes * _event_bits(record, node.name)),
    }
    by_neuron = record.spikes(node) if fires else None
    return NodeActivity(facts, work, raw, spikes, changed, wraps, saturations, by_neuron)


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
