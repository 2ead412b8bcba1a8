"""A NIR file as bytes of HDF5, read without the nir library and without trust.

Source:
    neuromorphs/NIR 1.0.8 `nir/serialization.py` (the layout) and `nir/ir` (the fields).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, final

import h5py
import numpy as np

from neurodeploy.errors import ArtefactError
from neurodeploy.nirfile.network import FIELDS, Edge, FileNetwork, FileNode

HINT = "Files written by nir 1.0 (any writer) can be read."

DEPTH_HIGH = 20
"""Graphs inside graphs; a damaged file may link to itself."""

INFLATION_HIGH = 1100
"""A dataset may claim any size in a few bytes; honest ones are compressed by gzip, at most 1032 to 1."""

BAD = (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, EOFError, MemoryError)
"""What h5py raises on damaged files."""


def read_network(source: Path | bytes, name: str = "network.nir") -> FileNetwork:
    """The network in a NIR file.

    Args:
        source: path, or the bytes of a file.
        name: how bytes are called in messages.
    Raises:
        ArtefactError: not HDF5, no NIR graph, a missing field, an edge to nowhere; the node is named.
    """
    file = str(source) if isinstance(source, Path) else name
    try:
        content = source.read_bytes() if isinstance(source, Path) else source
        with h5py.File(io.BytesIO(content), "r") as opened:
            raw = _contents(opened["node"], len(content))
    except BAD as error:
        raise ArtefactError(path=file, reason=f"not a readable NIR file ({error})", hint=HINT) from error
    return _Flat(file).network(raw)


def _contents(group: Any, size: int, depth: int = 0) -> dict[str, Any]:  # Any: h5py has no types
    """A group as dictionaries, arrays and words."""
    if depth > 2 * DEPTH_HIGH:
        raise ValueError("graphs inside graphs without end")
    found: dict[str, Any] = {}
    for key, item in group.items():
        if isinstance(item, h5py.Group):
            found[key] = _contents(item, size, depth + 1)
            continue
        if item.nbytes > INFLATION_HIGH * size:
            raise ValueError(f"{key} claims {item.nbytes} bytes")
        value = item[()]
        found[key] = value.decode() if isinstance(value, bytes) else np.asarray(value)
    return found


@final
class _Flat:
    """Takes nested graphs apart: an edge to a graph goes to its Input, one from it comes from its Output."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.nodes: dict[str, FileNode] = {}
        self.edges: list[Edge] = []

    def network(self, raw: Mapping[str, Any]) -> FileNetwork:
        """The flat network."""
        if raw.get("type") != "NIRGraph":
            self._refuse(f"it holds a {raw.get('type', 'thing')} instead of a NIRGraph")
        self._graph("", raw)
        metadata = raw.get("metadata")
        return FileNetwork(self.file, self.nodes, tuple(self.edges), metadata if isinstance(metadata, dict) else {})

    def _graph(self, prefix: str, raw: Mapping[str, Any]) -> None:
        nodes, edges = raw.get("nodes"), raw.get("edges")
        if not isinstance(nodes, dict) or not isinstance(edges, np.ndarray):
            self._refuse(f"graph '{prefix}' has no nodes or no edges")
        for name, node in nodes.items():
            if not isinstance(node, dict) or not isinstance(node.get("type"), str):
                self._refuse(f"node '{prefix}{name}' has no type")
            if node["type"] == "NIRGraph":
                self._graph(f"{prefix}{name}/", node)
            else:
                self.nodes[prefix + name] = self._node(prefix + name, node)
        if edges.size % 2:
            self._refuse(f"edges of '{prefix}' are no pairs")
        for source, target in edges.reshape(-1, 2):
            self._edge(prefix, nodes, _word(source), _word(target))

    def _edge(self, prefix: str, nodes: Mapping[str, Any], source: str, target: str) -> None:
        for end in (source, target):
            if end not in nodes:
                self._refuse(f"edge {source} -> {target}: there is no node '{end}'")
        edge = self._end(prefix, source, nodes, "Output"), self._end(prefix, target, nodes, "Input")
        if edge in self.edges:
            self._refuse(f"edge {edge[0]} -> {edge[1]} exists twice")
        self.edges.append(edge)

    def _end(self, prefix: str, name: str, nodes: Mapping[str, Any], port: str) -> str:
        """Path of the node which an edge really meets."""
        if nodes[name]["type"] != "NIRGraph":
            return prefix + name
        inner = nodes[name]["nodes"]
        ports = [key for key, node in inner.items() if node["type"] == port]
        if len(ports) != 1:
            self._refuse(f"graph '{prefix}{name}' has {len(ports)} {port} nodes; an edge to it needs one")
        return f"{prefix}{name}/{ports[0]}"

    def _node(self, path: str, raw: Mapping[str, Any]) -> FileNode:
        kind = raw["type"]
        values = {key: value for key, value in raw.items() if key not in ("type", "metadata")}
        values = {key: value for key, value in values.items() if isinstance(value, str | np.ndarray)}
        node = FileNode(self.file, path, kind, values)
        lacking = [field for field in FIELDS.get(kind, ()) if field not in values]
        if lacking:
            raise node.error(f"{lacking[0]} is missing", HINT)
        return node

    def _refuse(self, reason: str) -> NoReturn:
        raise ArtefactError(path=self.file, reason=reason, hint=HINT)


def _word(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
