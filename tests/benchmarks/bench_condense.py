"""Networks trained on condensed data against networks trained on all recordings: accuracy, time, storage.

    python tests/benchmarks/bench_condense.py mnist-saccade --path MNIST [--second NMNIST] [--per-class 1 10]
        [--methods pace pace-without-stsm dm dm-real herding k-center medoids random]
        [--seeds 0 1 2] [--nets 3] [--models cnn mlp]
        [--epochs 10] [--limit 0] [--out build/bench-condense/NAME.json] [key=value ...]

Condenses the training split with each method, number of items per class and seed; trains `--nets` networks with new random
weights on each set; tests them on the whole test split. "full" trains `--nets` networks on all recordings for `--epochs`
epochs in batches of 32 under the default augmentation. Sets with the same number of items are all trained alike: the same
number of optimizer steps, batch, rate and augmentation (`condensing.recipe`). Items are learned with features of the cnn;
the mlp has seen neither. Everything is computed in floats, in one thread.

share        accuracy / mean accuracy of "full" with the same model
time         CPU seconds of training on all recordings / CPU seconds of training on the items, medians; "with": the items'
             own pretraining and matching, wall seconds, counted as well
items, bytes recordings / items; bytes of their frames as this package keeps them / bytes of the items

Spreads are standard deviations over seeds and networks together. `--second` is a folder or archive of N-MNIST: its real test
recordings as another test set. Results are kept as JSON after every training: the same command goes on where it was
stopped. Other settings are key=value words of `neurodeploy distill-data`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from neurodeploy.condensing import SMOOTHING, batch_size, steps, storage
from neurodeploy.config import read_config
from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.condensed import with_ends
from neurodeploy.data.frame_set import FrameData, FrameSet, open_frames
from neurodeploy.files import write_file
from neurodeploy.train.condense import CondenseRun, condense
from neurodeploy.train.condense.teachers import BATCH, fresh, learn
from neurodeploy.train.config import ModelConfig, TrainConfig
from neurodeploy.train.evaluate import evaluate

METHODS = {
    "pace": [],
    "pace-without-stsm": ["condense.stsm=0"],
    "pace-stsm-only": ["condense.mean=0"],
    "pace-spikes-only": ["condense.kappa=0"],
    "dm": ["condense.method=dm"],
    "dm-real": ["condense.method=dm", "condense.init=real"],
    "centroids": ["condense.iterations=1", "condense.lr=1e-6", "condense.teachers=random"],
    "herding": ["condense.method=herding"],
    "k-center": ["condense.method=k-center"],
    "medoids": ["condense.method=medoids"],
    "random": ["condense.method=random"],
}
DEFAULT = ("pace", "pace-without-stsm", "dm", "dm-real", "centroids", "herding", "k-center", "medoids", "random")
MODELS = {"cnn": ModelConfig(), "mlp": ModelConfig(kind="mlp", hidden=(256,))}
NET = 1000
"""First seed of the networks that are trained to be tested; pretraining draws from others."""

Record = dict[str, Any]


@dataclass(frozen=True)
class Held:
    """Items in memory."""

    frames: np.ndarray
    labels: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(time, 2, height, width) of an item."""
        time_, channels, height, width = self.frames.shape[1:]
        return time_, channels, height, width

    def batch(self, indices: np.ndarray) -> np.ndarray:
        """Frames of the items at `indices`."""
        return self.frames[indices]


