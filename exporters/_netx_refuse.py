"""What a NetX file cannot say, refused by node name before a byte exists, each time with the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.exporters._netx_chain import TARGET, Link, links_of, refused
from neurodeploy.exporters._netx_kept import kept_together
from neurodeploy.exporters._netx_weights import refuse_weights
from neurodeploy.graph import Graph, IntGraph, Node, Schedule, Synapse
from neurodeploy.graph.int_graph import prove_range
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset
from neurodeploy.graph.numeric import FRACTION_BITS, STATE, Array

AFTER: Final[Mapping[type[Node], tuple[type[Node], ...]]] = {
    Input: (),
    Flatten: (Input, Cuba, Flatten),
    Dense: (Input, Cuba, Flatten),
    Conv2d: (Input, Cuba),
    Cuba: (Dense, Conv2d),
    Readout: (Dense,),
}
"""Node kinds that NetX has, and what each may follow: a synapse and its neuron are one layer of the file."""

BIAS_HIGH = 4095
"""Loihi's bias mantissa has 12 bits and a sign; Lava's is an int16 that wraps in silence."""

GEOMETRY_HIGH = 127
"""Lava's conv keeps kernel size, stride, padding, dilation and groups as int8 (`src/lava/proc/conv/models.py`)."""

SUM_HIGH = 1 << (STATE.bits - FRACTION_BITS)
"""Lava takes off 2**24 once where a current overflows: enough for sums up to this. Larger ones leave 24 bits there."""


def refuse(integer: IntGraph) -> None:
    """Return only if NetX computes exactly this network.

    Raises:
        UnsupportedNodeError: a node has no form in NetX.
        RangeError: a weight, bias or sum does not fit.
    """
    graph = integer.graph
    if graph.schedule is not Schedule.SWEEP:
        reason = "the schedule is 'pipelined', in which biases act before the first input arrives"
        hint = "Use the schedule 'sweep': NetX resets each layer when its first input arrives, which is the same thing."
        raise refused(graph.input, reason, hint)
    for node in graph.nodes:
        _refuse_kind(graph, node)
        if isinstance(node, Cuba) and node.reset is not Reset.ZERO:
            hint = "Train with neuron.reset=zero, or retrain this network: neurodeploy tune RUN --reset zero."
            raise refused(node, "reset by subtraction; Loihi's neuron resets to zero", hint)
    for node in graph.nodes:
        _refuse_order(graph, node)
    links = links_of(graph)
    for node in graph.nodes:
        _refuse_edges(graph, node, links)
        _refuse_values(node)
    for link in links:
        _refuse_link(link)
    if any(link.carries_over for link in links):
        _refuse_bias(links)


def _refuse_kind(graph: Graph, node: Node) -> None:
    if type(node) in AFTER:
        return
    following = [after.name for after in graph.consumers(node.name)]
    hints = {
        "SumPool2d": f"lower fuses pooling into the next synapse (after '{node.name}': {', '.join(following)}).",
        "Add": "NetX has no skip connections: train a sequential network, or export to onnx.",
    }
    supported = [kind.__name__ for kind in AFTER]
    kind = type(node).__name__
    raise UnsupportedNodeError(target=TARGET, node=node.name, kind=kind, supported=supported, hint=hints.get(kind, ""))


def _refuse_edges(graph: Graph, node: Node, links: tuple[Link, ...]) -> None:
    """One layer reads each node, so that the network is a chain."""
    for ref in node.inputs:
        if ref.delay and not (isinstance(node, Synapse) or node.states):
            raise refused(node, f"its input '{ref.node}' has delay {ref.delay}", "Delay the synapse that follows.")
    if len(node.inputs) > 1 and not node.states:
        reason = (
            f"it adds {len(node.inputs)} inputs ({', '.join(ref.node for ref in node.inputs)}); NetX layers have one"
        )
        raise refused(node, reason, "Train a sequential network, or export to c or onnx.")
    own = {link.recurrent.name for link in links if link.recurrent is not None}
    together = {synapse.name: link.neurons.name for link in links for synapse, _ in link.synapses}
    readers = [reader.name for reader in graph.consumers(node.name) if reader.name not in own]
    if len({together.get(reader, reader) for reader in readers}) > 1:
        reason = f"{len(readers)} nodes read it ({', '.join(readers)}); NetX is a chain of layers"
        raise refused(node, reason, "Train a sequential network, or export to c or onnx.")
    if not readers and node is not graph.output and node.name not in own:
        raise refused(node, "no node reads it and it is not the output", "Remove it.")


