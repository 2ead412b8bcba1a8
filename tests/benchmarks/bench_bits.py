"""Accuracy of 8, 4, 3 and 2-bit weights: rounded after training, trained with the largest weight, trained with LSQ.

    python tests/benchmarks/bench_bits.py DATA [--seeds 0 1 2] [--bits 8 4 3 2] [--epochs 60] [--tune 20] [key=value ...]

DATA is a folder or archive of N-MNIST recordings. For each seed the default strided CNN is trained in floats; then, for
each number of bits in all layers, its weights are rounded with the largest factor that clips nothing and with the one
that changes them least, and trained on in integers at a tenth of the rate, with train.quantizer=max and lsq. Printed:
share of right answers on the test split of the integers that are deployed, mean over the seeds, and every seed.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurodeploy import subject
from neurodeploy.config import override, read_config
from neurodeploy.costs import accuracy
from neurodeploy.deployment import Deployment
from neurodeploy.quantize import quantize
from neurodeploy.sensitivity import closest_formats, synapse_layers
from neurodeploy.train.config import RunConfig
from neurodeploy.train.run_dir import Run, load_run
from neurodeploy.train.training import train_run

TIMESTEPS = 8
FLOAT = "floats"
COLUMNS = ("rounded, largest", "rounded, closest", "trained, max", "trained, LSQ")


def base(folder: Path, data: str, seed: int, epochs: int, words: Sequence[str]) -> Run:
    """The network trained in floats."""
    settings = ["data.dataset=nmnist", f"data.path={data}", f"data.timesteps={TIMESTEPS}", f"train.epochs={epochs}"]
    config = read_config(RunConfig, None, [*settings, f"seed={seed}", *words, "train.quantize_from=1.0"])
    return load_run(train_run(config, folder))


def rounded(run: Run, bits: int, closest: bool, samples: subject.Samples) -> float:
    """Accuracy of the float weights in so many bits."""
    graph, steps = run.task.graph(run.model), run.config.data.steps
    formats = closest_formats(graph, dict.fromkeys(synapse_layers(graph), bits)) if closest else None
    return accuracy(Deployment(quantize(graph, bits, steps, formats).graph, None, steps, run.task.classes), samples)


def trained(run: Run, bits: int, quantizer: str, epochs: int, folder: Path) -> float:
    """Accuracy after training on in integers of so many bits."""
    words = [f"train.weight_bits={bits}", f"train.quantizer={quantizer}", f"train.init={run.path.resolve()}"]
    words += [f"train.epochs={epochs}", f"train.lr={run.config.train.lr / 10!r}", "train.quantize_from=0.0"]
    return float(load_run(train_run(override(run.config, words), folder)).metrics["test_accuracy_integer"])


def row(run: Run, bits: int, epochs: int, folder: Path, samples: subject.Samples) -> list[float]:
    found = [rounded(run, bits, closest, samples) for closest in (False, True)]
    return [*found, *(trained(run, bits, quantizer, epochs, folder) for quantizer in ("max", "lsq"))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("words", nargs="*", help="key=value settings of all trainings")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--bits", type=int, nargs="+", default=[8, 4, 3, 2])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--tune", type=int, default=20)
    given = parser.parse_intermixed_args()
    floats: list[float] = []
    found: dict[int, list[list[float]]] = {bits: [] for bits in given.bits}
    with tempfile.TemporaryDirectory() as name:
        for seed in given.seeds:
            run = base(Path(name), given.data, seed, given.epochs, given.words)
            samples = subject.samples(run.path)
            floats.append(run.metrics["test_accuracy_float"])
            for bits in given.bits:
                found[bits].append(row(run, bits, given.tune, Path(name), samples))
    print(f"N-MNIST, {len(samples.labels)} test recordings, T = {TIMESTEPS}, seeds {given.seeds}")
    print(f"{FLOAT}: {np.mean(floats):.1%} ({', '.join(f'{share:.0%}' for share in floats)})")
    for bits, seeds in found.items():
        for column, shares in zip(COLUMNS, np.transpose(seeds), strict=True):
            each = ", ".join(f"{share:.0%}" for share in shares)
            print(f"{bits} bits  {column:18} {np.mean(shares):6.1%}  ({each})")


if __name__ == "__main__":
    main()
