"""One training: epochs of AdamW under a cosine schedule, first in floats, then in the deployed integers.

Everything random in an epoch is a function of the seed and the epoch's number, so a checkpoint at the end of an epoch
needs no generator state, and an interrupted epoch is simply done again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor, nn

from neurodeploy.data.augment import augment
from neurodeploy.data.split import split_validation
from neurodeploy.errors import ConfigError
from neurodeploy.graph import Graph
from neurodeploy.quantize import quantize
from neurodeploy.train.checkpoint import (
    Checkpoint,
    optimizer_tensors,
    restore_optimizer,
    restore_weights,
)
from neurodeploy.train.config import RunConfig, TrainConfig
from neurodeploy.train.evaluate import Evaluation, Frames, TrainingFrames, as_input, evaluate
from neurodeploy.train.loss import losses
from neurodeploy.train.methods import Batch, Choice, Method, Scene, methods_of
from neurodeploy.train.methods.memory import methods_state, restore_methods
from neurodeploy.train.model import Output, SpikingNet

SPLIT, EPOCH, CHOICE = 1, 2, 3
"""Streams of randomness below a seed; 0 is the first weights."""


@final
class Training:
    """A network, its optimizer and how far they are.

    Args:
        config: of the run.
        net: on the device where it is trained.
        frames: the training split; a share of it is kept for validation.
        graph_of: the float graph of the network, for validation in integers.
        methods: what is added to plain training; None: what the configuration switches on.
        earlier: best networks of the recipe's earlier phases, on CPU.
    """

    def __init__(
        self,
        config: RunConfig,
        net: SpikingNet,
        frames: TrainingFrames,
        graph_of: Callable[[SpikingNet], Graph],
        methods: Sequence[Method] | None = None,
        earlier: Mapping[str, SpikingNet] | None = None,
    ) -> None:
        self.config, self.net, self.frames, self.graph_of = config, net, frames, graph_of
        rng = _generator(config.seed, SPLIT)
        self.learned, self.validated = split_validation(frames.labels, config.data.validation, rng)
        self.device = next(net.parameters()).device
        scene = Scene(config, net, frames, self.learned, self.device, earlier or {})
        self.methods = methods_of(scene) if methods is None else tuple(methods)
        self.trained = _trained(net, self.methods)
        self.optimizer = make_optimizer(self.trained, config.train)
        self.history: list[dict[str, Any]] = []
        """One record per completed epoch."""

    @property
    def epochs_done(self) -> int:
        """Completed epochs."""
        return len(self.history)

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch that learns every recording."""
        return math.ceil(len(self.learned) / self.config.train.batch_size)

    def run_epoch(self, after_step: Callable[[], None]) -> None:
        """Learn the training recordings once, validate, and append the record to the history."""
        started, number = time.perf_counter(), self.epochs_done + 1
        settings = self.config.train
        self.net.is_integer = number > float_epochs(settings)
        totals = self._learn(number, after_step)
        record: dict[str, Any] = {"epoch": number, "phase": "integer" if self.net.is_integer else "float", **totals}
        if not math.isfinite(record["loss"]):
            hint = f"The loss was {record['loss']} in epoch {number}."
            allowed = "a rate at which the loss is finite"
            raise ConfigError(key="train.lr", found=settings.lr, allowed=allowed, hint=hint)
        record |= self._validate()
        before = self.history[-1]["wall_s"] if self.history else 0.0
        record["wall_s"] = round(before + time.perf_counter() - started, 3)
        self.history.append(record)

    def _learn(self, number: int, after_step: Callable[[], None]) -> dict[str, float]:
        """Mean loss, accuracy and last learning rate of one epoch."""
        rng = _generator(self.config.seed, EPOCH, number)
        choice = self._choice(number)
        order = rng.permutation(len(choice.indices))
        batches = np.array_split(order, math.ceil(len(order) / self.config.train.batch_size))
        total, right, rate = torch.zeros((), device=self.device), torch.zeros((), device=self.device), 0.0
        self.net.train()
        for place, members in enumerate(batches):
            progress = (number - 1 + place / len(batches)) / self.config.train.epochs
            rate = learning_rate(progress, self.config.train)
            batch = self._batch(choice, members, number, progress, rng)
            value, answers = self._step(batch, rate)
            total += value * len(members)
            right += answers
            after_step()
        count = len(order)
        facts = {f"{method.name}_{key}": value for method in self.methods for key, value in method.facts().items()}
        return {"loss": float(total) / count, "accuracy": float(right) / count, "lr": rate, "learned": count, **facts}

    def _choice(self, number: int) -> Choice:
        """The recordings of an epoch, and the weights of their losses."""
        rng = _generator(self.config.seed, CHOICE, number)
        found = [method.chosen(number, self.learned, rng) for method in self.methods]
        return next((each for each in found if each is not None), Choice(self.learned, np.ones(len(self.learned))))

    def _batch(
        self,
        choice: Choice,
        members: Int[np.ndarray, " batch"],
        number: int,
        progress: float,
        rng: np.random.Generator,
    ) -> Batch:
        """The recordings at `members` of a choice, augmented and on the device."""
        indices, weights = choice.indices[members], choice.weights[members]
        windows = as_input(augment(self.frames.whole(indices), self.config.augment, rng), self.device)
        labels = torch.from_numpy(self.frames.labels[indices]).to(self.device)
        weighted = None if (choice.weights == 1).all() else torch.from_numpy(weights).float().to(self.device)
        return Batch(indices, windows[self.frames.kept], windows, labels, weighted, number, progress)

    def _step(self, batch: Batch, rate: float) -> tuple[Tensor, Tensor]:
        """Loss and number of right answers of one batch, before the weights changed."""
        settings = self.config.train
        with torch.autocast("cuda", torch.bfloat16, enabled=settings.amp and self.device.type == "cuda"):
            output: Output = self.net(batch.frames)
            added = [method.loss(self.net, batch, output) for method in self.methods]
        each = losses(output.logits, batch.labels, settings)
        value = (each if batch.weights is None else each * batch.weights).mean()
        for term in added:
            value = value if term is None else value + term
        train_step(self.optimizer, value, rate, settings.clip_norm)
        with torch.no_grad():
            for method in self.methods:
                method.observe(batch, output, each)
        return value.detach(), (output.logits.detach().mean(0).argmax(1) == batch.labels).sum()

    def _validate(self) -> dict[str, Any]:
        if not len(self.validated):
            return {}
        found = self.evaluate(self.frames, self.validated)
        loss_of = found["integer" if self.net.is_integer else "float"].loss
        accuracies = {f"validation_accuracy_{mode}": each.accuracy for mode, each in found.items()}
        return {**accuracies, "validation_loss": loss_of, "firing_rate": dict(found["integer"].firing_rates)}

    def evaluate(self, frames: Frames, indices: Int[np.ndarray, " recordings"]) -> dict[str, Evaluation]:
        """Both answers of the present weights: of the float network, and of the integers that are deployed."""
        return evaluate_both(self.net, self.graph_of(self.net), self.config.data.steps, frames, indices)

    def best_epoch(self) -> int:
        """Number of the best completed epoch."""
        return 1 + max(range(self.epochs_done), key=lambda place: _merit(self.history[place]))

    def checkpoint(self, with_optimizer: bool) -> Checkpoint:
        """All that is needed to go on, or, without the optimizer, to use the network."""
        state = {"epoch": self.epochs_done, "history": self.history}
        if not with_optimizer:
            return Checkpoint(self.net.state_dict(), {}, state)
        optimizer = optimizer_tensors(self.optimizer, self.trained)
        return Checkpoint(self.net.state_dict(), optimizer, state, methods_state(self.methods))

    def restore(self, checkpoint: Checkpoint, path: Path) -> None:
        """Go on from a checkpoint.

        Raises:
            CheckpointError: it belongs to another model.
        """
        restore_weights(self.net, checkpoint.weights, path)
        restore_optimizer(self.optimizer, self.trained, checkpoint.optimizer, path)
        restore_methods(self.methods, checkpoint.methods, path)
        self.history = list(checkpoint.state["history"])


