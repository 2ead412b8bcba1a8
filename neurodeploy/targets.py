"""Targets by name: the Exporter interface, artefact folders, and how an exporter is found.

One file `exporters/<target>.py` with an `EXPORTER` is a target. Other packages add theirs by the entry point group
`neurodeploy.exporters`. File names are listed without importing them, so a missing library hurts only its own target.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.resources
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any, ClassVar, final

from neurodeploy.deployment import Deployment
from neurodeploy.early_exit import EarlyRun, ExitRule
from neurodeploy.early_exit.file import CALIBRATION, parse_rule, rule_bytes
from neurodeploy.errors import ArtefactError, ConfigError, OutputError, ToolchainMissingError, UnsupportedNodeError
from neurodeploy.files import sha256, write_file, write_folder
from neurodeploy.graph import Graph, IntGraph, Node, Trace
from neurodeploy.graph.file import graph_files, read_graph
from neurodeploy.graph.numeric import Array

MANIFEST = "manifest.json"
TRAINED = "trained"
"""Stem of the integer network that was given to an exporter which was told to change it."""
EXIT_RULE = f"reference/{CALIBRATION}"
SCHEMA_VERSION = 1


class Reference(Enum):
    """What a runtime's trace is compared with."""

    INTEGER = "integer"
    """The integer graph; every value must be equal."""
    FLOAT = "float"
    """The float graph; the largest difference is stated."""
    UNROUNDED = "unrounded"
    """The integer graph computed in floats (`graph.unrounded`), for formats that cannot say how to round. The largest
    difference is stated, and how many spikes differ from the integer graph; EXACT when no value does."""


@final
@dataclass(frozen=True, eq=False)
class Runtime:
    """One way to execute an artefact: code other than the code that wrote it.

    Args:
        name: says what runs, never more ("hdf5-reader", "lava-cpu", "onnxruntime-integer-step").
        reference: what its trace is compared with.
        tolerance: float runtimes only: what one rounding changes at most, as a share; see `verify.float_check`.
    """

    name: str
    reference: Reference = Reference.INTEGER
    tolerance: float = 0.0


@final
@dataclass(frozen=True, eq=False)
class Emitted:
    """Files of a target, in memory.

    Args:
        files: relative name to content; the same deployment gives the same bytes.
        notes: facts for the manifest that a user of the files needs (JSON values).
        network: what the files describe, where an option of the exporter made it another network than it was given;
            notes["changed"] then says what is different.
    """

    files: Mapping[str, bytes]
    notes: Mapping[str, Any] = field(default_factory=dict)
    network: Deployment | None = None


