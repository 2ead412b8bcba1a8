"""In which order the nodes of a file are computed, and which edges deliver one step later.

NIR describes continuous time, in which a spike on its way round a loop takes no time that anybody states. Every reader
that steps such a network breaks the loop by one step of delay. Where, follows from the file alone if the loop is
entered at one node only: the edge that leads back to that node closes it (in the words of compilers: its target
dominates its source, and the graph is reducible). The delay is given to the spikes, that is to the edges that leave the
last nodes with a memory before it, so that a bias on the way back acts from the first step on. A loop that goes through
a Delay needs no further step. Everything else is refused: readers may break it in different places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

from neurodeploy.nirfile.network import Edge, FileNetwork

NOWHERE = "it is on a loop without any node that remembers"


@final
@dataclass(frozen=True)
class Order:
    """How a network is stepped.

    Args:
        paths: nodes in the order of computation.
        later: edges over which the value of the last step arrives.
        cut: Delay nodes at which a loop is broken: the edges to them are in `later`, and are one step of the delay.
    """

    paths: tuple[str, ...]
    later: frozenset[Edge]
    cut: frozenset[str]


def order_of(network: FileNetwork) -> Order:
    """The order of a network's nodes.

    Raises:
        ArtefactError: a node that the Input does not reach, or a loop that could be broken in several places; named.
    """
    start = network.the_input().path
    reached = _reached(network.edges, start)
    lost = [path for path in network.nodes if path not in reached]
    if lost:
        raise network.nodes[lost[0]].error("the Input does not reach it")
    through = _dominators(network, start)
    cut = _delays_on_loops(network)
    instant = [edge for edge in network.edges if edge[1] not in cut]
    later = {edge for edge in network.edges if edge[1] in cut}
    for source, target in instant:
        if target in through[source] and source in _reached(instant, target):
            later |= _loop_end(network, source, target, frozenset({target}))
    return Order(_sorted(network, [edge for edge in instant if edge not in later]), frozenset(later), cut)


def _delays_on_loops(network: FileNetwork) -> frozenset[str]:
    found = set()
    for path, node in network.nodes.items():
        if node.kind == "Delay":
            after = _reached(network.edges, path)
            inside = [source in after for source in network.sources(path)]
            if any(inside) and not all(inside):
                raise node.error("some of what it adds up comes from a loop and some does not")
            if any(inside):
                found.add(path)
    return frozenset(found)


def _reached(edges: Iterable[Edge], start: str) -> set[str]:
    """`start` and all nodes to which edges lead from it."""
    following: dict[str, list[str]] = {}
    for source, target in edges:
        following.setdefault(source, []).append(target)
    found, waiting = {start}, [start]
    while waiting:
        new = [path for path in following.get(waiting.pop(), []) if path not in found]
        found.update(new)
        waiting += new
    return found


def _dominators(network: FileNetwork, start: str) -> Mapping[str, set[str]]:
    """Of each node those through which every way from the Input to it leads, itself among them."""
    everything = set(network.nodes)
    found = {path: {start} if path == start else everything for path in network.nodes}
    sources = {path: network.sources(path) for path in network.nodes if path != start}
    changed = True
    while changed:
        changed = False
        for path, before in sources.items():
            new = set.intersection(*(found[source] for source in before)) | {path}
            if new != found[path]:
                found[path], changed = new, True
    return found


def _loop_end(network: FileNetwork, source: str, target: str, seen: frozenset[str]) -> set[Edge]:
    """The edges before `target` on the way over `source` that carry what a node with a memory gave last.

    Args:
        seen: nodes of the loop that were passed already; to meet one again means that nothing on it remembers.
    """
    node = network.nodes[source]
    if node.kind == "Delay":
        return set()
    if node.is_stateful:
        return {(source, target)}
    if source in seen:
        raise node.error(NOWHERE)
    if network.readers(source) != [target]:
        others = [path for path in network.readers(source) if path != target]
        reason = f"a loop leads over it to '{target}', but {', '.join(others)} read it too"
        raise node.error(f"{reason}; the delay of the loop has no place")
    ends = [_loop_end(network, before, source, seen | {source}) for before in network.sources(source)]
    return set().union(*ends)


def _sorted(network: FileNetwork, edges: list[Edge]) -> tuple[str, ...]:
    """Nodes after all that they read."""
    waiting = {path: {a for a, b in edges if b == path} for path in network.nodes}
    done: list[str] = []
    while waiting:
        ready = [path for path, sources in waiting.items() if not sources]
        if not ready:
            reason = "it is on a loop that can be entered at several nodes; the delay of the loop has no place"
            raise network.nodes[min(waiting)].error(reason)
        for path in ready:
            del waiting[path]
        for sources in waiting.values():
            sources.difference_update(ready)
        done += ready
    return tuple(done)
