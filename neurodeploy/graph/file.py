"""Graphs as files: graph.json holds structure and numbers, graph.npz the arrays; written by us, read without trust."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy.errors import ArtefactError, NeuroDeployError
from neurodeploy.graph.graph import Graph, Schedule
from neurodeploy.graph.node import Node, Ref
from neurodeploy.graph.nodes import KINDS, Reset
from neurodeploy.graph.numeric import Array

VERSION = 1


def graph_files(graph: Graph, stem: str = "graph") -> dict[str, bytes]:
    """Contents of `stem`.json and `stem`.npz; the same graph gives the same bytes."""
    text, arrays = described(graph)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return {f"{stem}.json": text, f"{stem}.npz": buffer.getvalue()}


def described(graph: Graph) -> tuple[bytes, dict[str, Array]]:
    """Structure and numbers as JSON, and the arrays that it names."""
    arrays: dict[str, Array] = {}
    nodes = []
    for node in graph.nodes:
        entry: dict[str, object] = {"kind": type(node).__name__}
        for item in fields(node):
            value = getattr(node, item.name)
            if isinstance(value, np.ndarray):
                arrays[f"{node.name}.{item.name}"] = value
                value = {"array": f"{node.name}.{item.name}"}
            entry[item.name] = _plain(value)
        nodes.append(entry)
    head = {"format": "neurodeploy graph", "version": VERSION, "schedule": graph.schedule.value}
    return json.dumps({**head, "timestep_us": graph.timestep_us, "nodes": nodes}, indent=1).encode(), arrays


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Ref):
        return [value.node, value.delay]
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def read_graph(folder: Path, stem: str = "graph") -> Graph:
    """The graph written as `stem`.json and `stem`.npz in `folder`.

    Raises:
        ArtefactError: a file is missing, damaged, of another format or version, or describes no valid graph.
    """
    path = folder / f"{stem}.json"
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
        content = io.BytesIO((folder / f"{stem}.npz").read_bytes())
        with np.load(content, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise ArtefactError(path=path, reason=f"the graph cannot be read ({error})") from error
    if not isinstance(head, dict) or head.get("format") != "neurodeploy graph" or head.get("version") != VERSION:
        raise ArtefactError(path=path, reason=f"not a neurodeploy graph of version {VERSION}")
    try:
        nodes = tuple(_read_node(entry, arrays) for entry in head["nodes"])
        return Graph(nodes, timestep_us=head["timestep_us"], schedule=Schedule(head["schedule"]))
    except (KeyError, TypeError, ValueError, NeuroDeployError) as error:
        raise ArtefactError(path=path, reason=f"it describes no valid graph ({error})") from error


def _read_node(entry: Mapping[str, Any], arrays: Mapping[str, Array]) -> Node:
    kinds = {kind.__name__: kind for kind in KINDS}
    kind = kinds[entry["kind"]]
    values: dict[str, Any] = {}
    for item in fields(kind):
        value = entry[item.name]
        if item.name == "inputs":
            value = tuple(Ref(str(node), int(delay)) for node, delay in value)
        elif item.name == "reset":
            value = Reset(value)
        elif isinstance(value, dict):
            value = arrays[value["array"]]
        values[item.name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)