@final
@dataclass(frozen=True, eq=False)
class Artefact:
    """A folder of exported files with its manifest, read from disk."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def target(self) -> str:
        """Name of the exporter that wrote it."""
        return str(self.manifest["target"])

    @property
    def timesteps(self) -> int:
        """T, steps per sample."""
        return int(self.manifest["timesteps"])

    def integer_graph(self) -> IntGraph:
        """The integer network that the files must compute."""
        return IntGraph(read_graph(self.folder / "reference", "integer"))

    def float_graph(self) -> Graph | None:
        """The float network before quantization, if the export had one."""
        has = "reference/float.json" in self.manifest["files"]
        return read_graph(self.folder / "reference", "float") if has else None

    def trained_graph(self) -> IntGraph | None:
        """The integer network as it was trained, if the export was told to change it."""
        has = f"reference/{TRAINED}.json" in self.manifest["files"]
        return IntGraph(read_graph(self.folder / "reference", TRAINED)) if has else None

    def exit_rule(self) -> ExitRule | None:
        """When the files must answer early; None: after all timesteps.

        Raises:
            ArtefactError: it is missing or damaged.
        """
        path = self.folder / EXIT_RULE
        if EXIT_RULE not in self.manifest["files"]:
            return None
        try:
            return parse_rule(path.read_bytes())[0]
        except (OSError, ValueError) as error:
            raise ArtefactError(path=path, reason=f"it cannot be read ({error})", hint="Export again.") from error

    def changed_files(self) -> list[str]:
        """Names of files that are missing or differ from their SHA-256 in the manifest."""
        return [
            name
            for name, digest in sorted(self.manifest["files"].items())
            if not (self.folder / name).is_file() or sha256((self.folder / name).read_bytes()) != digest
        ]


class Exporter(ABC):
    """A target. `emit` is a pure function from network to bytes; `run` reads the files again with other code."""

    target: ClassVar[str]
    runtimes: ClassVar[tuple[Runtime, ...]]
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Choices that a user has: key -> allowed values, the default first."""
    has_exit: ClassVar[bool] = False
    """Whether its files answer early where the deployment has an exit rule."""

    def configured(self, options: Mapping[str, str]) -> Exporter:
        """This exporter with the user's choices, which are among `options`; use `configure`, which checks that."""
        return self

    @abstractmethod
    def emit(self, deployment: Deployment) -> Emitted:
        """The files of this target.

        Raises:
            UnsupportedNodeError: a node has no form in this target; the message gives the way out.
            RangeError: a value does not fit the target.
        """

    @abstractmethod
    def run(self, artefact: Artefact, runtime: Runtime, frames: Array) -> Trace:
        """What the files compute for `frames` (time, batch, *input shape), each sample starting from zero states.

        The trace uses the names of the integer graph and is aligned with it in time (a latency that the target adds is
        taken off by the number declared in the manifest, never searched). It holds the outputs of all neurons and every
        state that the runtime exposes; values it cannot expose are left out, never invented.

        Raises:
            ToolchainMissingError: the runtime is not installed.
            BoardTooSmallError: the network does not fit the memory of the runtime's board.
            ArtefactError: the files cannot be read.
        """

    def run_early(self, artefact: Artefact, runtime: Runtime, frames: Array, probes: Array) -> EarlyRun | None:
        """Where the files themselves stop; None where this runtime computes all timesteps.

        Args:
            frames: (time, batch, *input shape); a sample that has left sees no more of them.
            probes: (probes, 2), leads and timesteps about which the files' rule is asked.
        Raises:
            as `run`.
        """
        return None

    def measure(self, artefact: Artefact, frames: Array) -> Mapping[str, Any]:
        """Facts about the files that only building or running them for `frames` tells, as JSON values; by default none.

        Tools that are not at hand leave their facts out.
        """
        return {}


def refuse_unknown(graph: IntGraph, table: Mapping[type[Node], object], target: str) -> None:
    """Refuse node kinds without an emitter before the first byte exists.

    Raises:
        UnsupportedNodeError: naming the first such node.
    """
    for node in graph.graph.nodes:
        if type(node) not in table:
            supported = [kind.__name__ for kind in table]
            raise UnsupportedNodeError(target=target, node=node.name, kind=type(node).__name__, supported=supported)


def names() -> tuple[str, ...]:
    """All targets, sorted; a name taken twice is an error.

    Raises:
        ConfigError: an installed package brings a target that exists already.
    """
    folder = importlib.resources.files("neurodeploy.exporters")
    own = [p.name[:-3] for p in folder.iterdir() if p.name.endswith(".py") and not p.name.startswith("_")]
    others = [entry.name for entry in entry_points(group="neurodeploy.exporters")]
    found = sorted(own + others)
    for name in found:
        if found.count(name) > 1:
            raise ConfigError(
                key="target", found=name, allowed="names used once", hint="Uninstall one of the packages."
            )
    return tuple(found)


