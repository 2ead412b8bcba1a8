"""How far the answers of a trained network move with fewer bits in one layer, or with fewer timesteps; no training.

How far is the mean Kullback-Leibler divergence of the new probabilities of the classes from those of the network in 8
bits at its own timesteps. It is never below 0 and needs few recordings: the loss of the labels moves either way when a
sure answer becomes a less sure one, and on some tens of recordings that hides what a layer can bear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import FrameSet, open_frames
from neurodeploy.data.split import take_balanced
from neurodeploy.fast import Simulator
from neurodeploy.graph import Graph, Synapse
from neurodeploy.graph.nodes import Readout
from neurodeploy.graph.numeric import FRACTION_BITS, Array
from neurodeploy.graph.parallel import side_by_side
from neurodeploy.quantize import WeightFormat, closest_format, quantize
from neurodeploy.quantize.weight_format import LEAST_BITS, MOST_BITS

MOST_RECORDINGS = 500
"""More would sharpen the numbers little; the same number of each class as far as possible."""


@final
@dataclass(frozen=True)
class Effect:
    """What a change does.

    Args:
        divergence: of the answers from those of the unchanged network, in nats, >= 0.
        loss: mean cross-entropy of the labels.
        accuracy: share of right answers.
    """

    divergence: float
    loss: float
    accuracy: float


@final
@dataclass(frozen=True)
class Sensitivity:
    """What was measured on recordings that the network was not tested on.

    Args:
        recordings: how many of those that might have been used.
        steps: timesteps -> what happens to the answers, with all weights in 8 bits.
        layers: layer -> bits -> what happens to the answers, at the run's own timesteps.
    """

    recordings: str
    steps: Mapping[int, Effect]
    layers: Mapping[str, Mapping[int, Effect]]


def measure(
    graph: Graph, config: DataConfig, split: FrameSet, indices: Array, steps: Sequence[int], say: Callable[[str], None]
) -> Sensitivity:
    """What fewer timesteps, and fewer bits in single layers, do to the float network `graph`.

    A layer's weights are rounded with the step size that changes them least. Fewer timesteps are the same recordings in
    longer windows.

    Args:
        config: of the frames in `split`.
        indices: recordings of the split that may be used.
        steps: timesteps to try.
    """
    chosen = indices[take_balanced(split.labels[indices], MOST_RECORDINGS)]
    labels = np.asarray(split.labels[chosen])
    layers = synapse_layers(graph)
    full = closest_formats(graph, dict.fromkeys(layers, MOST_BITS))
    own = _frames(config, split, chosen, config.steps)
    wanted = _logarithms(graph, full, own)
    found: dict[int, Effect] = {}
    for count in steps:
        say(f"answers with {count} timesteps")
        found[count] = _effect(_logarithms(graph, full, _frames(config, split, chosen, count)), wanted, labels)
    effects: dict[str, dict[int, Effect]] = {}
    for name in layers:
        say(f"answers with fewer bits in {name}")
        effects[name] = {MOST_BITS: _effect(wanted, wanted, labels)}
        for bits in range(LEAST_BITS, MOST_BITS):
            fewer = {**full, **closest_formats(graph, {name: bits})}
            effects[name][bits] = _effect(_logarithms(graph, fewer, own), wanted, labels)
    return Sensitivity(f"{len(chosen)} of {len(indices)}", found, effects)


def synapse_layers(graph: Graph) -> dict[str, tuple[Synapse, ...]]:
    """Layer -> its synapses, in order: one node, or one for each delay where they have several."""
    beside, found = side_by_side(graph), dict[str, tuple[Synapse, ...]]()
    for node in graph.nodes:
        together: tuple[Synapse, ...] = beside.get(node.name, (node,)) if isinstance(node, Synapse) else ()
        if together and together[0] is node:
            found[node.name if len(together) == 1 else node.name.rpartition("_d")[0]] = together
    return found


def closest_formats(graph: Graph, bits: Mapping[str, int]) -> dict[str, WeightFormat]:
    """The widths of layers as formats of synapses, with the step sizes that change their weights least."""
    layers, found = synapse_layers(graph), dict[str, WeightFormat]()
    for name, width in bits.items():
        # Nodes that differ in their delays have zeros where the others have weights.
        whole = np.sum([node.weight for node in layers[name]], axis=0)
        found |= dict.fromkeys((node.name for node in layers[name]), closest_format(whole, width))
    return found


def divisors(steps: int) -> tuple[int, ...]:
    """The numbers of timesteps whose windows are unions of `steps` windows, most first."""
    return tuple(count for count in range(steps, 0, -1) if steps % count == 0)


def _frames(config: DataConfig, split: FrameSet, chosen: Array, count: int) -> Array:
    """(time, samples, *shape): the recordings in `count` windows."""
    if config.steps % count == 0 and not config.skip and not config.take:
        frames = split.batch(chosen)
        return np.moveaxis(merge_windows(frames, config.steps // count, config.high), 1, 0)
    other = open_frames(replace(config, timesteps=count)).train
    return np.moveaxis(other.batch(chosen), 1, 0)


def merge_windows(frames: Array, together: int, high: int) -> Array:
    """Frames (batch, time, *shape) of windows `together` times as long, as if the events had been counted in those."""
    windows = frames.reshape(len(frames), -1, together, *frames.shape[2:])
    return np.asarray(np.minimum(windows.sum(2, dtype=np.int64), high), np.uint8)


def _logarithms(graph: Graph, formats: Mapping[str, WeightFormat], frames: Array) -> Array:
    """(samples, classes): logarithms of the probabilities that the integers made of `graph` give each class."""
    quantized = quantize(graph, MOST_BITS, len(frames), formats)
    scores = Simulator(quantized.graph).scores(frames).reshape(frames.shape[1], -1).astype(np.float64)
    if isinstance(graph.output, Readout):
        # The logits that training sees: in float units, and the mean over time.
        scores = scores / (quantized.scales[graph.output.name] * (1 << FRACTION_BITS) * len(frames))
    shifted = scores - scores.max(1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))


def _effect(found: Array, wanted: Array, labels: Array) -> Effect:
    divergence = (np.exp(wanted) * (wanted - found)).sum(1).mean()
    loss = -found[np.arange(len(labels)), labels].mean()
    # Rounding may leave a divergence of equal answers a little below 0.
    return Effect(max(0.0, float(divergence)), float(loss), float((found.argmax(1) == labels).mean()))
