"""Which network it is, in one number."""

from __future__ import annotations

import hashlib

import numpy as np

from neurodeploy.graph.file import described
from neurodeploy.graph.graph import Graph


def network_hash(graph: Graph) -> str:
    """SHA-256 of structure and numbers of an integer graph; the same on every machine, however files are compressed."""
    digest = hashlib.sha256(described(graph)[0])
    for node in graph.nodes:
        for key, value in sorted(vars(node).items()):
            if isinstance(value, np.ndarray):
                digest.update(f"{node.name}.{key}".encode() + value.astype("<i8").tobytes())
    return digest.hexdigest()
