"""Peak memory of training with SLTT and with backpropagation through time, by the number of timesteps.

    python tests/benchmarks/bench_sltt_memory.py [--timesteps 10 100] [--batch 32]

Every number is from a process of its own, which trains a network on frames of 34x34 pixels (8 % of them active) for
three batches: the most that the process held during them (VmHWM of Linux) less what it held before there was a network,
but after imports, compilation and a batch of two timesteps. That is the network, its gradients and those of the optimizer, everything that a step
computes, and the frames of the batch, packed with SLTT and as floats with backpropagation through time. Cases are those of
`bench_training_step`, and `default`, the network that `neurodeploy train` builds. Printed in MB of 10^6 bytes, the median
of --repeats processes and their range, and the ratio of the medians to that of the first number of timesteps.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from bench_training_step import neurodeploy_net
from training_peers import CASES, CLASSES, DENSITY

from neurodeploy.train.config import ModelConfig, NeuronConfig, TrainConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.loop import apply_gradients, make_optimizer, train_step
from neurodeploy.train.loss import losses
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.online import learn_online
from neurodeploy.train.packed import pack

SHAPE = (2, 34, 34)


def recordings(batch: int, timesteps: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    found = np.empty((batch, timesteps, *SHAPE), np.uint8)
    for recording in found:  # random floats of a whole batch would be the peak
        recording[:] = rng.random((timesteps, *SHAPE), np.float32) < DENSITY
    return found


def step(net: SpikingNet, optimizer: torch.optim.Optimizer, settings: TrainConfig, batch: int, timesteps: int) -> None:
    labels, device = torch.arange(batch) % CLASSES, torch.device("cpu")
    if settings.is_online:
        frames = pack(recordings(batch, timesteps), device)
        learn_online(net, frames, labels, settings, np.random.default_rng(0))
        apply_gradients(optimizer, 1e-3, 1.0)
        optimizer.zero_grad(set_to_none=True)
    else:
        value = losses(net(as_input(recordings(batch, timesteps), device)).logits, labels, settings).mean()
        train_step(optimizer, value, 1e-3, 1.0)


def held(name: str) -> int:
    """Bytes of this process: VmRSS now, VmHWM at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def build(case: str) -> SpikingNet:
    generator = torch.Generator().manual_seed(0)
    if case == "default":
        return build_model(ModelConfig(), NeuronConfig(), SHAPE, CLASSES, generator).train()
    return neurodeploy_net(CASES[case], normed=False).train()


def measure(case: str, gradient: str, batch: int, timesteps: int) -> float:
    """Megabytes that training takes in this process."""
    torch.set_num_threads(1)
    settings = TrainConfig(gradient=gradient, loss="tet")  # type: ignore[arg-type]  # a plain str
    first = build(case)
    step(first, make_optimizer(first, settings), settings, batch, 2)
    del first
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    before = held("VmRSS")
    net = build(case)
    optimizer = make_optimizer(net, settings)
    for _ in range(3):
        step(net, optimizer, settings, batch, timesteps)
    return (held("VmHWM") - before) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory of SLTT; see the top of this file.")
    parser.add_argument("--timesteps", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--cases", nargs="+", default=["default", "dense", "conv"])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--gradients", nargs="+", default=["sltt", "bptt"], choices=["sltt", "sltt_k", "bptt"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        case, gradient, batch, timesteps = given.one
        print(measure(case, gradient, int(batch), int(timesteps)))
        return
    for case, gradient in itertools.product(given.cases, given.gradients):
        first = None
        for timesteps in given.timesteps:
            command = [sys.executable, __file__, "--one", case, gradient, str(given.batch), str(timesteps)]
            runs = [
                float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                for _ in range(given.repeats)
            ]
            middle = float(np.median(runs))
            first = first or middle
            print(
                f"{case:8s} {gradient}: T {timesteps:4d}, batch {given.batch}: {middle:7.1f} MB "
                f"({min(runs):.1f} to {max(runs):.1f}), {middle / first:5.2f} times T {given.timesteps[0]}",
                flush=True,
            )


if __name__ == "__main__":
    main()
