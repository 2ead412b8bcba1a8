"""Frames as the request that c_runtime/request.c reads, and what c_runtime/runner.c answers, as a trace."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from neurodeploy.graph import Graph, Node, Trace
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import Array

MAGIC = 0x4E445231
WORD = np.dtype("<u4")
STATE_BYTES = 4


def request_bytes(frames: Array) -> bytes:
    """Header, then the rows of `request_rows`.

    Args:
        frames: (time, samples, *input shape), whole numbers >= 0.
    """
    return np.array([MAGIC, *frames.shape[:2]], WORD).tobytes() + request_rows(frames)


def request_rows(frames: Array) -> bytes:
    """For each sample and timestep how many events and their flat indices; a count of 3 is three events."""
    steps, samples = frames.shape[:2]
    rows = np.moveaxis(frames, 1, 0).reshape(samples * steps, -1).astype(np.int64)
    row, index = np.nonzero(rows)
    times = rows[row, index]
    row, index = np.repeat(row, times), np.repeat(index, times)
    counts = np.bincount(row, minlength=len(rows))
    words = np.empty(len(rows) + len(index), WORD)
    words[np.arange(len(rows)) + np.cumsum(counts) - counts] = counts
    words[np.arange(len(index)) + row + 1] = index  # behind the counts of its own row and of those before
    return words.tobytes()


def answer_length(graph: Graph, steps: int, samples: int) -> int:
    """Bytes that runner.c writes."""
    return steps * samples * sum((1 + 2 * STATE_BYTES) * _size(graph, node) for node in _layers(graph))


def trace_of(answer: bytes, graph: Graph, steps: int, samples: int) -> Trace:
    """Outputs and states of every layer, (time, samples, *shape) each.

    Args:
        answer: as many bytes as `answer_length` says.
    """
    rows = np.frombuffer(answer, np.uint8).reshape(samples, steps, -1)
    values: dict[str, Array] = {}
    start = 0
    for node in _layers(graph):
        size = _size(graph, node)
        ends = np.cumsum([start, size, STATE_BYTES * size, STATE_BYTES * size])
        parts = [np.ascontiguousarray(rows[..., a:b]) for a, b in pairwise(ends)]
        current, voltage = (part.view("<i4") for part in parts[1:])
        found = {"": parts[0] if isinstance(node, Cuba) else voltage}
        found |= {".current": current, ".voltage": voltage} if node.states else {}
        for suffix, array in found.items():
            shaped = np.moveaxis(array, 0, 1).reshape(steps, samples, *graph.shapes[node.name])
            values[f"{node.name}{suffix}"] = shaped.astype(np.int64)
        start = int(ends[-1])
    return Trace(values)


def _layers(graph: Graph) -> list[Node]:
    """The nodes that NAME_layer_size and its companions count: those with states, and the output if it has none."""
    return [node for node in graph.nodes if node.states or node is graph.output]


def _size(graph: Graph, node: Node) -> int:
    return int(np.prod(graph.shapes[node.name]))
