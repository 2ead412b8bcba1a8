"""Names of the graph's nodes, and what enters each: identities, Delay nodes and loops of the file become references."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Final, final

import numpy as np

from neurodeploy.graph import Ref
from neurodeploy.graph import Shape as GraphShape
from neurodeploy.importers.refusal import refused
from neurodeploy.nirfile import FileNetwork, FileNode, order_of, shapes_of
from neurodeploy.nirfile.neurons import delay_steps

IDENTITIES: Final = frozenset({"Input", "Output", "Identity"})
"""Kinds that hand on what enters; the outermost Input is the graph's."""

MATRICES: Final = frozenset({"Affine", "Linear"})


@final
class Wiring:
    """How the nodes of a file are connected, in terms of the graph.

    Raises:
        ArtefactError: the file is no network with one input and one output; the node is named.
    """

    def __init__(self, network: FileNetwork, dt: float) -> None:
        self.network, self.dt = network, dt
        self.order = order_of(network)
        self.file_shapes = shapes_of(network)
        self.names = _names(network)

    def shape(self, path: str) -> GraphShape:
        """Shape of a node's output in the graph: a line of values has one row there.

        Raises:
            UnsupportedNodeError: neither a vector nor a map.
        """
        shape = self.file_shapes[path]
        if len(shape) == 2:
            return shape[0], 1, shape[1]
        if len(shape) not in (1, 3):
            reason = f"its values have shape {shape}; the graph has (neurons,) and (channel, height, width)"
            raise refused(path, self.network.nodes[path].kind, reason, "Flatten them.")
        return shape

    def shape_before(self, path: str) -> GraphShape:
        """Shape of what enters a node."""
        return self.shape(self.network.sources(path)[0])

    def entering(self, path: str) -> tuple[Ref, ...]:
        """What the node adds up."""
        return self._entering(path, frozenset())

    def refs(self, path: str) -> tuple[Ref, ...]:
        """References whose sum is the output of a file node."""
        return self._refs(path, frozenset())

    def split(self, path: str) -> Mapping[int, str]:
        """Delay -> name of the synapses that wait so long, for a matrix behind a Delay that is not the same for all."""
        steps = self.waits(path)
        if steps is None:
            return {}
        return {int(step): f"{self.names[path]}_{step}" for step in np.unique(steps)}

    def waits(self, path: str) -> np.ndarray | None:
        """Timesteps of each input of a matrix behind such a Delay; None elsewhere."""
        sources = [self.network.nodes[source] for source in self.network.sources(path)]
        uneven = [node for node in sources if node.kind == "Delay" and np.ptp(delay_steps(node, self.dt))]
        if not uneven:
            return None
        if self.network.nodes[path].kind not in MATRICES or len(sources) > 1:
            reason = "its delays differ, and more than one matrix would have to know them"
            raise refused(uneven[0].path, "Delay", reason, "Let exactly one Affine or Linear read it.")
        return np.broadcast_to(delay_steps(uneven[0], self.dt), self.file_shapes[uneven[0].path])

    def _entering(self, path: str, seen: frozenset[str]) -> tuple[Ref, ...]:
        later = {source for source, target in self.order.later if target == path and path not in self.order.cut}
        found: list[Ref] = []
        for source in self.network.sources(path):
            extra = int(source in later)
            found += [Ref(ref.node, ref.delay + extra) for ref in self._refs(source, seen)]
        return tuple(found)

    def _refs(self, path: str, seen: frozenset[str]) -> tuple[Ref, ...]:
        node = self.network.nodes[path]
        if path in seen:
            raise refused(path, node.kind, "it is on a loop without neurons")
        if node is self.network.the_input():
            return (Ref(self.names[path]),)
        if node.kind in IDENTITIES or self._is_flat(node):
            return self._entering(path, seen | {path})
        if node.kind == "Delay":
            steps = self._uniform(node)
            return tuple(Ref(ref.node, ref.delay + steps) for ref in self._entering(path, seen | {path}))
        parts = self.split(path)
        return tuple(Ref(name) for name in parts.values()) if parts else (Ref(self.names[path]),)

    def _is_flat(self, node: FileNode) -> bool:
        """Whether a Flatten changes nothing."""
        return node.kind == "Flatten" and len(self.shape_before(node.path)) == 1

    def _uniform(self, node: FileNode) -> int:
        """The one delay of a node; 0 for one that the matrix behind it knows."""
        steps = delay_steps(node, self.dt)
        if not np.ptp(steps):
            return int(steps.flat[0])
        readers = self.network.readers(node.path)
        if len(readers) != 1 or self.waits(readers[0]) is None:
            reason = "its delays differ, and not one matrix alone reads it"
            raise refused(node.path, "Delay", reason, "Let exactly one Affine or Linear read it.")
        return 0


def _names(network: FileNetwork) -> dict[str, str]:
    """C identifiers, as close to the paths as may be."""
    found: dict[str, str] = {}
    for path, node in network.nodes.items():
        wish = re.sub(r"\W", "_", path, flags=re.ASCII)
        if not re.match(r"[A-Za-z_]", wish) or keyword.iskeyword(wish):
            wish = f"{node.kind.lower()}_{wish}"
        while wish in found.values():
            wish += "_"
        found[path] = wish
    return found
