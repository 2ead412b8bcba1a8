"""Cycles of Xylo, by the model that its vendor publishes; no verified energy of a cycle exists, so there is no energy.

Cycles of one timestep, with p the share of neurons (or inputs) that fire, however many spikes they send:

    inputs            N_in (3.5 p_in N_ien + 1)
    hidden synapses   N_h (7 fan_h p_h + 3)
    output synapses   N_oen p_h (1 + 8 N_out)
    hidden neurons    N_h (19 + 2 to 7)          the addition depends on aliases
    output neurons    12 N_out

N_ien, N_oen: hidden neurons that inputs reach and that outputs read; fan_h: mean synapses of a hidden neuron to hidden
ones. Taken layer by layer, which is the same sum: each hidden layer with its own p_h and fan_h; N_oen is the last one.

Source: synsense/rockpool 42cee1c, devices/xylo/syns61201/power_cycles_model.py and syns63300/power_cycles_model.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Amount
from neurodeploy.energy.node_counts import NodeCounts
from neurodeploy.errors import DataError

SOURCE: Final = "synsense/rockpool 42cee1c, rockpool/devices/xylo/syns61201/power_cycles_model.py (S)"
INPUT_SYNAPSE, INPUT = 3.5, 1.0
HIDDEN_SYNAPSE, HIDDEN_FIXED = 7.0, 3.0
OUTPUT_FIXED, OUTPUT_SYNAPSE = 1.0, 8.0
NEURON, ALIAS = 19.0, (2.0, 4.5, 7.0)
OUTPUT_NEURON = 12.0
"""Cycles, all from SOURCE; the middle of ALIAS is half of its two ends."""


@final
@dataclass(frozen=True)
class _Stage:
    """Neurons and the dense synapses that reach them."""

    neurons: NodeCounts
    synapses: tuple[NodeCounts, ...]


def xylo_cycles(counts: Counts) -> tuple[Amount, ...]:
    """Cycles of one inference, by node and kind of work.

    Raises:
        DataError: the network is no chain of dense synapses and neurons.
    """
    entry, stages = _stages(counts)
    *hidden, output = stages
    if not hidden:
        raise DataError(source="counts", reason="Xylo's cycle model needs a hidden layer")
    found = [
        _amount(
            entry, "input", entry.neurons * (INPUT_SYNAPSE * _active(counts, entry) * hidden[0].neurons.neurons + INPUT)
        )
    ]
    for stage, following in zip(hidden, stages[1:], strict=True):
        found += _hidden(counts, stage.neurons, following, following is output)
    found.append(_amount(output.neurons, "output_neuron", OUTPUT_NEURON * output.neurons.neurons))
    steps = counts.steps
    return tuple(Amount(a.node, a.term, a.unit, a.low * steps, a.mid * steps, a.high * steps) for a in found)


def _hidden(counts: Counts, node: NodeCounts, following: _Stage, is_last: bool) -> Iterator[Amount]:
    active, count = _active(counts, node), node.neurons
    fan = 0.0 if is_last else sum(synapse.weights for synapse in following.synapses) / count
    yield _amount(node, "hidden_synapse", count * (HIDDEN_SYNAPSE * fan * active + HIDDEN_FIXED))
    if is_last:
        each = OUTPUT_FIXED + OUTPUT_SYNAPSE * following.neurons.neurons
        yield _amount(node, "output_synapse", count * active * each)
    low, mid, high = (count * (NEURON + extra) for extra in ALIAS)
    yield Amount(node.name, "hidden_neuron", "cycles", low, mid, high)


def _active(counts: Counts, node: NodeCounts) -> float:
    """Share of values given out per timestep that were not zero."""
    return node.values_out / (node.neurons * counts.steps * counts.samples)


def _amount(node: NodeCounts, term: str, cycles: float) -> Amount:
    return Amount(node.name, term, "cycles", cycles, cycles, cycles)


def _stages(counts: Counts) -> tuple[NodeCounts, list[_Stage]]:
    entry, stages, synapses = counts.nodes[0], list[_Stage](), list[NodeCounts]()
    for node in counts.nodes[1:]:
        if node.kind == "Dense":
            synapses.append(node)
        elif node.kind in ("Cuba", "Readout") and synapses:
            stages.append(_Stage(node, tuple(synapses)))
            synapses = []
        elif node.kind != "Flatten":
            hint = "Only chains of dense layers and neurons run on Xylo."
            raise DataError(source=node.name, reason=f"Xylo has nothing like {node.kind} here", hint=hint)
    if entry.kind != "Input" or not stages or synapses:
        raise DataError(
            source="counts", reason="no chain of dense synapses and neurons, which Xylo's cycle model needs"
        )
    return entry, stages
