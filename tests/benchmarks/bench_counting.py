"""What counting costs: against NeuroBench and SpikingJelly on the same network and recordings, and beside evaluation.

    python tests/benchmarks/bench_counting.py DATA [--rounds 7] [--samples 64] [--timesteps 10] [--alone]

DATA is a folder or archive of N-MNIST recordings. The network is the default strided CNN with thresholds at which 12 % of
its neurons spike in a timestep. Everybody has one thread and takes turns; the other counters run in .venv-counters (make
counters), which answers on demand. Printed are milliseconds of processor time for each recording, which a busy machine
changes little, and ratios (median, least and greatest of the rounds), with imports and building left out. Ours is the whole
of what `neurodeploy energy` does with recordings: simulation, and counts of every kind. Theirs is a forward pass with their
counters on, for NeuroBench and SpikingJelly once with all of them and once with synaptic operations alone. "alone" is the
time above that of the same pass without counters. --alone: ours only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from bench_simulator import strided_cnn

from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.deployment import Deployment
from neurodeploy.evaluation import BATCH
from neurodeploy.fast import Simulator
from neurodeploy.graph import IntGraph
from neurodeploy.runs.activity import count_activity
from neurodeploy.subject import Samples

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

from counters.environment import HERE, counters_python  # noqa: E402
from counters.networks import write_network  # noqa: E402

Rounds = dict[str, list[float]]


def recordings(path: str, timesteps: int, samples: int) -> np.ndarray:
    """(time, samples, 2, 34, 34)."""
    split = open_frames(DataConfig(dataset="nmnist", path=path, timesteps=timesteps)).train
    chosen = np.random.default_rng(0).permutation(800)[:samples]
    return np.ascontiguousarray(np.moveaxis(split.batch(chosen), 0, 1))


def seconds(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def ours(integer: IntGraph, frames: np.ndarray) -> dict[str, Callable[[], object]]:
    """Evaluation without recording as `eval` does it, and with it as `energy` does it."""
    count = frames.shape[1]
    network = Deployment(integer, None, len(frames), tuple(str(n) for n in range(10)))
    data = Samples(frames, np.zeros(count, int), tuple(str(n) for n in range(count)), "benchmark")
    simulator = Simulator(integer)

    def evaluated() -> object:
        return [simulator.predictions(frames[:, at : at + BATCH]) for at in range(0, count, BATCH)]

    return {"evaluation": evaluated, "recorded": lambda: count_activity(network, data)}


class Others:
    """The process that holds the other counters."""

    def __init__(self, integer: IntGraph, frames: np.ndarray, folder: Path) -> None:
        write_network(folder / "network.npz", integer, frames)
        command = [str(counters_python()), "-I", str(HERE / "run_network.py"), str(folder / "network.npz")]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def measured(
    runs: dict[str, Callable[[], object]], others: Others | None, rounds: int
) -> tuple[Rounds, dict[str, Any]]:
    """Processor seconds of everybody in each round, after one that warms up; and what the others found."""
    times: Rounds = {}
    found: dict[str, Any] = {}
    for number in range(rounds + 1):
        line = {name: seconds(run) for name, run in runs.items()}
        found = others.ask() if others else {}
        for name, answer in found.items():
            line |= {name: answer["seconds"], f"{name} alone": answer["seconds"] - answer["plain_seconds"]}
        for name, value in line.items():
            times.setdefault(name, []).extend([value] if number else [])
    return times, found


def show(times: Rounds, samples: int) -> None:
    own, plain = np.array(times["recorded"]), np.array(times["evaluation"])
    for name, values in times.items():
        print(f"  {name:26} {1000 * np.median(values) / samples:9.3f} ms per recording", end="")
        ratio = np.array(values) / own
        spread = f"{np.median(ratio):6.2f} times ours ({ratio.min():.2f} to {ratio.max():.2f})"
        print("" if name in ("evaluation", "recorded") else f"   {spread}")
    ratio = own / plain
    print(f"  recorded / evaluation: {np.median(ratio):.2f} ({ratio.min():.2f} to {ratio.max():.2f})", flush=True)


def agreement(integer: IntGraph, frames: np.ndarray, found: dict[str, Any]) -> None:
    """Their synaptic operations beside ours; neurons there compute in float32, so a few spikes may differ."""
    count = frames.shape[1]
    network = Deployment(integer, None, len(frames), tuple(str(n) for n in range(10)))
    data = Samples(frames, np.zeros(count, int), tuple(str(n) for n in range(count)), "benchmark")
    stored, useful = count_activity(network, data).mean("accumulate")
    theirs = found["neurobench"]["result"]["SynapticOperations"]["Effective_ACs"]
    jelly = found["spikingjelly_synops"]["result"]["SynOpCounter"]
    print(f"  accumulates on non-zero weights: ours {useful:.1f}, NeuroBench {theirs:.1f} ({theirs / useful:.5f})")
    print(f"  accumulates on stored weights: ours {stored:.1f}, SpikingJelly {jelly:.1f} ({jelly / stored:.5f})")


def main() -> None:
    parser = argparse.ArgumentParser(description="Counting compared; see the top of this file.")
    parser.add_argument("data")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--timesteps", type=int, default=10)
    parser.add_argument("--alone", action="store_true")
    given = parser.parse_args()
    frames = recordings(given.data, given.timesteps, given.samples)
    integer = strided_cnn(frames[:, :16])
    is_alone = given.alone or counters_python() is None
    if is_alone and not given.alone:
        print("the other counters are absent: make counters")
    print(f"strided CNN, T = {given.timesteps}, {given.samples} recordings, density {frames.mean():.3f}, one thread")
    with tempfile.TemporaryDirectory(prefix="bench-counting-") as folder:
        others = None if is_alone else Others(integer, frames, Path(folder))
        times, found = measured(ours(integer, frames), others, given.rounds)
        if others is not None:
            others.close()
    show(times, given.samples)
    if found:
        agreement(integer, frames, found)


if __name__ == "__main__":
    main()
