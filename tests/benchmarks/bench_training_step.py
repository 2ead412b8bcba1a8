"""One training step (forward, backward, optimizer) of the same nets in neurodeploy, snnTorch, Norse and SpikingJelly.

    python tests/benchmarks/bench_training_step.py [--rounds 30] [--threads 1]

One process on CPU; the frameworks take turns, so that a busy machine slows all of them. Every net has the same synapses,
batch norm, LIF neurons (decay 1/4, threshold 1, reset to zero) and a dense readout that is averaged over time; every step uses
cross-entropy, gradients clipped to norm 1, and AdamW(fused=True). Printed: median milliseconds, and the ratio peer /
neurodeploy within each round as median and quartiles; above 1 neurodeploy is faster. `make peers` installs
the others.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version

import numpy as np
import torch
from torch import Tensor, nn

from neurodeploy.train.config import ModelConfig, NeuronConfig, TrainConfig
from neurodeploy.train.loop import make_optimizer, train_step
from neurodeploy.train.loss import mean_loss
from neurodeploy.train.model import build_model

STEPS, CLASSES, SHAPE, DENSITY, KEEP = 10, 10, (2, 34, 34), 0.08, 0.75
BATCH = {"mlp": 64, "strided-cnn": 32}
CONVOLUTIONS = ((2, 16, 5, 2), (16, 32, 3, 2), (32, 64, 3, 1))

Step = Callable[[Tensor, Tensor], None]


def neurodeploy_step(kind: str) -> Step:
    model = ModelConfig(kind=kind)  # type: ignore[arg-type]  # a plain str from the table above
    generator = torch.Generator().manual_seed(0)
    net = build_model(model, NeuronConfig(voltage_decay=1024), SHAPE, CLASSES, generator).train()
    optimizer = make_optimizer(net, TrainConfig())

    def step(frames: Tensor, labels: Tensor) -> None:
        train_step(optimizer, mean_loss(net(frames).logits, labels), 1e-3, 1.0)

    return step


def peer_step(net: nn.Module, forget: Callable[[], None]) -> Step:
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, fused=True)
    criterion = nn.CrossEntropyLoss()

    def step(frames: Tensor, labels: Tensor) -> None:
        optimizer.zero_grad()
        criterion(net(frames), labels).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        forget()

    return step


def layers(kind: str, neuron: Callable[[], nn.Module], from_: object = nn) -> list[nn.Module]:
    """The net as a list of modules; `from_` offers Conv2d, BatchNorm2d, Linear, BatchNorm1d and Flatten."""
    make = {name: getattr(from_, name) for name in ("Conv2d", "BatchNorm2d", "Linear", "BatchNorm1d", "Flatten")}
    if kind == "mlp":
        hidden = [make["Flatten"](), make["Linear"](2312, 512, bias=False), make["BatchNorm1d"](512), neuron()]
        return [*hidden, make["Linear"](512, CLASSES, bias=False)]
    found: list[nn.Module] = []
    for inputs, outputs, kernel, stride in CONVOLUTIONS:
        conv = make["Conv2d"](inputs, outputs, kernel, stride=stride, padding=1, bias=False)
        found += [conv, make["BatchNorm2d"](outputs), neuron()]
    return [*found, make["Flatten"](), make["Linear"](4096, CLASSES, bias=False)]


def snntorch_step(kind: str) -> Step:
    snn = import_module("snntorch")

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(layers(kind, lambda: snn.Leaky(beta=KEEP, reset_mechanism="zero")))

        def forward(self, frames: Tensor) -> Tensor:
            membranes = {place: m.init_leaky() for place, m in enumerate(self.layers) if isinstance(m, snn.Leaky)}
            outputs = []
            for value in frames:
                for place, module in enumerate(self.layers):
                    if place in membranes:
                        value, membranes[place] = module(value, membranes[place])
                    else:
                        value = module(value)
                outputs.append(value)
            return torch.stack(outputs).mean(0)

    return peer_step(Net(), lambda: None)


def norse_step(kind: str) -> Step:
    norse = import_module("norse.torch")
    parameters = norse.LIFBoxParameters(tau_mem_inv=torch.as_tensor((1 - KEEP) * 1000.0))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = norse.SequentialState(*layers(kind, lambda: norse.LIFBoxCell(p=parameters)))

        def forward(self, frames: Tensor) -> Tensor:
            state, outputs = None, []
            for value in frames:
                output, state = self.layers(value, state)
                outputs.append(output)
            return torch.stack(outputs).mean(0)

    return peer_step(Net(), lambda: None)


def spikingjelly_step(kind: str) -> Step:
    package = "spikingjelly.activation_based"
    neuron, layer = import_module(f"{package}.neuron"), import_module(f"{package}.layer")
    functional, surrogate = import_module(f"{package}.functional"), import_module(f"{package}.surrogate")

    def lif() -> nn.Module:
        settings = {"decay_input": False, "detach_reset": True, "surrogate_function": surrogate.ATan()}
        made: nn.Module = neuron.LIFNode(tau=1 / (1 - KEEP), **settings)
        return made

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(*layers(kind, lif, layer))
            functional.set_step_mode(self, "m")

        def forward(self, frames: Tensor) -> Tensor:
            output: Tensor = self.layers(frames)
            return output.mean(0)

    net = Net()
    return peer_step(net, lambda: functional.reset_net(net))


PEERS = {"snntorch": snntorch_step, "norse": norse_step, "spikingjelly": spikingjelly_step}


def contestants(kind: str) -> Iterator[tuple[str, Step]]:
    """Name and step of everything that is installed; says what is not."""
    yield "neurodeploy", neurodeploy_step(kind)
    for name, make in PEERS.items():
        try:
            yield f"{name} {version(name)}", make(kind)
        except ImportError as error:
            print(f"{kind}: {name} is absent ({error})")


def measure(steps: dict[str, Step], batch: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every round; two rounds before the first one warm everything up."""
    generator = torch.Generator().manual_seed(1)
    frames = (torch.rand((STEPS, batch, *SHAPE), generator=generator) < DENSITY).float()
    labels = torch.randint(CLASSES, (batch,), generator=generator)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds + 2):
        for name, step in steps.items():
            started = time.perf_counter()
            step(frames, labels)
            times[name].append(1000 * (time.perf_counter() - started))
    return {name: values[2:] for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Training steps compared; see the top of this file.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=list(BATCH), choices=list(BATCH))
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    print(f"torch {torch.__version__}, {given.threads} threads, T {STEPS}, {given.rounds} rounds")
    for kind in given.kinds:
        times = measure(dict(contestants(kind)), BATCH[kind], given.rounds)
        own = np.array(times["neurodeploy"])
        for name, values in times.items():
            low, middle, high = np.percentile(np.array(values) / own, [25, 50, 75])
            print(
                f"{kind:12s} {name:20s} {np.median(values):8.1f} ms   {middle:5.2f} times ours ({low:.2f} to {high:.2f})"
            )


if __name__ == "__main__":
    main()
