"""One training step (forward, backward, optimizer) of the same nets in neurodeploy, snnTorch, Norse and SpikingJelly.

    python tests/benchmarks/bench_training_step.py [--rounds 30] [--threads 1] [--device cuda] [--batch-norm] [--compile]

One process; the frameworks take turns, so that a busy machine slows all of them. Cases: `dense` 2312-512-10 (batch 64,
T 10), `conv` 16c5-32c3s2-10 (batch 32, T 10), `fc500` 512-512-10 (batch 16, T 500), 8 % of the input is 1. Every net has
the same synapses, LIF neurons (decay 1/4, reset to zero, detached) and a dense readout that is averaged over time; every step
uses cross-entropy, gradients clipped to norm 1, and AdamW(fused=True). Printed: median milliseconds, and the ratio
peer / neurodeploy within each round as median and quartiles; above 1 neurodeploy is faster. At the end, per case, our
time as a share of that of the fastest peer, and the geometric mean over the cases. `make peers` installs the others.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from training_peers import CASES, CLASSES, DENSITY, KEEP, PEERS, Case

from neurodeploy.graph.numeric import DECAY_ONE
from neurodeploy.train.config import ModelConfig, NeuronConfig, TrainConfig
from neurodeploy.train.loop import make_optimizer, train_step
from neurodeploy.train.loss import mean_losses
from neurodeploy.train.model import SpikingNet, build_model

Step = Callable[[Tensor, Tensor], None]
Clock = Callable[[], float]


def neurodeploy_net(case: Case, normed: bool) -> SpikingNet:
    kind = "strided-cnn" if case.convolutions else "mlp"
    names = ("channels", "kernels", "strides", "paddings")
    lists = dict(zip(names, zip(*case.convolutions, strict=True), strict=False)) if case.convolutions else {}
    hidden = {"hidden": case.hidden} if case.hidden else {}
    model = ModelConfig(kind=kind, batch_norm=normed, **lists, **hidden)  # type: ignore[arg-type]  # a plain str
    neuron = NeuronConfig(voltage_decay=round((1 - KEEP) * DECAY_ONE), threshold=case.threshold)
    return build_model(model, neuron, case.shape, CLASSES, torch.Generator().manual_seed(0))


def neurodeploy_step(net: SpikingNet) -> Step:
    optimizer = make_optimizer(net.train(), TrainConfig())

    def step(frames: Tensor, labels: Tensor) -> None:
        train_step(optimizer, mean_losses(net(frames).logits, labels).mean(), 1e-3, 1.0)

    return step


def peer_step(net: nn.Module, run: Callable[[Tensor], Tensor], forget: Callable[[], None]) -> Step:
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, fused=True)
    criterion = nn.CrossEntropyLoss()

    def step(frames: Tensor, labels: Tensor) -> None:
        optimizer.zero_grad()
        criterion(run(frames), labels).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        forget()

    return step


def contestants(case: Case, normed: bool, device: str, with_compiled: bool) -> Iterator[tuple[str, Step]]:
    """Name and step of everything that is installed; says what is not."""
    yield "neurodeploy", neurodeploy_step(neurodeploy_net(case, normed).to(device))
    for name, nets in PEERS.items():
        try:
            for way, net, forget in nets(case, normed):
                yield way, peer_step(net.to(device), net, forget)
                if with_compiled:
                    yield f"{way} compiled", peer_step(net, torch.compile(net), forget)
        except ImportError as error:
            print(f"{name} is absent ({error})")


def measure(case: Case, steps: dict[str, Step], device: str, rounds: int, clock: Clock) -> dict[str, list[float]]:
    """Milliseconds of every round; two rounds before the first one warm everything up."""
    generator = torch.Generator().manual_seed(1)
    frames = (torch.rand((case.steps, case.batch, *case.shape), generator=generator) < DENSITY).float().to(device)
    labels = torch.randint(CLASSES, (case.batch,), generator=generator).to(device)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 2):
        for name, step in list(steps.items()):
            try:
                times[name].append(timed(lambda step=step: step(frames, labels), device, clock))
            except Exception as error:
                if number:
                    raise
                # A peer's own failure, for instance to compile, must not end the comparison.
                print(f"{name} does not run: {type(error).__name__}: {str(error).splitlines()[0]}")
                del steps[name], times[name]
    return {name: values[2:] for name, values in times.items()}


def timed(action: Callable[[], None], device: str, clock: Clock) -> float:
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    wait()
    started = clock()
    action()
    wait()
    return 1000 * (clock() - started)


def firing_rates(case: Case, normed: bool) -> str:
    net = neurodeploy_net(case, normed).train()
    frames = (torch.rand((case.steps, case.batch, *case.shape)) < DENSITY).float()
    with torch.no_grad():
        return ", ".join(f"{100 * float(spikes.mean()):.0f} %" for spikes in net(frames).spikes)


def report(name: str, times: dict[str, list[float]]) -> float:
    """Print the times of a case; ours as a share of the fastest peer's."""
    own = np.array(times["neurodeploy"])
    for contestant, values in times.items():
        low, middle, high = np.percentile(np.array(values) / own, [25, 50, 75])
        print(
            f"{name:6s} {contestant:32s} {np.median(values):8.1f} ms   {middle:5.2f} times ours ({low:.2f} to {high:.2f})"
        )
    peers = {contestant: values for contestant, values in times.items() if contestant != "neurodeploy"}
    if not peers:
        return math.nan
    fastest = min(peers, key=lambda contestant: float(np.median(peers[contestant])))
    low, middle, high = np.percentile(own / np.array(peers[fastest]), [25, 50, 75])
    print(f"{name:6s} ours / {fastest}: {middle:.3f} ({low:.3f} to {high:.3f})\n")
    return float(middle)


def main() -> None:
    parser = argparse.ArgumentParser(description="Training steps compared; see the top of this file.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--batch-norm", action="store_true", help="with batch norm before every layer of neurons")
    parser.add_argument("--cpu-time", action="store_true", help="processor time, which a busy machine changes less")
    parser.add_argument("--compile", action="store_true", help="the peers' nets by torch.compile too, where T <= 10")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    place = torch.cuda.get_device_name() if given.device == "cuda" else f"{given.threads} CPU threads"
    print(f"torch {torch.__version__}, {place}, {given.rounds} rounds, batch norm {given.batch_norm}")
    clock = time.process_time if given.cpu_time else time.perf_counter
    shares = []
    for name in given.cases:
        case = CASES[name]
        print(f"{name}: {firing_rates(case, given.batch_norm)} of our neurons fire at a time")
        found = contestants(case, given.batch_norm, given.device, given.compile and case.steps <= 10)
        shares.append(report(name, measure(case, dict(found), given.device, given.rounds, clock)))
    print(f"ours / fastest peer, geometric mean: {math.exp(np.mean(np.log(shares))):.3f}")


if __name__ == "__main__":
    main()
