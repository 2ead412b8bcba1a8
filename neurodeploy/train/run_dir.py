"""The folder of a run: configuration, metrics, checkpoints, plots; numbered, and never written over.

start/                       the network that `tune` was given; absent in other runs
config.json                  resolved configuration, command line, versions, what the frames are
metrics.jsonl                one line per epoch
metrics.json                 final numbers; absent until the training is complete
checkpoints/best, last       weights.safetensors, state.json; last also optimizer.safetensors
phases/<number>-<name>/      the earlier phases of a recipe, a run each; absent in runs of one phase
plots/                       loss.png, accuracy.png, firing_rate.png
exports/<target>.json        what `export` wrote and how it was verified
early_exit.json              when an answer is final, and how that was chosen; absent unless `early-exit` was run
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, final

import torch

from neurodeploy.config import as_tree, build
from neurodeploy.deployment import Deployment
from neurodeploy.errors import CheckpointError, ConfigError, NeuroDeployError, OutputError
from neurodeploy.files import write_file
from neurodeploy.graph import Graph
from neurodeploy.graph.file import graph_files, read_graph
from neurodeploy.graph.nodes import Reset
from neurodeploy.quantize import quantize
from neurodeploy.train.checkpoint import load_checkpoint, restore_weights
from neurodeploy.train.config import RunConfig
from neurodeploy.train.from_graph import from_graph
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.neurons.surrogate import surrogate
from neurodeploy.train.to_graph import to_graph

SCHEMA_VERSION = 1

CONFIG, START = "config.json", "start"


@final
@dataclass(frozen=True)
class Task:
    """What the network gets and what it answers.

    Args:
        shape: (channel, height, width) of one timestep.
        high: largest value of a frame.
        classes: name of each answer.
        timestep_us: mean duration of a timestep in µs.
        content_key: of the recordings.
        split: how training and test recordings were told apart.
    """

    shape: tuple[int, ...]
    high: int
    classes: tuple[str, ...]
    timestep_us: float
    content_key: str
    split: str

    def graph(self, net: SpikingNet) -> Graph:
        """The float graph of a network for this task."""
        return to_graph(net, self.shape, high=self.high, timestep_us=self.timestep_us)


@final
@dataclass(frozen=True, eq=False)
class Run:
    """A run on disk.

    Args:
        path: its folder.
        config: resolved.
        task: what it was trained for.
        metrics: final numbers; empty while the training is not complete.
    """

    path: Path
    config: RunConfig
    task: Task
    metrics: Mapping[str, Any]

    @property
    def start(self) -> Graph | None:
        """The float graph that a tuned network began as.

        Raises:
            ArtefactError: it is missing or damaged.
        """
        return read_graph(self.path / START) if self.config.model.kind == "graph" else None

    @cached_property
    def model(self) -> SpikingNet:
        """The network with the best weights, on CPU, in eval mode.

        Raises:
            CheckpointError: there is no best checkpoint yet, or it is damaged or of another model.
        """
        folder = self.path / "checkpoints" / "best"
        if not folder.is_dir():
            hint = "Let the training complete at least one epoch."
            raise CheckpointError(path=folder, reason="there is no checkpoint", hint=hint)
        net = new_model(self.config, self.task, self.start)
        restore_weights(net, load_checkpoint(folder).weights, folder)
        return net.eval()

    @property
    def exports(self) -> dict[str, dict[str, Any]]:
        """Target -> what `record_export` kept of the latest export."""
        files = sorted((self.path / "exports").glob("*.json"))
        return {file.stem: _read_json(file) for file in files}

    @property
    def history(self) -> list[dict[str, Any]]:
        """One record per completed epoch."""
        path = self.path / "metrics.jsonl"
        try:
            records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            if not all(isinstance(record, dict) for record in records):
                raise ValueError("a line is no JSON object")
            return records
        except (OSError, ValueError) as error:
            raise CheckpointError(path=path, reason=f"it cannot be read ({error})") from error


def new_model(config: RunConfig, task: Task, start: Graph | None = None) -> SpikingNet:
    """A network on CPU: with the weights of `start`, or with the random ones of the run's seed.

    Raises:
        UnsupportedNodeError: `start` cannot be trained.
        ConfigError: `start` is missing, or does not fit the recordings; `train.layer_bits` has another length.
    """
    if start is not None:
        _refuse_other_task(start, task)
        neuron = config.neuron
        bump = surrogate(neuron.surrogate, neuron.gamma)
        net = from_graph(start, Reset(neuron.reset), bump, config.train.weight_bits, learn_decay=neuron.learn_decay)
        return _with_formats(net, config)
    if config.model.kind == "graph":
        hint = "neurodeploy tune starts from a network; train builds a new one."
        raise ConfigError(key="model.kind", found="graph", allowed="strided-cnn, mlp", hint=hint)
    generator = torch.Generator().manual_seed(config.seed)
    bits = config.train.weight_bits
    return _with_formats(
        build_model(config.model, config.neuron, task.shape, len(task.classes), generator, bits), config
    )


def _with_formats(net: SpikingNet, config: RunConfig) -> SpikingNet:
    net.store_weights(config.train.layer_bits, learn_steps=config.train.quantizer == "lsq")
    return net


def _refuse_other_task(start: Graph, task: Task) -> None:
    outputs = start.shapes[start.output.name]
    if start.input.shape != task.shape or outputs != (len(task.classes),):
        found = f"recordings {task.shape} of {len(task.classes)} classes"
        allowed = f"what the network takes and gives: {start.input.shape}, {outputs}"
        raise ConfigError(key="data.dataset", found=found, allowed=allowed)


def create_run(out: Path, config: RunConfig, task: Task, command: Sequence[str], start: Graph | None = None) -> Path:
    """A new folder `out`/<dataset>-<number> with config.json in it; no number is used twice.

    Raises:
        OutputError: it cannot be made.
    """
    path = next_folder(out, config.data.dataset)
    for name, content in graph_files(start).items() if start is not None else ():
        write_file(path / START / name, content)
    write_run(path, config, task, command)
    return path


def write_run(path: Path, config: RunConfig, task: Task, command: Sequence[str]) -> None:
    """Make `path` the folder of a run that has not begun."""
    head = {"schema_version": SCHEMA_VERSION, "name": path.name, "command": list(command), "versions": versions()}
    write_json(path / CONFIG, {**head, "task": as_tree(task), "config": as_tree(config)})


def next_folder(out: Path, name: str) -> Path:
    """A new folder `out`/<name>-<number>; no number is used twice.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        taken = [folder.name.removeprefix(f"{name}-") for folder in out.glob(f"{name}-*")]
        number = max([int(text) for text in taken if text.isdecimal()], default=0) + 1
        while True:
            path = out / f"{name}-{number:04d}"
            try:
                path.mkdir()
            except FileExistsError:
                number += 1
            else:
                return path
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(path=out, reason=reason, hint="Choose another folder with --out.") from error


