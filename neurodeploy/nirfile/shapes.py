"""Shapes of the values in a file, worked out from its Input."""

from __future__ import annotations

import numpy as np

from neurodeploy.nirfile.layers import LAYERS, REAL
from neurodeploy.nirfile.network import STATEFUL, FileNetwork, FileNode

Shape = tuple[int, ...]


def shapes_of(network: FileNetwork) -> dict[str, Shape]:
    """Output shape of every node that the Input reaches, without batch.

    Raises:
        ArtefactError: an unknown kind, numbers that do not fit what enters, or a sum of different shapes; the node is
            named.
    """
    start = network.the_input()
    found = {start.path: tuple(start.integers("shape", 1))}
    waiting = [start.path]
    while waiting:
        for path in network.readers(waiting.pop()):
            if path not in found:
                before = next(found[source] for source in network.sources(path) if source in found)
                found[path] = _output(network.nodes[path], before)
                waiting.append(path)
    for path in found:
        entering = {found[source] for source in network.sources(path) if source in found}
        if len(entering) > 1:
            raise network.nodes[path].error(f"it adds values of shapes {sorted(entering)}")
    return found


def _output(node: FileNode, shape: Shape) -> Shape:
    if node.kind in LAYERS:
        with np.errstate(invalid="ignore"):
            return LAYERS[node.kind](node, np.zeros((1, *shape), REAL)).shape[1:]
    if node.kind not in STATEFUL:
        raise node.error(f"unknown kind; known are {', '.join(sorted({*LAYERS, *STATEFUL}))}")
    return shape
