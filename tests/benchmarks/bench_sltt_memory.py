"""Peak memory of training with SLTT and with backpropagation through time, by the number of timesteps.

    python tests/benchmarks/bench_sltt_memory.py [--timesteps 10 30 100] [--batch 32]

Every number is from a process of its own, which trains the default network on 34x34 pixels (8 % of them active) for three
batches: the most that the process held during them (VmHWM of Linux) less what it held after imports, compilation and
building the network. That includes the frames of the batch, at one byte a value, with SLTT, and as floats with
backpropagation through time. Printed in MB, with the ratio to the first number of timesteps. Smallest values of --repeats processes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from neurodeploy.train.config import ModelConfig, NeuronConfig, TrainConfig
from neurodeploy.train.evaluate import as_bytes, as_input
from neurodeploy.train.loop import apply_gradients, make_optimizer, train_step
from neurodeploy.train.loss import losses
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.online import learn_online

SHAPE, CLASSES, DENSITY = (2, 34, 34), 10, 0.08


def recordings(batch: int, timesteps: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    found = np.empty((batch, timesteps, *SHAPE), np.uint8)
    for recording in found:  # random floats of a whole batch would be the peak
        recording[:] = rng.random((timesteps, *SHAPE), np.float32) < DENSITY
    return found


def step(net: SpikingNet, optimizer: torch.optim.Optimizer, settings: TrainConfig, batch: int, timesteps: int) -> None:
    frames, labels = recordings(batch, timesteps), torch.arange(batch) % CLASSES
    if settings.is_online:
        optimizer.zero_grad(set_to_none=True)
        learn_online(net, as_bytes(frames, torch.device("cpu")), labels, settings, np.random.default_rng(0))
        apply_gradients(optimizer, 1e-3, 1.0)
    else:
        value = losses(net(as_input(frames, torch.device("cpu"))).logits, labels, settings).mean()
        train_step(optimizer, value, 1e-3, 1.0)


def held(name: str) -> int:
    """Bytes of this process: VmRSS now, VmHWM at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def measure(gradient: str, batch: int, timesteps: int) -> float:
    """Megabytes that training takes in this process."""
    torch.set_num_threads(1)
    settings = TrainConfig(gradient=gradient, loss="tet")  # type: ignore[arg-type]  # a plain str
    net = build_model(ModelConfig(), NeuronConfig(), SHAPE, CLASSES, torch.Generator().manual_seed(0)).train()
    optimizer = make_optimizer(net, settings)
    step(net, optimizer, settings, 2, 2)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    before = held("VmRSS")
    for _ in range(3):
        step(net, optimizer, settings, batch, timesteps)
    return (held("VmHWM") - before) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory of SLTT; see the top of this file.")
    parser.add_argument("--timesteps", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(measure(given.one[0], int(given.one[1]), int(given.one[2])))
        return
    for gradient in ("sltt", "bptt"):
        first = None
        for timesteps in given.timesteps:
            command = [sys.executable, __file__, "--one", gradient, str(given.batch), str(timesteps)]
            runs = [
                float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                for _ in range(given.repeats)
            ]
            first = first or min(runs)
            print(
                f"{gradient}: T {timesteps:4d}, batch {given.batch}: {min(runs):7.1f} MB ({max(runs):.1f} at most), "
                f"{min(runs) / first:5.2f} times T {given.timesteps[0]}"
            )


if __name__ == "__main__":
    main()