def versions() -> dict[str, str]:
    """Of everything that can change the numbers."""
    packages = ("neurodeploy", "numpy", "torch", "safetensors")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def load_run(path: Path) -> Run:
    """The run in the folder `path`; its weights are read when they are asked for.

    Raises:
        CheckpointError: the folder is no run, or config.json or metrics.json is damaged.
    """
    head = _read_json(path / CONFIG)
    try:
        task, config = build(Task, head["task"]), build(RunConfig, head["config"])
    except (KeyError, TypeError, AttributeError, NeuroDeployError) as error:
        reason = f"it describes no run of this version ({error})"
        raise CheckpointError(path=path / CONFIG, reason=reason) from error
    metrics = _read_json(path / "metrics.json") if (path / "metrics.json").exists() else {}
    return Run(path, config, task, metrics)


def deployment(run: Run) -> Deployment:
    """The best weights of `run` as the proved integer network, with the float one beside it.

    Raises:
        CheckpointError: the checkpoint is missing or damaged.
        GraphError, RangeError: the network has no integer form.
    """
    graph = run.task.graph(run.model)
    integer = quantize(graph, run.config.train.weight_bits, run.config.data.steps, run.model.formats).graph
    return Deployment(integer, graph, run.config.data.steps, run.task.classes, run.path.name)


def record_export(path: Path, target: str, result: Mapping[str, Any]) -> None:
    """Keep what an export of the run at `path` wrote and how it was verified, in place of an earlier one."""
    write_json(path / "exports" / f"{target}.json", result)


def record_phases(path: Path, folders: Sequence[Path]) -> None:
    """Add the final numbers of a recipe's earlier phases to those of the run at `path`."""
    phases = []
    for folder in folders:
        run = load_run(folder)
        facts = {key: value for key, value in run.metrics.items() if key.startswith("test_accuracy") or key == "wall_s"}
        phases.append({"name": folder.name, "timesteps": run.config.data.steps, "epochs": len(run.history), **facts})
    metrics = load_run(path).metrics
    total = metrics["wall_s"] + sum(phase["wall_s"] for phase in phases)
    write_json(path / "metrics.json", {**metrics, "phases": phases, "wall_s_all_phases": round(total, 3)})


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write one JSON object.

    Raises:
        OutputError: it cannot be written.
    """
    write_file(path, (json.dumps(content, indent=1) + "\n").encode())


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        kinds = {"manifest.json": "an export", "import.json": "an import", "condensed.json": "a condensed data set"}
        found = "".join(f"; that is {kind}" for name, kind in kinds.items() if (path.parent / name).is_file())
        hint = f"Give the folder of a run, for instance runs/nmnist-0001{found}."
        raise CheckpointError(path=path, reason=f"it cannot be read ({error.strerror})", hint=hint) from error
    except ValueError as error:
        raise CheckpointError(path=path, reason=f"it is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise CheckpointError(path=path, reason="it holds no JSON object")
    return content
