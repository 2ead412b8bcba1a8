"""The folder of an import: the network as graphs, how it was read and proved, and what it is tried on.

import.json       source, module paths, notes, proof, accuracy, SHA-256 of the other files
float.json, .npz      the float graph; absent where the source held integers
integer.json, .npz    the proved integer graph
samples.npz           random frames; absent where a data set was given
exports/<target>.json what `export` wrote and how it was verified
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from neurodeploy.config import build
from neurodeploy.data.config import DataConfig
from neurodeploy.deployment import Deployment
from neurodeploy.errors import ArtefactError, ConfigError
from neurodeploy.files import sha256, write_folder
from neurodeploy.graph import Graph, IntGraph
from neurodeploy.graph.file import graph_files, read_graph

IMPORT = "import.json"
SAMPLES = "samples.npz"
FORMAT, VERSION = "neurodeploy import", 1
HINT = "Import the network again."

WANTED: Mapping[str, type | tuple[type, ...]] = {
    "name": str,
    "timesteps": int,
    "classes": list,
    "data": (dict, type(None)),
    "notes": list,
    "files": dict,
}


@final
@dataclass(frozen=True)
class ImportConfig:
    """Settings that `neurodeploy import` takes as key=value."""

    data: DataConfig = field(default_factory=DataConfig)


@final
@dataclass(frozen=True, eq=False)
class ImportFolder:
    """An import read from disk; its files are the ones that were written.

    Args:
        head: contents of import.json.
    """

    folder: Path
    head: Mapping[str, Any]

    @property
    def data(self) -> ImportConfig | None:
        """The data set that the import was tried on, or None: then there are random frames in `samples`."""
        return None if self.head["data"] is None else build(ImportConfig, {"data": self.head["data"]})

    @property
    def samples(self) -> Path:
        """Random frames, where there is no data set."""
        return self.folder / SAMPLES

    def deployment(self) -> Deployment:
        """The network, ready for export.

        Raises:
            ArtefactError: a graph cannot be read.
        """
        has_float = "float.json" in self.head["files"]
        plain = read_graph(self.folder, "float") if has_float else None
        classes = tuple(str(name) for name in self.head["classes"])
        integer = IntGraph(read_graph(self.folder, "integer"))
        return Deployment(integer, plain, self.head["timesteps"], classes, self.head["name"])


def write_import(
    folder: Path, head: Mapping[str, Any], integer: IntGraph, plain: Graph | None, samples: bytes | None
) -> None:
    """Write the folder whole, in the place of an earlier import.

    Args:
        head: of import.json, without format, version and files.
        plain: the float graph.
        samples: random frames as .npz.
    Raises:
        OutputError: the folder holds something else or cannot be written.
    """
    files = graph_files(integer.graph, "integer") | ({} if plain is None else graph_files(plain, "float"))
    files |= {} if samples is None else {SAMPLES: samples}
    sums = {name: sha256(content) for name, content in sorted(files.items())}
    whole = {"format": FORMAT, "version": VERSION, **head, "files": sums}
    content = (json.dumps(whole, indent=1) + "\n").encode()
    write_folder(folder, {**files, IMPORT: content}, marker=IMPORT)


def read_import(folder: Path) -> ImportFolder:
    """The import in `folder`.

    Raises:
        ArtefactError: it is damaged, incomplete, changed, or of another version.
    """
    path = folder / IMPORT
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtefactError(path=path, reason=f"it cannot be read ({error})", hint=HINT) from error
    if not isinstance(head, dict) or head.get("format") != FORMAT or head.get("version") != VERSION:
        raise ArtefactError(path=path, reason=f"not a {FORMAT} of version {VERSION}", hint=HINT)
    wrong = [key for key, kind in WANTED.items() if not isinstance(head.get(key, ...), kind)]
    if wrong:
        raise ArtefactError(path=path, reason=f"'{wrong[0]}' is {head.get(wrong[0])!r}", hint=HINT)
    for name, digest in head["files"].items():
        file = folder / name
        if not file.is_file() or sha256(file.read_bytes()) != digest:
            raise ArtefactError(path=file, reason="it is missing or changed since the import", hint=HINT)
    found = ImportFolder(folder, head)
    try:
        found.data  # noqa: B018  # read once here, so that later uses need no care
    except ConfigError as error:
        raise ArtefactError(path=path, reason=f"its data settings are wrong ({error})", hint=HINT) from error
    return found
