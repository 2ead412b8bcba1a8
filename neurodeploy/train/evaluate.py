"""Accuracy of a network on frames: the torch model in floats, or the deployed integers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from neurodeploy.graph import IntGraph, scores
from neurodeploy.graph.nodes import Cuba
from neurodeploy.train import ranks
from neurodeploy.train.integer import run_integer
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.neurons.cells import STEP

BATCH = 128


@runtime_checkable
class Frames(Protocol):
    """Where recordings come from, for instance a `FrameSet`."""

    @property
    def labels(self) -> Int[np.ndarray, " recordings"]:
        """Class of each recording."""

    def batch(self, indices: Int[np.ndarray, " batch"]) -> UInt8[np.ndarray, "batch time *shape"]:
        """Frames of the recordings at `indices`."""


@runtime_checkable
class TrainingFrames(Frames, Protocol):
    """Recordings that are trained on, for instance a `FrameSet`."""

    @property
    def kept(self) -> slice:
        """The windows that `batch` gives."""

    def whole(self, indices: Int[np.ndarray, " batch"]) -> UInt8[np.ndarray, "batch windows *shape"]:
        """All windows of the recordings at `indices`."""


@final
@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network answered.

    Args:
        samples: recordings.
        loss: mean cross-entropy of the logits averaged over time.
        confusion: (classes, classes), recordings by true class (row) and answer (column).
        firing_rates: neuron layer -> spikes per neuron and timestep.
    """

    samples: int
    loss: float
    confusion: Int[np.ndarray, "classes classes"]
    firing_rates: Mapping[str, float]

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return float(np.trace(self.confusion)) / max(self.samples, 1)

    @property
    def per_class(self) -> list[float | None]:
        """Share of right answers of each class; None for a class without recordings."""
        found = self.confusion.sum(1)
        return [float(row[k] / found[k]) if found[k] else None for k, row in enumerate(self.confusion)]


def evaluate(
    network: SpikingNet | IntGraph,
    frames: Frames,
    indices: Int[np.ndarray, " recordings"],
    *,
    device: str = "cpu",
    readout_scale: float = 1.0,
) -> Evaluation:
    """Answers of `network` to the recordings at `indices`; several processes share the work and all get the result.

    Args:
        network: a SpikingNet is computed in floats with its running statistics; an IntGraph in exact integers.
        readout_scale: weight steps per logit of an IntGraph that ends in a Readout; for the loss only.
        device: where an IntGraph is computed; a SpikingNet stays where it is.
    """
    if isinstance(network, IntGraph):
        answers = _integer_answers(network, frames, indices, device, readout_scale)
    else:
        answers = _float_answers(network, frames, indices)
    parts = _in_order(list(answers))
    logits, labels = np.concatenate([logits for logits, _ in parts]), frames.labels[indices]
    classes = logits.shape[1]
    confusion = np.bincount(labels * classes + logits.argmax(1), minlength=classes**2).reshape(classes, classes)
    loss = F.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels))
    weights = np.array([len(logits) for logits, _ in parts]) / max(len(labels), 1)
    rates = {name: float(weights @ [rate[name] for _, rate in parts]) for name in parts[0][1]}
    return Evaluation(len(labels), float(loss), confusion, rates)


Answer = tuple[Float[np.ndarray, "_ classes"], dict[str, float]]
Answers = Iterator[Answer]


def _blocks(indices: Int[np.ndarray, " recordings"]) -> Iterator[Int[np.ndarray, " batch"]]:
    """The blocks of this process: block k is computed by process k modulo their number."""
    for start in range(ranks.rank() * BATCH, len(indices), ranks.size() * BATCH):
        yield indices[start : start + BATCH]


def _in_order(parts: list[Answer]) -> list[Answer]:
    """Answers to all blocks, given those of this process."""
    rounds = itertools.zip_longest(*ranks.of_all(parts))
    return [part for each in rounds for part in each if part is not None]


def _float_answers(net: SpikingNet, frames: Frames, indices: Int[np.ndarray, " recordings"]) -> Answers:
    was_training, was_integer = net.training, net.is_integer
    net.eval()
    net.is_integer = False
    device = next(net.parameters()).device
    try:
        for block in _blocks(indices):
            with torch.no_grad():
                output = net(as_input(frames.batch(block), device))
            # float64 as in the simulator: an average of equal spike counts must not be torn apart by rounding.
            logits = output.logits.double().mean(0).cpu().numpy()
            rates = [float(spikes.mean(dtype=torch.float32)) for spikes in output.spikes]
            yield logits, dict(zip(net.neuron_names, rates, strict=True))
    finally:
        net.train(was_training)
        net.is_integer = was_integer


def _integer_answers(
    network: IntGraph, frames: Frames, indices: Int[np.ndarray, " recordings"], device: str, readout_scale: float
) -> Answers:
    neurons = [node.name for node in network.graph.nodes if isinstance(node, Cuba)]
    for block in _blocks(indices):
        batch = np.moveaxis(frames.batch(block), 1, 0)
        trace = run_integer(network, batch, device, states=False)
        counted = isinstance(network.graph.output, Cuba)
        logits = scores(network.graph, trace) / (1.0 if counted else readout_scale * STEP * len(batch))
        yield logits, {name: float(trace[name].mean()) for name in neurons}


def as_input(
    frames: UInt8[np.ndarray, "batch time *shape"], device: torch.device
) -> Float[Tensor, "time batch *shape"]:
    """A batch of frames as a network takes it."""
    return torch.from_numpy(frames).to(device).transpose(0, 1).contiguous().float()
