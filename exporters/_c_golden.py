"""Golden vectors: inputs that C and Python make by the same formula, and a hash of everything computed at each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.early_exit import ExitRule
from neurodeploy.exporters._c_exit import golden_exits
from neurodeploy.exporters._c_text import fill, template
from neurodeploy.graph import Graph, IntGraph, Trace, simulate
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import Array

EVERY = 1 << 16
SHARES = (
    (2048,) * 8,
    (8192,) * 8,
    (24576,) * 8,
    (0, EVERY, EVERY, 0, 2048, EVERY, 0, 0),
)
"""Share of active inputs, in 1/65536, for each step of each sequence: sparse, dense, and the extremes."""

FNV_START, FNV_PRIME = 2166136261, 16777619


@final
@dataclass(frozen=True)
class Golden:
    """test_NAME.c, with NAME still open, and the C expression for how much it compares."""

    text: str
    compared: str


def golden_file(integer: IntGraph, rule: ExitRule | None = None) -> Golden:
    """The golden vectors of a network.

    Args:
        rule: of its early exit; None: it has none.
    """
    graph = integer.graph
    frames = golden_frames(graph)
    trace = simulate(integer, frames)
    hashes, answers = state_hashes(graph, trace), _answers(graph, trace)
    lines = []
    for sequence, shares in enumerate(SHARES):
        for step, share in enumerate(shares):
            numbers = (share, int(step == 0), int(answers[step, sequence]), int(hashes[step, sequence]))
            lines.append("    {{{}u, {}u, {}u, 0x{:08X}u}},".format(*numbers))
    lines[-1] = lines[-1].removesuffix(",")
    answer = "answer" if isinstance(graph.output, Cuba) else "answer < 0 ? answer : @NAME@_predict(&net)"
    exits = golden_exits(rule, graph, trace)
    values = {"STEPS": len(lines), "VECTORS": "\n".join(lines), "ANSWER": answer, "EXITS": exits.tables}
    values |= {"SINCE": ", since = 0u" if rule else "", "WITHIN": exits.within, "AFTER": exits.after}
    compared = "2ul * (unsigned long)@NAME@_golden_steps" + (f" + {exits.compared}ul" if exits.compared else "")
    # the parts of an early exit have placeholders of their own
    text = fill(template("golden.c.in"), NAME="@NAME@", **values)
    return Golden(text, compared)


def golden_frames(graph: Graph) -> Array:
    """(steps, sequences, *input shape): the inputs of the golden vectors."""
    size, high = int(np.prod(graph.input.shape)), graph.input.high
    shares = np.array(SHARES, np.uint32).reshape(-1, 1)
    numbers = np.arange(shares.size * size, dtype=np.uint32).reshape(-1, size)
    bits = _mixed(numbers)
    values = np.where(shares == EVERY, high, 1 + (((bits >> np.uint32(16)) * np.uint32(high)) >> np.uint32(16)))
    frames = np.where((bits & np.uint32(0xFFFF)) < shares, values, 0).astype(np.uint8)
    sequences = frames.reshape(len(SHARES), -1, *graph.input.shape)
    return np.moveaxis(sequences, 0, 1)


def _mixed(x: Array) -> Array:
    """Bits without order (lowbias32 of Chris Wellons' hash-prospector, public domain)."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return np.asarray(x ^ (x >> np.uint32(16)))


def _answers(graph: Graph, trace: Trace) -> Array:
    """(steps, sequences): output spikes of each step, or the class that the values name."""
    output = trace[graph.output.name]
    flat = output.reshape(*output.shape[:2], -1)
    return np.asarray(flat.sum(-1) if isinstance(graph.output, Cuba) else flat.argmax(-1))


def state_hashes(graph: Graph, trace: Trace) -> Array:
    """(steps, sequences): 32-bit FNV-1a over spike, current and voltage of every neuron, in flat order."""
    hashes = np.full(trace[graph.output.name].shape[:2], FNV_START, np.uint32)
    for octets in _octets(graph, trace):
        for column in np.ascontiguousarray(np.moveaxis(octets, -1, 0)):
            hashes = (hashes ^ column) * np.uint32(FNV_PRIME)
    return hashes


def _octets(graph: Graph, trace: Trace) -> list[Array]:
    """For each layer, (steps, sequences, 9 * neurons): one byte of spike, four of current, four of voltage each."""
    found = []
    for node in graph.nodes:
        if not node.states and node is not graph.output:
            continue
        output = trace[node.name]
        flat = (*output.shape[:2], -1)
        spike = output.reshape(flat) if isinstance(node, Cuba) else np.zeros_like(output).reshape(flat)
        current = trace[f"{node.name}.current"] if node.states else np.zeros_like(output)
        voltage = trace[f"{node.name}.voltage"] if node.states else output
        words = np.stack([current.reshape(flat), voltage.reshape(flat)], axis=-1).astype("<i4")
        parts = [spike[..., None].astype(np.uint8), words.view(np.uint8)]
        found.append(np.concatenate(parts, axis=-1).reshape(*output.shape[:2], -1).astype(np.uint32))
    return found
