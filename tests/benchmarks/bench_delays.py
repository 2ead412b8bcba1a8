"""What learned delays are worth: a task that needs them, and digits that do not.

    python tests/benchmarks/bench_delays.py [DATA] --out FOLDER [--seeds 0 1 2] [--timesteps 100] [--epochs 20]
                                            [--limit 400] [key=value ...]

Coincidence: two pulses, the class is whether the second comes 5 timesteps after the first; neurons without memory.
Digits: N-MNIST recordings (DATA is its data.path; left out without it) in many windows, a dense network of two hidden
layers with the usual leaky neurons. "random" delays stay as they begin. Every number is the share of right answers of
the deployed integers on test recordings.

FOLDER keeps the runs; the same call again goes on where it ended.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from coincidence import trained_on_coincidences

from neurodeploy.config import read_config
from neurodeploy.train.config import RunConfig
from neurodeploy.train.run_dir import load_run
from neurodeploy.train.training import resume_run, train_run

KINDS = {
    "none": ["neuron.delays=none"],
    "axon, random": ["neuron.delays=axon", "neuron.delay_lr=0"],
    "axon, learned": ["neuron.delays=axon", "neuron.delay_lr=0.03"],
    "synapse, random": ["neuron.delays=synapse", "neuron.delay_lr=0"],
    "synapse, learned": ["neuron.delays=synapse", "neuron.delay_lr=0.1"],
}


def trained(folder: Path, words: Sequence[str]) -> dict[str, Any]:
    """Final numbers of the run in `folder`: trained now, continued, or found."""
    (run, *_) = [*folder.glob("*-0001"), None]
    if run is None or not (run / "config.json").exists():
        return dict(load_run(train_run(read_config(RunConfig, None, words), folder)).metrics)
    return dict(load_run(resume_run(run)).metrics)


def line(name: str, shares: Sequence[float], extra: str = "") -> str:
    return f"{name:18} {np.mean(shares):6.1%}  ({', '.join(f'{share:.1%}' for share in shares)}){extra}"


def coincidence(seeds: Sequence[int]) -> None:
    print("\ncoincidence: 400 training and 400 test recordings, neurons without memory, max_delay 8, 24 epochs")
    for name, words in KINDS.items():
        settings = dict(word.split("=") for word in words)
        rate = float(settings.get("neuron.delay_lr", 0.1))
        kind, hidden = settings["neuron.delays"], (16, 8) if "axon" in name else (16,)
        shares = [trained_on_coincidences(kind, hidden=hidden, delay_lr=rate, seed=seed)[1] for seed in seeds]
        print(line(name, shares, f"  hidden {hidden}"), flush=True)


def digits(given: argparse.Namespace) -> None:
    settings = ["data.dataset=nmnist", f"data.path={given.data}", f"data.timesteps={given.timesteps}"]
    settings += [f"data.limit={given.limit}", f"train.epochs={given.epochs}", "model.kind=mlp", "model.hidden=[32,32]"]
    settings += ["neuron.max_delay=8", *given.words]
    print(
        f"\nN-MNIST, {given.limit} training and 100 test recordings, {given.timesteps} windows; {' '.join(settings[3:])}"
    )
    for name, words in KINDS.items():
        folder = given.out / name.replace(", ", "-")
        found = [trained(folder / str(seed), [*settings, *words, f"seed={seed}"]) for seed in given.seeds]
        seconds = np.mean([metrics["wall_s"] for metrics in found])
        print(line(name, [metrics["test_accuracy_integer"] for metrics in found], f"  {seconds:.0f} s"), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?")
    parser.add_argument("words", nargs="*", help="key=value settings of the trainings on digits")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--timesteps", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--limit", type=int, default=400)
    given = parser.parse_intermixed_args()
    coincidence(given.seeds)
    if given.data:
        digits(given)


if __name__ == "__main__":
    main()
