"""What test_two_processes.py lets two processes do together, and what it lets one process do to compare.

RANK=0 LOCAL_RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=... python tests/two_processes.py FOLDER
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from held import Held
from safetensors.torch import save_file
from torch import Tensor, nn

from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.errors import DataError, NeuroDeployError
from neurodeploy.train import ranks
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.loop import Training
from neurodeploy.train.methods import Batch, Method
from neurodeploy.train.model import Output, SpikingNet, build_model
from neurodeploy.train.neurons.cells import float_rule
from neurodeploy.train.neurons.recursion import float_states
from neurodeploy.train.progress import Silent
from neurodeploy.train.select_config import SelectConfig
from neurodeploy.train.to_graph import to_graph
from neurodeploy.train.training import train_run

SHAPE, STEPS, RECORDINGS, BATCH = (2, 6, 6), 5, 24, 7
CASES = [(norm, kind, mode) for norm in (True, False) for kind in ("lif", "cuba") for mode in ("float", "integer")]


CHOOSING = ("sadp", "el2n")
DELAYS = ("axon", "synapse")


class Noting(Method):
    """Keeps a table of losses, a count, a running mean and an epoch; the module scales a loss of its own."""

    name = "noting"

    def __init__(self) -> None:
        self.table, self.visits = torch.full((RECORDINGS,), torch.nan), torch.zeros(RECORDINGS, dtype=torch.long)
        self.total, self.mean, self.epoch = torch.tensor(0), torch.tensor(0.0), torch.tensor(0)
        self.scale = nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(self.scale.weight, 0.5)

    @property
    def module(self) -> nn.Module:
        return self.scale

    def loss(self, net: SpikingNet, batch: Batch, output: Output) -> Tensor:
        return self.scale(output.logits.mean(0).mean(1, keepdim=True)).square().mean()

    def observe(self, batch: Batch, output: Output, losses: Tensor) -> None:
        self.table[batch.indices] = losses
        self.visits[batch.indices] += 1
        self.total, self.mean = self.total + len(losses), self.mean.lerp(losses.mean(), 0.5)
        self.epoch = torch.tensor(batch.epoch)

    def facts(self) -> Mapping[str, float]:
        return {"mean": float(self.mean)}

    def state(self) -> Mapping[str, Tensor]:
        names = ("table", "visits", "total", "mean", "epoch")
        return {name: getattr(self, name) for name in names}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        for name, value in state.items():
            setattr(self, name, value.clone())


def training(
    norm: bool = True, kind: str = "lif", mode: str = "float", *methods: Method, select: str = "all"
) -> Training:
    """Two convolutions on 24 recordings, before its first epoch; batches of 7 make parts of 4 and 3."""
    rng = np.random.default_rng(0)
    labels = np.arange(RECORDINGS) % 3
    share = 0.2 + 0.2 * labels[:, None, None, None, None]
    frames = (rng.random((RECORDINGS, STEPS, *SHAPE)) < share).astype(np.uint8)
    config = RunConfig(
        data=DataConfig(timesteps=STEPS),
        model=ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(1, 1), paddings=(0, 0), batch_norm=norm),
        neuron=NeuronConfig(threshold=0.5 if norm else 0.1, kind=kind),
        train=TrainConfig(epochs=4, batch_size=BATCH, lr=0.01, quantize_from=0.5),
        select=SelectConfig(kind=select),
    )
    net = build_model(config.model, config.neuron, SHAPE, 3, torch.Generator().manual_seed(0))
    net.is_integer = mode == "integer"
    added = None if select != "all" else methods
    return Training(config, net, Held(frames, labels), lambda net: to_graph(net, SHAPE), added)


def first_step(norm: bool, kind: str, mode: str) -> Iterator[tuple[str, Tensor]]:
    """Drives and voltages of the first stage, spikes of each, logits and gradients of one step on 7 recordings."""
    found = training(norm, kind, mode)
    net = found.net.train()
    members = np.arange(BATCH)
    batch = found._batch(found._choice(1), members, 1, 0.0, np.random.default_rng(1))
    stage = net.stages[0]
    with torch.no_grad():
        drive, bias = stage._drive(stage._arriving(batch.frames, stage.synapse.weight), batch.frames)
        yield "drive", drive
        yield "voltage", float_states(drive, float_rule(stage.cell), bias)[0]
    seen: list[Output] = []
    handle = net.register_forward_hook(lambda module, inputs, output: seen.append(output))
    found._step(batch, 0.0, len(batch.labels) / len(members))
    handle.remove()
    for place, spikes in enumerate(seen[0].spikes):
        yield f"spikes{place}", spikes.detach()
    yield "logits", seen[0].logits.detach()
    for name, parameter in net.named_parameters():
        yield f"gradient.{name}", parameter.grad
    for name, buffer in net.named_buffers():
        yield f"buffer.{name}", buffer.double()


def delayed_training(delays: str) -> Training:
    """Dense layers with delays on the same recordings, before its first epoch."""
    found = training()
    neuron = NeuronConfig(threshold=0.5, delays=delays, max_delay=2)
    model = ModelConfig(kind="mlp", hidden=(6, 5))
    net = build_model(model, neuron, SHAPE, 3, torch.Generator().manual_seed(0))
    config = replace(found.config, model=model, neuron=neuron)
    return Training(config, net, found.frames, lambda net: to_graph(net, SHAPE))


def delays_after_an_epoch(delays: str) -> Iterator[tuple[str, Tensor]]:
    """Delays before and after an epoch, and their gradients at its end."""
    found = delayed_training(delays)
    for name, value in found.net.named_parameters():
        if "delay" in name:
            yield f"before.{name}", value.detach().clone()
    found.run_epoch(lambda: None)
    for name, value in found.net.named_parameters():
        if "delay" in name:
            yield f"after.{name}", value.detach().clone()
            yield f"gradient.{name}", value.grad


def two_epochs() -> tuple[dict[str, Tensor], list[dict[str, object]]]:
    """What a method remembers, and the history."""
    method = Noting()
    found = training(True, "lif", "float", method)
    for _ in range(2):
        found.run_epoch(lambda: None)
    weights = {f"weight.{name}": value for name, value in found.trained.state_dict().items()}
    return {**method.state(), **weights}, found.history


def chosen(select: str) -> list[int]:
    """The recordings that the third epoch learns, after two in which their scores were noted."""
    found = training(select=select)
    for _ in range(2):
        found.run_epoch(lambda: None)
    return sorted(map(int, found._choice(3).indices))


def run_config(cache: str) -> RunConfig:
    """A small run that is wholly in floats, so that no rounding makes much of a last bit."""
    return RunConfig(
        data=DataConfig(dataset="digits-dvs", timesteps=4, limit=62, cache=cache),
        model=ModelConfig(channels=(4,), kernels=(5,), strides=(3,), paddings=(1,)),
        neuron=NeuronConfig(threshold=0.5),
        train=TrainConfig(epochs=2, batch_size=20, quantize_from=1.0),
        augment=AugmentConfig(flip_polarity=0.3),
        device="cpu",
    )


def alarm() -> str:
    """What is said when one process has other weights."""
    net = training().net
    net.readout.weight.data[0, 0] += ranks.rank() * 1e-7
    try:
        ranks.refuse_different(net)
    except NeuroDeployError as error:
        return str(error)
    return ""


def drifted() -> Tensor:
    """A running statistic of which every process has its own."""
    norm = nn.BatchNorm1d(2)
    norm.running_mean[0] = float(ranks.rank())
    norm.running_mean[1] = 0.1
    ranks.average_buffers(norm)
    return norm.running_mean


def fail_in_one(config: RunConfig, out: Path) -> None:
    """A run that ends in epoch 2, where only the second process finds its recordings gone."""
    learned = Training._batch

    def batch(self: Training, choice: object, members: object, number: int, *rest: object) -> Batch:
        if ranks.rank() == 1 and number == 2:
            raise DataError(source="the second disk", reason="it is gone")
        return learned(self, choice, members, number, *rest)

    Training._batch = batch
    train_run(config, out, progress=Silent())


def together(folder: Path) -> None:
    """Everything, and at last a failure."""
    for case in CASES:
        found = {name: value.contiguous().clone() for name, value in first_step(*case)}
        save_file(found, folder / f"{'-'.join(map(str, case))}-{ranks.rank()}.st")
    for delays in DELAYS:
        found = {name: value.contiguous().clone() for name, value in delays_after_an_epoch(delays)}
        save_file(found, folder / f"{delays}-{ranks.rank()}.st")
    state, history = two_epochs()
    save_file({name: value.contiguous().clone() for name, value in state.items()}, folder / f"state-{ranks.rank()}.st")
    config = run_config(str(folder / "cache"))
    run = train_run(config, folder / "runs", progress=Silent())
    small = replace(config, train=replace(config.train, batch_size=1))
    try:
        train_run(small, folder / "small", progress=Silent())
    except NeuroDeployError as error:
        refused = str(error)
    choices = {select: chosen(select) for select in CHOOSING}
    facts = {"choices": choices, "alarm": alarm(), "drifted": drifted().tolist(), "run": str(run), "refused": refused}
    (folder / f"facts-{ranks.rank()}.json").write_text(json.dumps({**facts, "history": history}))
    fail_in_one(config, folder / "failed")


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    try:
        with ranks.together():
            together(folder)
    except NeuroDeployError as error:  # as the command line does it
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
