"""Our counts of the layers in rows.py, written as expected.toml writes them."""

from collections.abc import Mapping

import numpy as np
from counters.brute_force import MEETINGS, Found, brute_force
from counters.rows import Row

from neurodeploy.energy import Counts, count
from neurodeploy.errors import GraphError
from neurodeploy.graph import Graph, IntGraph, Node, Ref, Trace, simulate
from neurodeploy.graph.nodes import AvgPool2d, BatchNorm, Conv2d, Cuba, Dense, Flatten, Input, MaxPool2d

X = (Ref("x"),)
NO_NODE = ("ConvTranspose2d", "LSTM", "MultiheadAttention")
"""Kinds of torch layers that no graph holds."""


def uses_text(ac: float, mac: float) -> str:
    """ "AC 32", "MAC 15", "AC 10 + MAC 5" or "0"."""
    return " + ".join(f"{kind} {amount:g}" for kind, amount in (("AC", ac), ("MAC", mac)) if amount) or "0"


def exact_text(row: Row) -> tuple[str, str | None]:
    """Brute force: uses of all weights, and of those that are not zero where that differs."""
    if row.kind not in MEETINGS:
        return "-", None
    found = brute_force(row)
    every, useful = uses_text(found.ac, found.mac), uses_text(found.ac_nonzero, found.mac_nonzero)
    return every, None if useful == every else useful


def node_of(row: Row, weight: float | None = None) -> Node:
    """The layer as a node of a graph.

    Args:
        weight: instead of the row's.
    """
    options, value = row.options, row.weight if weight is None else weight
    if row.kind in ("MaxPool2d", "AvgPool2d"):
        pair = (options["kernel_size"],) * 2
        return (MaxPool2d if row.kind == "MaxPool2d" else AvgPool2d)("n", X, pair, pair)
    if row.kind == "BatchNorm2d":
        return BatchNorm("n", X, *(np.ones(options["num_features"]) for _ in range(4)))
    outs = options["out_features" if row.kind == "Linear" else "out_channels"]
    bias = np.full(outs, value) if options["bias"] else None
    if row.kind == "Linear":
        weights = np.full((outs, options["in_features"]), value)
        weights[:, list(row.zero_inputs)] = 0
        return Dense("n", X, weights, bias)
    geometry = {
        name: (options.get(name, least),) * 2 for name, least in (("stride", 1), ("padding", 0), ("dilation", 1))
    }
    groups, kernel = options.get("groups", 1), options["kernel_size"]
    weights = np.full((outs, options["in_channels"] // groups, kernel, kernel), value)
    return Conv2d("n", X, weights, bias, groups=groups, **geometry)


def alone(row: Row) -> Counts:
    """Counts of the layer by itself, in a float graph; values need not be what an input allows."""
    frames = np.array(row.frame())[None, None]
    graph = Graph((Input("x", (), row.shape, high=255), node_of(row)))
    return count(graph, Trace({"x": frames, "n": np.zeros((1, 1, *graph.shapes["n"]))}))


def integer_network(row: Row, steps: int, samples: int) -> Counts:
    """Counts of an integer network of this layer and neurons, simulated on `steps` x `samples` copies of the input."""
    nodes = (
        Input("x", (), row.shape, high=255),
        node_of(row, 2),
        Flatten("f", (Ref("n"),)),
        Cuba("c", (Ref("f"),), 4096, 0, 9),
    )
    graph = IntGraph(Graph(nodes))
    frames = np.broadcast_to(np.array(row.frame()).astype(np.uint8), (steps, samples, *row.shape))
    return count(graph, simulate(graph, frames))


def found_in(counts: Counts) -> Found:
    """What of the counts of "n" brute force knows too."""
    ac, mac = counts["n"].uses("accumulate"), counts["n"].uses("multiply_accumulate")
    return Found(ac.stored, ac.nonzero, mac.stored, mac.nonzero)


def ours_text(row: Row) -> str:
    """Our figure, or how we refuse the layer."""
    if row.kind in NO_NODE:
        return "refused"
    try:
        counts = alone(row)
    except GraphError:
        return "refused until it is lowered"
    pooled = {name: counts.total(name).stored for name in ("pool_add", "pool_scale")}
    if any(pooled.values()):
        return "{pool_add} pool additions, {pool_scale} scalings".format(**pooled)
    found = found_in(counts)
    every, useful = uses_text(found.ac, found.mac), uses_text(found.ac_nonzero, found.mac_nonzero)
    return every if useful == every else f"{every}, useful {useful}"


def answer_text(answer: Mapping[str, object]) -> str:
    """What run_counters.py found, rounded to the millionth because syops computes in float32."""
    if "error" in answer:
        return "error"
    if "total" in answer:
        return f"{float(str(answer['total'])):g}"
    return uses_text(*(round(float(str(answer[kind])), 5) for kind in ("ac", "mac")))
