"""Neurons taken out of a trained network: those that never fire, those that fire too much, and the least important."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from neurodeploy import subject
from neurodeploy.config import as_tree, override
from neurodeploy.costs import costs
from neurodeploy.data.frame_set import open_frames
from neurodeploy.deployment import Deployment
from neurodeploy.energy import Activity, Recorder, join
from neurodeploy.errors import ConfigError, GraphError
from neurodeploy.graph import Graph, IntGraph
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.passes import drop_neurons, fold_rates
from neurodeploy.graph.recordings import Recordings
from neurodeploy.import_folder import write_import
from neurodeploy.train import run_dir
from neurodeploy.train.config import RunConfig
from neurodeploy.train.training import train_run
from neurodeploy.tuning import RECIPE

BATCH = 100


@final
@dataclass(frozen=True)
class Wanted:
    """What to take out.

    Args:
        dead: neurons, or channels of a map, that never fire.
        hyperactive: those whose rate (spikes per neuron and timestep) is above this; None takes none. What they gave on
            average becomes a bias of the neurons that they fed, where these have a place for it: `fold_rates`.
        channels: share of what is then left of each layer, the least important first, 0 <= share < 1.
    """

    dead: bool = False
    hyperactive: float | None = None
    channels: float = 0.0

    def __post_init__(self) -> None:
        if self.hyperactive is not None and not 0 <= self.hyperactive <= 1:
            raise ConfigError(key="--hyperactive", found=self.hyperactive, allowed="a rate 0..1")
        if not 0 <= self.channels < 1:
            raise ConfigError(key="--channels", found=self.channels, allowed="0 <= share < 1")
        if not self.dead and self.hyperactive is None and not self.channels:
            allowed = "at least one of --dead, --hyperactive RATE and --channels SHARE"
            raise ConfigError(key="prune", found="nothing to take out", allowed=allowed)


@final
@dataclass(frozen=True, eq=False)
class Layer:
    """The neurons or channels of one layer on the calibration recordings.

    Args:
        rates: spikes per neuron and timestep, of each neuron or channel.
        importance: rate times the sum of the magnitudes of the weights that its spikes meet.
    """

    rates: Array
    importance: Array


def prune(
    source: Path,
    words: Sequence[str] = (),
    *,
    dead: bool = False,
    hyperactive: float | None = None,
    channels: float = 0.0,
    out: Path = Path("runs"),
    epochs: int = 0,
    command: Sequence[str] = (),
    samples: int = 0,
    progress: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Take neurons out of the run `source`; every layer keeps at least one.

    Which ones is decided on all training recordings, in the integers that are deployed. Without fine-tuning the result
    is a folder as `import` writes one, with the weights that are left as they were: where only dead neurons went, it
    answers the calibration recordings with the very same spikes; likewise where neurons went that fired at every
    timestep, if their contribution could be folded exactly.

    Args:
        words: key=value settings of the fine-tuning.
        dead, hyperactive, channels: see `Wanted`.
        out: a folder below it is made.
        epochs: of fine-tuning into a new run; 0: none.
        command: the command line, to be kept in the new run.
        samples: test recordings for the table; 0 takes all.
    Returns:
        the folder, neurons taken out of each layer by reason, what became of the contribution of hyperactive ones,
        layers that must stay whole and why, and what the network costs before and after.
    Raises:
        CheckpointError: `source` is no run.
        ConfigError: settings without fine-tuning.
    """
    wanted = Wanted(dead, hyperactive, channels)
    _refuse_settings(epochs, words)
    run = run_dir.load_run(source)
    if epochs and run.config.neuron.has_delays:
        hint = "Prune without --epochs; the result is exported as it is."
        raise ConfigError(key="--epochs", found=epochs, allowed="0 for a network with learned delays", hint=hint)
    network, split = run_dir.deployment(run), open_frames(run.config.data).train
    calibration = f"{len(split)} training recordings"
    progress(f"rates on {calibration}")
    layers = activity(network, subject.SplitFrames(split, np.arange(len(split))))
    fixed = _fixed(network.integer.graph, layers)
    taken = {name: chosen(layer, wanted) for name, layer in layers.items() if name not in fixed}
    steady = {name: np.where(each["hyperactive"], layers[name].rates, 0.0) for name, each in taken.items()}
    whole, folds = folded(network, {name: rates for name, rates in steady.items() if rates.any()})
    small = smaller(whole, {name: ~np.any(list(each.values()), axis=0) for name, each in taken.items()})
    removed = {name: {why: int(flags.sum()) for why, flags in each.items()} for name, each in taken.items()}
    if epochs:
        path = train_run(_config(run.config, epochs, words), out, start=small.float_graph, command=command)
    else:
        path = _written(run, small, removed, folds, out)
    tested = subject.samples(source, limit=samples)
    table = {"before": costs(network, tested), "pruned": costs(small, tested)}
    table |= {"after": costs(subject.deployment(path), subject.samples(path, limit=samples))} if epochs else {}
    left = {name: len(layers[name].rates) - sum(each.values()) for name, each in removed.items()}
    return {
        "folder": str(path),
        "is_run": bool(epochs),
        "calibration": calibration,
        "removed": removed,
        "left": left,
        "folded": folds,
        "fixed": fixed,
        "samples": tested.source,
        "table": table,
    }


def _refuse_settings(epochs: int, words: Sequence[str]) -> None:
    if epochs < 0 or (words and not epochs):
        allowed = "1 or more with key=value settings, else 0 or more"
        raise ConfigError(key="--epochs", found=epochs, allowed=allowed)