def _refuse_order(graph: Graph, node: Node) -> None:
    for ref in node.inputs:
        before = graph[ref.node]
        if type(before) not in AFTER[type(node)]:
            allowed = " or ".join(kind.__name__ for kind in AFTER[type(node)])
            reason = f"it follows {type(before).__name__} '{before.name}'; in NetX it follows {allowed}"
            hint = "A layer of the file is a synapse and its neuron; only the last one may have a Readout."
            raise refused(node, reason, hint)
    if node is graph.output and not isinstance(node, Cuba | Readout):
        raise refused(node, "the network ends with it", "End with neurons (Cuba) or a Readout.")


def _refuse_values(node: Node) -> None:
    if isinstance(node, Input) and node.high > 1:
        raise refused(node, f"it takes counts up to {node.high}; NetX feeds spikes", "Train with data.binary=true.")
    if isinstance(node, Cuba):
        prove_range(f"{node.name}.bias", node.bias, -BIAS_HIGH, BIAS_HIGH)
    if isinstance(node, Synapse) and node.bias is not None:
        hint = "lower moves it into the neuron when that is exact (current_decay 4096); else train without bias."
        raise refused(node, "a bias on the sum; NetX adds biases to the voltage", hint)
    if isinstance(node, Conv2d):
        _refuse_conv(node)


def _refuse_link(link: Link) -> None:
    """Weights that Lava keeps, and sums that stay in 24 bits."""
    first = link.synapses[0][0]
    refuse_weights(replace(first, weight=link.weight), TARGET)
    lows, highs = (np.asarray(sum(bound)) for bound in zip(*_bounds(link), strict=True))
    for sums in (lows, highs):
        hint = "Use fewer inputs per output, or smaller weights."
        prove_range(f"{first.name}.sum", sums, -SUM_HIGH, SUM_HIGH, hint)
    if link.recurrent is not None:
        refuse_weights(link.recurrent, TARGET)
        if not kept_together(first.weight, link.recurrent.weight):
            reason = f"NetX gives '{first.name}' and '{link.recurrent.name}' one exponent, which changes their weights"
            raise refused(link.neurons, reason, "Use even weights of both signs in both.")


def _bounds(link: Link) -> list[tuple[Array, Array]]:
    synapses = [synapse for synapse, _ in link.synapses]
    return [node.bounds(0, 1) for node in (*synapses, *([link.recurrent] if link.recurrent is not None else []))]


def _refuse_bias(links: tuple[Link, ...]) -> None:
    """A layer integrates its bias before its reset, which comes with its first input; delayed and recurrent synapses
    would keep a spike from that time. So none may happen in a layer from which a way leads to such a synapse."""
    last = max(depth for depth, link in enumerate(links) if link.carries_over)
    # What the layer behind the last delays sends arrives at once, and is reset away like all else.
    before = last + 1 if links[last].recurrent is not None else last
    for depth, link in enumerate(links[:before]):
        node, steps = link.neurons, depth + 1
        if isinstance(node, Cuba) and node.bias is not None and node.bias.max() * steps > node.threshold:
            reason = f"its bias {node.bias.max()} may reach threshold {node.threshold} in the {steps} steps which Lava"
            reason += " runs before its first input, and delays or recurrence carry that spike over"
            raise refused(node, reason, "Train without bias or batch norm, or export to c or onnx.")


def _refuse_conv(node: Conv2d) -> None:
    geometry = {"kernel": node.weight.shape[2:], "stride": node.stride, "padding": node.padding}
    geometry |= {"dilation": node.dilation, "groups": (node.groups,)}
    for name, values in geometry.items():
        if max(values) > GEOMETRY_HIGH:
            reason = f"{name} {max(values)}; Lava keeps it in 8 bits, at most {GEOMETRY_HIGH}"
            raise refused(node, reason, "Split the layer, or export to onnx.")