class Bench:
    """What is measured, and what is known of it already.

    Args:
        words: settings of `distill-data` that all methods share.
        second: N-MNIST, or "".
        out: where results are kept.
    """

    def __init__(self, words: list[str], epochs: int, second: str, out: Path) -> None:
        self.words, self.epochs, self.out = words, epochs, out
        self.job = read_config(CondenseRun, None, words)
        self.second = replace(self.job.data, dataset="nmnist", path=second, limit=0) if second else None
        self.settings = {"words": words, "epochs": epochs, "second": bool(second)}
        found = json.loads(out.read_text()) if out.is_file() else {"settings": self.settings, "records": {}}
        if found["settings"] != self.settings:
            raise SystemExit(f"{out} holds results of other settings: {found['settings']}")
        self.records: dict[str, Record] = found["records"]

    @cached_property
    def data(self) -> FrameData:
        """The recordings."""
        return open_frames(self.job.data)

    @cached_property
    def tests(self) -> dict[str, FrameSet]:
        """Test sets by name."""
        found = {"test": self.data.test}
        return found if self.second is None else {**found, "nmnist": open_frames(self.second).test}

    def known(self, key: str, measure: Callable[[], Record]) -> Record:
        """What is kept under `key`, or else what `measure` gives, which is kept from then on."""
        if key not in self.records:
            self.records[key] = measure()
            content = {"settings": self.settings, "records": self.records}
            write_file(self.out, (json.dumps(content, indent=1) + "\n").encode())
            print(key, {name: value for name, value in self.records[key].items() if name != "frames"}, flush=True)
        return self.records[key]

    def set_of(self, method: str, per_class: int, seed: int) -> Held:
        """The items; condensed once, kept beside the results."""
        path = self.out.with_suffix("") / f"{method}-{per_class}-{seed}.npz"

        def measure() -> Record:
            words = [*self.words, *METHODS[method], f"condense.per_class={per_class}", f"seed={seed}"]
            started = time.process_time()
            items = condense(read_config(CondenseRun, None, words), self.data.train, len(self.data.classes), _quiet)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(path, frames=with_ends(items.frames), labels=items.labels)
            cpu_s = time.process_time() - started
            return {**items.seconds, "cpu_s": cpu_s, **storage(self.data.train, items)}

        self.known(f"set {method} {per_class} {seed}", measure)
        with np.load(path) as file:
            return Held(file["frames"], file["labels"])

    def full(self, model: str, net: int) -> Record:
        """One network trained on all recordings."""
        count = len(self.data.train)
        number = self.epochs * -(-count // BATCH)
        settings = (TrainConfig(), AugmentConfig(), number, BATCH)
        return self.known(f"full {model} {net}", lambda: self._trained(self.data.train, model, net, *settings))

    def condensed(self, method: str, per_class: int, seed: int, model: str, net: int) -> Record:
        """One network trained on a condensed set."""
        items = self.set_of(method, per_class, seed)
        count = len(items.labels)
        settings = (TrainConfig(label_smoothing=SMOOTHING), self.job.augment, steps(count), batch_size(count))
        key = f"net {method} {per_class} {seed} {model} {net}"
        return self.known(key, lambda: self._trained(items, model, net, *settings))

    def _trained(
        self,
        frames: Any,
        model: str,
        net: int,
        settings: TrainConfig,
        changes: AugmentConfig,
        number: int,
        batch: int,
    ) -> Record:
        config = replace(self.job, model=MODELS[model])
        made = fresh(config, frames.shape[1:], len(self.data.classes), NET + net)
        rng, started = np.random.default_rng([NET + net]), time.process_time()
        learn(made, frames, number, rng, settings=settings, changes=changes, batch=batch)
        found: Record = {"cpu_s": time.process_time() - started, "steps": number}
        for name, split in self.tests.items():
            found[name] = evaluate(made, split, np.arange(len(split))).accuracy
        return found


def _quiet(text: str) -> None:
    """Progress that nobody reads."""


def spread(values: list[float]) -> str:
    """Mean and standard deviation, in percent."""
    deviation = f" +- {100 * statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * statistics.mean(values):.1f}{deviation}"


def row(bench: Bench, name: tuple[str, int], models: list[str], seeds: list[int], nets: int) -> list[str]:
    """The cells of one method and number of items per class."""
    cells: list[str] = []
    sets = [bench.records[f"set {name[0]} {name[1]} {seed}"] for seed in seeds]
    for model in models:
        full = [bench.full(model, net) for net in range(nets)]
        found = [bench.condensed(*name, seed, model, net) for seed in seeds for net in range(nets)]
        slow, fast = (statistics.median(each["cpu_s"] for each in some) for some in (full, found))
        own = statistics.median(each["pretraining"] + each["matching"] for each in sets)
        for test in bench.tests:
            whole = statistics.mean(each[test] for each in full)
            cells += [spread([each[test] for each in found]), spread([each[test] / whole for each in found])]
        cells += [f"{slow / fast:.0f}", f"{slow / (fast + own):.1f}"]
    ratios = [f"{sets[0][key]:,.0f}" for key in ("storage_ratio_items", "storage_ratio_bytes")]
    return [f"{name[0]} {name[1]}", *cells, *ratios]


def table(bench: Bench, names: list[tuple[str, int]], models: list[str], seeds: list[int], nets: int) -> str:
    """Markdown: one row for each method and number of items per class."""
    columns = ["method, items per class"]
    for model in models:
        columns += [f"{model}: {test}{kind}" for test in bench.tests for kind in (", %", ", share of full, %")]
        columns += [f"{model}: time", f"{model}: time with"]
    columns += ["items", "bytes"]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    whole = [
        [spread([bench.full(model, net)[test] for net in range(nets)]) for test in bench.tests] for model in models
    ]
    shown = [cell for found in whole for cell in (*(text for value in found for text in (value, "100")), "1", "1")]
    lines.append(f"| full | {' | '.join([*shown, '1', '1'])} |")
    return "\n".join([*lines, *(f"| {' | '.join(row(bench, name, models, seeds, nets))} |" for name in names)])


def main() -> None:
    parser = argparse.ArgumentParser(description="Condensed data compared; see the top of this file.")
    parser.add_argument("dataset", choices=["mnist-saccade", "fashion-saccade", "nmnist", "digits-dvs"])
    parser.add_argument("--path", default="")
    parser.add_argument("--second", default="", help="N-MNIST: another test set")
    parser.add_argument("--methods", nargs="+", default=list(DEFAULT), choices=list(METHODS))
    parser.add_argument("--per-class", nargs="+", type=int, default=[1])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--nets", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--out", type=Path, default=None)
    given, words = parser.parse_known_args()
    torch.set_num_threads(1)
    out = given.out or Path("build/bench-condense") / f"{given.dataset}.json"
    first = [f"dataset={given.dataset}", f"data.limit={given.limit}", *([f"data.path={given.path}"] * bool(given.path))]
    bench = Bench([*first, *words], given.epochs, given.second, out)
    names = [(method, per_class) for per_class in given.per_class for method in given.methods]
    for name in names:
        for seed in given.seeds:
            for model in given.models:
                for net in range(given.nets):
                    bench.condensed(*name, seed, model, net)
    print(f"\n{len(bench.data.train)} recordings of {given.dataset}; torch {torch.__version__}, 1 thread\n")
    print(table(bench, names, given.models, given.seeds, given.nets))


if __name__ == "__main__":
    main()