def activity(network: Deployment, frames: Recordings) -> dict[str, Layer]:
    """What the hidden neurons do on recordings: neuron node -> its neurons or channels."""
    graph, recorder, parts = network.integer.graph, Recorder(network.integer), list[Activity]()
    for start in range(0, frames.shape[1], BATCH):
        parts = [join([*parts, recorder.record(frames[:, start : start + BATCH]).full.summed()])]
    names = [node.name for node in graph.nodes if isinstance(node, Cuba) and node is not graph.output]
    updates = sum(int(part.until.sum()) for part in parts)
    return {
        name: _layer(network, name, np.asarray(part[name].spikes).reshape(graph.shapes[name]), updates)
        for part in parts
        for name in names
    }


def _layer(network: Deployment, name: str, spikes: Array, steps: int) -> Layer:
    channels = spikes.reshape(len(spikes), -1)
    rates = channels.mean(1) / steps
    graph = network.float_graph or network.integer.graph
    return Layer(rates, rates * outgoing(graph, name))


def outgoing(graph: Graph, name: str) -> Array:
    """Sum of the magnitudes of the weights that a spike of each neuron, or channel of a map, meets in one place."""
    channels = graph.shapes[name][0]
    found = np.zeros(channels)
    waiting = list(graph.consumers(name))
    while waiting:
        node = waiting.pop()
        if isinstance(node, Dense):
            # After a Flatten the inputs of one channel lie side by side.
            sums = np.abs(node.weight).sum(0).reshape(channels, -1)
            found += sums.mean(1)
        elif isinstance(node, Conv2d):
            found += np.abs(node.weight).sum((0, 2, 3)) if node.groups == 1 else 0
        elif not isinstance(node, Cuba):
            waiting.extend(graph.consumers(node.name))
    return found


def _fixed(graph: Graph, layers: Mapping[str, Layer]) -> dict[str, str]:
    """Layers that cannot lose neurons, and why."""
    found = {}
    for name, layer in layers.items():
        if len(layer.rates) == 1:
            found[name] = "it has one neuron or channel"
            continue
        try:
            drop_neurons(graph, {name: np.arange(len(layer.rates)) > 0})
        except GraphError as error:
            found[name] = str(error)
    return found


def chosen(layer: Layer, wanted: Wanted) -> dict[str, Array]:
    """Reason -> which neurons or channels go for it. Each goes for one reason; one of the layer at least stays."""
    loud = layer.rates > (1.0 if wanted.hyperactive is None else wanted.hyperactive)
    can_go = np.ones(len(loud), bool)
    can_go[np.argmax(np.where(loud, -1.0, layer.importance))] = False
    dead = (layer.rates == 0) & can_go & wanted.dead
    hyperactive = loud & can_go & ~dead
    left = ~dead & ~hyperactive
    order = np.argsort(np.where(left & can_go, layer.importance, np.inf), kind="stable")
    unimportant = np.zeros(len(loud), bool)
    unimportant[order[: int(wanted.channels * left.sum())]] = True
    return {"dead": dead, "hyperactive": hyperactive, "unimportant": unimportant}


def folded(network: Deployment, rates: Mapping[str, Array]) -> tuple[Deployment, dict[str, str]]:
    """`network` with what neurons give at these rates in the biases of others, as far as these have a place for it.

    Returns:
        the network, and for each neuron node in words what became of it.
    """
    graph, plain, said = network.integer.graph, network.float_graph, dict[str, str]()
    for name, each in rates.items():
        found = fold_rates(graph, name, each)
        graph = found.graph
        if found.readers:
            plain = None if plain is None else fold_rates(plain, name, each).graph
            how = "exactly" if found.exact else found.reason
            said[name] = f"in the biases of {', '.join(found.readers)}: {how}"
        else:
            said[name] = f"lost: {found.reason}"
    return replace(network, integer=IntGraph(graph), float_graph=plain), said


def smaller(network: Deployment, kept: Mapping[str, Array]) -> Deployment:
    """`network` without some neurons, its floats and its integers alike.

    Raises:
        GraphError: a layer cannot lose neurons.
    """
    integer = IntGraph(drop_neurons(network.integer.graph, kept))
    plain = None if network.float_graph is None else drop_neurons(network.float_graph, kept)
    return Deployment(integer, plain, network.timesteps, network.classes, network.name)


def _config(config: RunConfig, epochs: int, words: Sequence[str]) -> RunConfig:
    own = ["model.kind=graph", "recipe.kind=plain", "train.init="]
    return override(config, [*RECIPE, f"train.epochs={epochs}", *words, *own])


def _written(
    run: run_dir.Run,
    small: Deployment,
    removed: Mapping[str, Mapping[str, int]],
    folds: Mapping[str, str],
    out: Path,
) -> Path:
    """The pruned integers as an import: commands take it where they take a run."""
    path = run_dir.next_folder(out, f"{run.path.resolve().name}-pruned")
    notes = [
        f"{sum(each.values())} neurons or channels taken out of {name}: "
        + ", ".join(f"{count} {why}" for why, count in each.items() if count)
        for name, each in removed.items()
        if any(each.values())
    ]
    notes += [f"what the hyperactive of {name} gave is {where}" for name, where in folds.items()]
    head = {
        "name": path.name,
        "model": run.path.resolve().name,
        "source": "neurodeploy prune",
        "timesteps": small.timesteps,
        "classes": list(small.classes),
        "weight_bits": None,
        "data": as_tree(run.config.data),
        "paths": {},
        "notes": notes,
        "proof": [],
        "accuracy": None,
    }
    write_import(path, head, small.integer, small.float_graph, None)
    return path
