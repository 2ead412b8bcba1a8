"""One training: epochs of AdamW under a cosine schedule, first in floats, then in the deployed integers.

Everything random in an epoch is a function of the seed and the epoch's number, so a checkpoint at the end of an epoch
needs no generator state, and an interrupted epoch is simply done again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
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
from neurodeploy.train import ranks
from neurodeploy.train.allocator import keep_freed_memory
from neurodeploy.train.checkpoint import (
    Checkpoint,
    optimizer_tensors,
    restore_optimizer,
    restore_weights,
)
from neurodeploy.train.config import RunConfig, TrainConfig
from neurodeploy.train.delays import delays_of, narrow
from neurodeploy.train.evaluate import Evaluation, Frames, TrainingFrames, as_input, evaluate
from neurodeploy.train.loss import losses
from neurodeploy.train.methods import Batch, Choice, Method, Scene, methods_of
from neurodeploy.train.methods.agree import agree, facts, remembered
from neurodeploy.train.methods.draws import Draws
from neurodeploy.train.methods.memory import methods_state, restore_methods
from neurodeploy.train.model import Output, SpikingNet
from neurodeploy.train.online import learn_online, refuse_losses
from neurodeploy.train.packed import pack

SPLIT, EPOCH, CHOICE, TIMESTEPS = 1, 2, 3, 4
"""Streams of randomness below a seed; 0 is the first weights."""

SHARE = "share"
"""Key of a group of parameters with a learning rate of its own: this times that of the schedule."""


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
        classes: name of each answer; empty: not known.
    """

    def __init__(
        self,
        config: RunConfig,
        net: SpikingNet,
        frames: TrainingFrames,
        graph_of: Callable[[SpikingNet], Graph],
        methods: Sequence[Method] | None = None,
        earlier: Mapping[str, SpikingNet] | None = None,
        classes: tuple[str, ...] = (),
    ) -> None:
        self.config, self.net, self.frames, self.graph_of = config, net, frames, graph_of
        rng = _generator(config.seed, SPLIT)
        self.learned, self.validated = split_validation(frames.labels, config.data.validation, rng)
        # The smallest batch has a recording for every process.
        ranks.part(len(self.learned) // max(self.steps_per_epoch, 1))
        self.device = next(net.parameters()).device
        scene = Scene(config, net, frames, self.learned, self.device, earlier or {}, classes)
        self.methods = methods_of(scene) if methods is None else tuple(methods)
        refuse_losses(config.train, self.methods)
        net.is_stepwise = config.train.is_stepwise
        self.trained = _trained(net, self.methods)
        self.optimizer = make_optimizer(self.trained, config.train, config.neuron.delay_lr)
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
        self.net.is_integer = number > float_epochs(settings) and not self.net.is_ann
        narrow(self.net, number, 0 if settings.init else settings.epochs)
        totals = self._learn(number, after_step)
        ranks.average_buffers(self.trained)
        ranks.refuse_different(self.trained)
        record: dict[str, Any] = {"epoch": number, "phase": "integer" if self.net.is_integer else "float", **totals}
        if not math.isfinite(record["loss"]):
            hint = f"The loss was {record['loss']} in epoch {number}."
            allowed = "a rate at which the loss is finite"
            raise ConfigError(key="train.lr", found=settings.lr, allowed=allowed, hint=hint)
        learned = time.perf_counter()
        record |= self._validate()
        record |= {"learn_s": round(learned - started, 4), "validation_s": round(time.perf_counter() - learned, 4)}
        before = self.history[-1]["wall_s"] if self.history else 0.0
        record["wall_s"] = round(before + time.perf_counter() - started, 3)
        self.history.append(ranks.from_first(record))

    def _learn(self, number: int, after_step: Callable[[], None]) -> dict[str, float]:
        """Mean loss, accuracy and last learning rate of one epoch."""
        rng = _generator(self.config.seed, EPOCH, number)
        choice = self._choice(number)
        order = rng.permutation(len(choice.indices))
        batches = np.array_split(order, math.ceil(len(order) / self.config.train.batch_size))
        total, right, rate = torch.zeros((), device=self.device), torch.zeros((), device=self.device), 0.0
        self.net.train()
        before = remembered(self.methods)
        for place, members in enumerate(batches):
            progress = (number - 1 + place / len(batches)) / self.config.train.epochs
            rate = learning_rate(progress, self.config.train)
            batch = self._batch(choice, members, number, progress, rng)
            value, answers = self._step(batch, rate, len(batch.labels) / len(members))
            total += value * len(batch.labels)
            right += answers
            after_step()
        agree(self.methods, before)
        count, total, right = len(order), ranks.add_up_(total), ranks.add_up_(right)
        shares = {"loss": float(total) / count, "accuracy": float(right) / count}
        return {**shares, "lr": rate, "learned": count, **facts(self.methods)}

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
        """What this process learns of the recordings at `members` of a choice, augmented and on the device."""
        part = ranks.part(len(members))
        draws = Draws(deepcopy(rng), self.config.augment, choice.indices[members], part) if self.methods else None
        frames = augment(self.frames.whole(choice.indices[members]), self.config.augment, rng, part)
        indices, weights = choice.indices[members[part]], choice.weights[members[part]]
        windows = (pack if self.config.train.is_online else as_input)(frames, self.device)
        labels = torch.from_numpy(self.frames.labels[indices]).to(self.device)
        weighted = None if (choice.weights == 1).all() else torch.from_numpy(weights).float().to(self.device)
        return Batch(indices, windows[self.frames.kept], windows, labels, weighted, number, progress, draws)

    def _step(self, batch: Batch, rate: float, share: float) -> tuple[Tensor, Tensor]:
        """Loss and number of right answers of one batch, before the weights changed.

        Args:
            share: of the recordings of this step that the batch holds; the others are learned by other processes.
        """
        settings = self.config.train
        if settings.is_online:
            return self._step_online(batch, rate, share)
        with torch.autocast("cuda", torch.bfloat16, enabled=settings.amp and self.device.type == "cuda"):
            output: Output = self.net(batch.frames)
            added = [method.loss(self.net, batch, output) for method in self.methods]
        each = losses(output.logits, batch.labels, settings)
        value = (each if batch.weights is None else each * batch.weights).mean()
        for term in added:
            value = value if term is None else value + term
        train_step(self.optimizer, value * share, rate, settings.clip_norm)
        with torch.no_grad():
            for method in self.methods:
                method.observe(batch, output, each)
        return value.detach(), (output.logits.detach().mean(0).argmax(1) == batch.labels).sum()

    def _step_online(self, batch: Batch, rate: float, share: float) -> tuple[Tensor, Tensor]:
        """`_step` timestep by timestep, without gradients through time."""
        settings = self.config.train
        rng = _generator(self.config.seed, TIMESTEPS, batch.epoch, int(np.float64(batch.progress).view(np.uint64)))
        self.optimizer.zero_grad(set_to_none=True)
        learned = learn_online(self.net, batch.frames, batch.labels, settings, rng, weights=batch.weights, share=share)
        apply_gradients(self.optimizer, rate, settings.clip_norm)
        with torch.no_grad():
            for method in self.methods:
                method.observe(batch, Output(learned.logits, ()), learned.losses)
        self.optimizer.zero_grad(set_to_none=True)  # the next batch is made in their place
        return learned.value, (learned.logits.mean(0).argmax(1) == batch.labels).sum()

    def _validate(self) -> dict[str, Any]:
        if not len(self.validated):
            return {}
        found = self.evaluate(self.frames, self.validated)
        loss_of = found["integer" if self.net.is_integer else "float"].loss
        accuracies = {f"validation_accuracy_{mode}": each.accuracy for mode, each in found.items()}
        rates = {"firing_rate": dict(found["integer"].firing_rates)} if "integer" in found else {}
        return {**accuracies, "validation_loss": loss_of, **rates}

    def evaluate(self, frames: Frames, indices: Int[np.ndarray, " recordings"]) -> dict[str, Evaluation]:
        """Both answers of the present weights: of the float network, and of the integers that are deployed.

        An artificial network has no integers.
        """
        if self.net.is_ann:
            return {"float": evaluate(self.net, frames, indices)}
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
    """One step of gradient descent; `value` is this process's share of the loss."""
    optimizer.zero_grad(set_to_none=True)
    value.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    apply_gradients(optimizer, rate, clip_norm)


def apply_gradients(optimizer: torch.optim.Optimizer, rate: float, clip_norm: float) -> None:
    """The second half of `train_step`: the gradients of all processes, shortened, change the weights."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    ranks.sum_gradients(parameters)
    # Delays have units of their own: their gradients must not shorten those of the weights.
    weights = [p for group in optimizer.param_groups if SHARE not in group for p in group["params"]]
    torch.nn.utils.clip_grad_norm_(weights, clip_norm)
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get(SHARE, 1.0)
    optimizer.step()


def _trained(net: SpikingNet, methods: Sequence[Method]) -> nn.Module:
    """What the optimizer changes: the network, or, where methods train something too, all of them by name."""
    modules = {method.name: method.module for method in methods if method.module is not None}
    return nn.ModuleDict({"net": net, **modules}) if modules else net


def make_optimizer(net: nn.Module, config: TrainConfig, delay_lr: float = 0.1) -> torch.optim.AdamW:
    """AdamW whose weight decay pulls at weights of synapses only, not at normalisations, biases and delays.

    Args:
        delay_lr: learning rate of delays where that of the others is `config.lr`.
    """
    keep_freed_memory(not config.is_online)
    delays = {id(delay.steps): delay.steps for delay in delays_of(net)}
    parameters = [p for p in net.parameters() if id(p) not in delays]
    decayed = {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay}
    others = {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0}
    groups: list[dict[str, Any]] = [decayed, others]
    if delays:
        groups.append({"params": list(delays.values()), "weight_decay": 0.0, SHARE: delay_lr / config.lr})
    return torch.optim.AdamW(groups, lr=config.lr, fused=True)


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
    floats = record.get("validation_accuracy_float", 0.0)
    accuracy, value = record.get("validation_accuracy_integer", floats), record.get("validation_loss", 0.0)
    return (float(record["phase"] == "integer"), accuracy, -value, float(record["epoch"]))


def _generator(seed: int, *stream: int) -> np.random.Generator:
    return np.random.default_rng([seed, *stream])
