"""One training step layer by layer and timestep by timestep: processor time and memory.

    python tests/benchmarks/bench_execution.py [--rounds 5] [--cases dense conv ...]

Networks are those of `bench_training_step`, some of them with other batches and timesteps, and a wide one whose layers do
not fit a cache; all without batch norm, whose statistics would differ. Both executions take turns in one process; printed
are the medians of their processor time, and the ratio step / layer as median and quartiles. Memory is the most that a
process of its own held during a step (VmHWM of Linux) less what it held before, after a step of two recordings. 8 % of
the input is 1. `train.execution=auto` rests on these numbers: see `neurodeploy.train.stepwise`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from bench_sltt_memory import held
from bench_training_step import neurodeploy_net
from torch import Tensor
from training_peers import CASES, CLASSES, DENSITY, Case

from neurodeploy.train.config import TrainConfig
from neurodeploy.train.loop import make_optimizer, train_step
from neurodeploy.train.loss import mean_losses
from neurodeploy.train.model import SpikingNet

DENSE, CONV, LONG = (CASES[name] for name in ("dense", "conv", "fc500"))
NETS = {
    "dense": DENSE,
    "conv": CONV,
    "fc500": LONG,
    "conv, B 4, T 100": replace(CONV, batch=4, steps=100),
    "dense, B 512, T 50": replace(DENSE, batch=512, steps=50),
    "1024-2048-2048-2048, B 64, T 50": replace(LONG, shape=(1024,), hidden=(2048,) * 3, batch=64, steps=50),
}


def recordings(case: Case) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    frames = (torch.rand((case.steps, case.batch, *case.shape), generator=generator) < DENSITY).float()
    return frames, torch.randint(CLASSES, (case.batch,), generator=generator)


def step(net: SpikingNet, optimizer: torch.optim.Optimizer, frames: Tensor, labels: Tensor) -> float:
    """Milliseconds of processor time; the learning rate is 0, so that the network stays the same."""
    started = time.process_time()
    train_step(optimizer, mean_losses(net(frames).logits, labels).mean(), 0.0, 1.0)
    return 1000 * (time.process_time() - started)


def times(case: Case, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Of both executions in every round, after one that warms up."""
    net = neurodeploy_net(case, normed=False).train()
    optimizer, given = make_optimizer(net, TrainConfig()), recordings(case)
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for net.is_stepwise in (False, True):
            found[net.is_stepwise].append(step(net, optimizer, *given))
    return np.array(found[0][1:]), np.array(found[1][1:])


def memory(case: Case, stepwise: bool) -> float:
    """Megabytes that a step takes in this process."""
    net = neurodeploy_net(case, normed=False).train()
    net.is_stepwise = stepwise
    optimizer, given = make_optimizer(net, TrainConfig()), recordings(case)
    step(net, optimizer, *recordings(replace(case, batch=2, steps=2)))
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    before = held("VmRSS")
    step(net, optimizer, *given)
    return (held("VmHWM") - before) / 1e6


def memory_of(name: str, stepwise: bool) -> float:
    command = [sys.executable, __file__, "--memory", name, str(int(stepwise))]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description="Both executions compared; see the top of this file.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", nargs="+", default=list(NETS), choices=list(NETS))
    parser.add_argument("--memory", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.memory:
        print(memory(NETS[given.memory[0]], given.memory[1] == "1"))
        return
    for name in given.cases:
        layer, steps = times(NETS[name], given.rounds)
        low, middle, high = np.percentile(steps / layer, [25, 50, 75])
        kept = [memory_of(name, stepwise) for stepwise in (False, True)]
        print(
            f"{name:32s} layer {np.median(layer):7.1f} ms, step {np.median(steps):7.1f} ms: "
            f"{middle:5.2f} times ({low:.2f} to {high:.2f}); "
            f"layer {kept[0]:6.1f} MB, step {kept[1]:6.1f} MB: {kept[1] / kept[0]:.2f} times",
            flush=True,
        )


if __name__ == "__main__":
    main()