def find(name: str) -> Exporter:
    """The exporter called `name`.

    Raises:
        ConfigError: unknown name; the message lists the known ones.
        ToolchainMissingError: its library is not installed.
    """
    known = names()
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean '{close[0]}'?" if close else ""
        raise ConfigError(key="target", found=name, allowed=", ".join(known), hint=hint)
    foreign = [entry for entry in entry_points(group="neurodeploy.exporters") if entry.name == name]
    try:
        module = foreign[0].load() if foreign else importlib.import_module(f"neurodeploy.exporters.{name}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("neurodeploy"):
            raise
        raise ToolchainMissingError(tool=error.name, install=f"pip install {error.name}") from error
    exporter = module if foreign else module.EXPORTER
    if not isinstance(exporter, Exporter):
        raise ConfigError(key="target", found=name, allowed="a module whose EXPORTER is an Exporter")
    return exporter


def chosen_runtimes(exporter: Exporter, names: Sequence[str]) -> list[Runtime]:
    """The runtimes called `names`, in the exporter's order; all of them when there are no names.

    Raises:
        ConfigError: one of the names is none of the exporter's.
    """
    known = {runtime.name: runtime for runtime in exporter.runtimes}
    for name in names:
        if name not in known:
            raise ConfigError(key="runtime", found=name, allowed=", ".join(known))
    return [runtime for name, runtime in known.items() if not names or name in names]


def configure(exporter: Exporter, options: Mapping[str, str]) -> Exporter:
    """The exporter with the user's choices.

    Raises:
        ConfigError: a key that it does not have, or a value that the key does not allow.
    """
    for key, value in options.items():
        if key not in exporter.options:
            allowed = ", ".join(exporter.options) or f"no options: {exporter.target} has none"
            raise ConfigError(key=f"--option {key}", found=value, allowed=allowed)
        if value not in exporter.options[key]:
            raise ConfigError(key=f"--option {key}", found=value, allowed=", ".join(exporter.options[key]))
    return exporter.configured(options) if options else exporter


def write_artefact(
    exporter: Exporter, deployment: Deployment, folder: Path, extra: Mapping[str, bytes] | None = None
) -> Artefact:
    """Emit, add the reference graphs, `extra` files and a manifest, and write the folder whole.

    Raises:
        UnsupportedNodeError, RangeError: not expressible; nothing was written.
        OutputError: the folder cannot be written; what it held before is unchanged.
    """
    emitted = exporter.emit(deployment)
    if (folder / MANIFEST).is_file() and read_artefact(folder).target != exporter.target:
        reason = f"it holds an export for {read_artefact(folder).target}, not {exporter.target}"
        raise OutputError(path=folder, reason=reason, hint="Choose another folder, or remove that one.")
    files = dict(emitted.files)
    meant = deployment if emitted.network is None else emitted.network
    references: dict[str, Graph | None] = {"integer": meant.integer.graph, "float": meant.float_graph}
    if meant is not deployment:
        references[TRAINED] = deployment.integer.graph
    for stem, graph in references.items():
        if graph is not None:
            files |= {f"reference/{name}": content for name, content in graph_files(graph, stem).items()}
    notes = dict(emitted.notes)
    if deployment.exit_rule is not None and exporter.has_exit and meant is deployment:
        files[EXIT_RULE] = rule_bytes(deployment.exit_rule)
    elif deployment.exit_rule is not None:
        notes["warnings"] = [*notes.get("warnings", []), _no_exit(exporter.target)]
    files |= extra or {}
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "neurodeploy": version("neurodeploy"),
        "target": exporter.target,
        "name": deployment.name,
        "timesteps": deployment.timesteps,
        "classes": list(deployment.classes),
        "notes": notes,
        "files": {name: sha256(content) for name, content in sorted(files.items())},
    }
    write_folder(folder, {**files, MANIFEST: _json(manifest)}, marker=MANIFEST)
    return Artefact(folder, manifest)


def _no_exit(target: str) -> str:
    return (
        f"the early exit that the network was calibrated to is not in these files: {target} computes all timesteps; "
        "whatever reads its output, a host or an embedded core, may apply the rule in the run's early_exit.json"
    )


def read_artefact(folder: Path) -> Artefact:
    """The artefact in `folder`.

    Raises:
        ArtefactError: no manifest, or one that this version does not read.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        run = (folder / "config.json").is_file()
        hint = (
            "That is a run: export it, or name it with --run."
            if run
            else "Give a folder that 'neurodeploy export' wrote."
        )
        raise ArtefactError(path=folder, reason=f"it holds no {MANIFEST}", hint=hint) from error
    except (OSError, ValueError) as error:
        raise ArtefactError(path=path, reason=f"it cannot be read ({error})", hint="Export again.") from error
    wanted = {"schema_version": int, "target": str, "timesteps": int, "classes": list, "notes": dict, "files": dict}
    good = isinstance(manifest, dict) and all(isinstance(manifest.get(k), kind) for k, kind in wanted.items())
    if not good or manifest["schema_version"] != SCHEMA_VERSION:
        raise ArtefactError(
            path=path, reason=f"not a manifest of schema version {SCHEMA_VERSION}", hint="Export again."
        )
    return Artefact(folder, manifest)


def record(artefact: Artefact, key: str, value: object) -> Artefact:
    """The artefact with `value` (JSON) stored under `key` in its manifest; used for verdicts."""
    manifest = {**artefact.manifest, key: value}
    write_file(artefact.folder / MANIFEST, _json(manifest))
    return Artefact(artefact.folder, manifest)


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