def evaluate_both(
    net: SpikingNet, graph: Graph, timesteps: int, frames: Frames, indices: Int[np.ndarray, " recordings"]
) -> dict[str, Evaluation]:
    """What the float network and its integers answer: "float" and "integer".

    Args:
        graph: float graph of `net`.
        timesteps: of each recording.
    """
    quantized = quantize(graph, net.weight_bits, timesteps, net.formats)
    device = str(next(net.parameters()).device)
    scale = quantized.scales[graph.output.name]
    integer = evaluate(quantized.graph, frames, indices, device=device, readout_scale=scale)
    return {"float": evaluate(net, frames, indices), "integer": integer}


def train_step(optimizer: torch.optim.Optimizer, value: Tensor, rate: float, clip_norm: float) -> None:
    """One step of gradient descent."""
    optimizer.zero_grad(set_to_none=True)
    value.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    torch.nn.utils.clip_grad_norm_(parameters, clip_norm)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()


def _trained(net: SpikingNet, methods: Sequence[Method]) -> nn.Module:
    """What the optimizer changes: the network, or, where methods train something too, all of them by name."""
    modules = {method.name: method.module for method in methods if method.module is not None}
    return nn.ModuleDict({"net": net, **modules}) if modules else net


def make_optimizer(net: nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW whose weight decay pulls at weights of synapses only, not at normalisations and biases."""
    parameters = list(net.parameters())
    decayed = {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay}
    others = {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0}
    return torch.optim.AdamW([decayed, others], lr=config.lr, fused=True)


def learning_rate(progress: float, config: TrainConfig) -> float:
    """Learning rate after the share `progress` of all steps: a linear rise, then a half cosine down to 0."""
    if progress < config.warmup:
        return config.lr * progress / config.warmup
    return config.lr * 0.5 * (1 + math.cos(math.pi * (progress - config.warmup) / (1 - config.warmup)))


def float_epochs(config: TrainConfig) -> int:
    """Epochs computed in floats before the network becomes integer; at least one unless `quantize_from` is 0."""
    return math.ceil(config.quantize_from * config.epochs - 1e-9)


def _merit(record: Mapping[str, Any]) -> tuple[float, ...]:
    """The larger, the better: integer epochs first, then their accuracy, then their loss, then the later epoch."""
    accuracy, value = record.get("validation_accuracy_integer", 0.0), record.get("validation_loss", 0.0)
    return (float(record["phase"] == "integer"), accuracy, -value, float(record["epoch"]))


def _generator(seed: int, *stream: int) -> np.random.Generator:
    return np.random.default_rng([seed, *stream])
