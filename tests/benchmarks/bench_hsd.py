"""HSD against plain training and TET on the same last windows of every recording: what is gained, in points.

    python tests/benchmarks/bench_hsd.py [key=value ...] [--data DATA] [--out DIR] [--seeds 0 1 2] [--only NAME ...]

DATA holds mnist/ and nmnist-small/ (default: $NEURODEPLOY_DATA, or ../shared/data beside the repository). Recordings are
cut into 10 windows; networks are shown windows 5 to 9 (T = 5), only artificial networks see windows 0 to 4 (or all).
Words like data.limit=2000 or dataset=nmnist change every run (default: mnist-saccade, all 60,000 recordings). Runs
without the phase of an artificial network get its epochs too, so all learn equally often. Every network is also tried
on the 100 real N-MNIST test recordings, whose images no run has seen: training uses MNIST training images only.

What is complete in DIR is not done again; an interrupted run goes on. Prints one table and writes DIR/hsd.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

from neurodeploy.config import read_config
from neurodeploy.errors import NeuroDeployError
from neurodeploy.evaluation import trained
from neurodeploy.subject import samples
from neurodeploy.train.config import RunConfig
from neurodeploy.train.progress import Lines
from neurodeploy.train.run_dir import load_run
from neurodeploy.train.training import resume_run, train_run

WINDOWS, SKIP = 10, 5
HYBRID = ("recipe.kind=hsd", "recipe.ann_windows=before")
ALL = ("recipe.kind=hsd", "recipe.ann_windows=all")
METHODS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "tet": ("train.loss=tet",),
    "hsd": HYBRID,
    "hsd-all": ALL,
    "ht-all": (*ALL, "recipe.teach=false"),
    "kd-all": (*ALL, "distill.kind=kd"),
    "hsd-tet": (*ALL, "train.loss=tet"),
    "skd-all": ("distill.teacher={ann}", "distill.skip=0", f"distill.take={WINDOWS}"),
}
"""hsd: HT + SKD of the paper, -all: the same with an artificial network that sees all windows; ht: hybrid training, the
conversion without a teacher; kd: with vanilla distillation; hsd-tet: hsd-all with the TET loss, the best of nine settings
on training recordings that no run had learned; skd: the teacher of hsd-all alone, whose run must be there."""

PLACES = {"nmnist": "nmnist-small/nmnist-small.tar.gz", "mnist-saccade": "mnist", "fashion-saccade": "fashion-mnist"}

DEFAULTS = (
    "dataset=mnist-saccade",
    f"data.timesteps={WINDOWS}",
    f"data.skip={SKIP}",
    "neuron.kind=if",
    "neuron.reset=subtract",
    "train.epochs=10",
    "recipe.ann_epochs=10",
)


def parse() -> argparse.Namespace:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="key=value")
    data = Path(os.environ.get("NEURODEPLOY_DATA", root.parent / "shared/data"))
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--out", type=Path, default=Path("runs/hsd"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", choices=METHODS, default=list(METHODS))
    return parser.parse_args()


def settings(name: str, seed: int, arguments: argparse.Namespace) -> RunConfig:
    """The configuration of one run."""
    words = [*DEFAULTS, *arguments.words, f"seed={seed}"]
    dataset = read_config(RunConfig, None, words).data.dataset
    words += [f"data.path={arguments.data / PLACES[dataset]}"] if dataset in PLACES else []
    ann = arguments.out / f"hsd-all-{seed}" / f"{dataset}-0001" / "phases" / "1-ann"
    words += [word.format(ann=ann) for word in METHODS[name]]
    config = read_config(RunConfig, None, words)
    if config.recipe.kind == "hsd":
        return config
    epochs = config.train.epochs + (config.recipe.ann_epochs or config.train.epochs)
    return read_config(RunConfig, None, [*words, f"train.epochs={epochs}"])


def run_of(name: str, seed: int, arguments: argparse.Namespace) -> Path:
    """The complete run, trained or gone on with as far as it is not."""
    config, folder = settings(name, seed, arguments), arguments.out / f"{name}-{seed}"
    path = folder / f"{config.data.dataset}-0001"
    print(f"{name}, seed {seed}: {path}", file=sys.stderr)
    if not (path / "config.json").exists():
        return train_run(config, folder, command=sys.argv, progress=Lines(sys.stderr))
    if load_run(path).config != config:
        raise SystemExit(f"{path} is a run with other settings: give another --out")
    return resume_run(path, progress=Lines(sys.stderr))


def result(name: str, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Accuracies of one run in percent, and its time; of a way that failed, why."""
    try:
        path = run_of(name, seed, arguments)
        metrics = load_run(path).metrics
        real = arguments.data / PLACES["nmnist"]
        words = ("data.dataset=nmnist", f"data.path={real}")
        found = {"real N-MNIST": trained(path, samples(path, words), "fast")["accuracy"]} if real.exists() else {}
    except NeuroDeployError as error:
        return {"method": name, "seed": seed, "failed": str(error)}
    found |= {"integers": metrics["test_accuracy_integer"], "floats": metrics["test_accuracy_float"]}
    found |= {key: metrics[key] for key in BEGAN if key in metrics}
    shares = {key: 100 * value for key, value in found.items()}
    return {"method": name, "seed": seed, **shares, "wall_s": metrics.get("wall_s_all_phases", metrics["wall_s"])}


BEGAN = ("ann_accuracy", "converted_accuracy", "converted_accuracy_start_0")
COLUMNS = ("integers", "floats", "real N-MNIST", *BEGAN, "wall_s")


def summary(results: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Mean and greatest distance from it, over the seeds that are there."""
    mine = [each for each in results if each["method"] == name and "failed" not in each]
    found: dict[str, Any] = {"method": name, "seeds": [each["seed"] for each in mine]}
    for column in COLUMNS:
        values = [each[column] for each in mine if column in each]
        if values:
            mean = statistics.fmean(values)
            found[column] = {"mean": mean, "spread": max(abs(value - mean) for value in values)}
    return found


def show(rows: list[dict[str, Any]], dataset: str) -> None:
    """One line for each method; accuracies in percent on the test split of `dataset`, mean +- greatest distance."""
    print(f"test split of {dataset}, T = {WINDOWS - SKIP} (windows {SKIP} to {WINDOWS - 1} of {WINDOWS})")
    print("  ".join(["method  ", *(f"{column[:18]:>18}" for column in COLUMNS)]))
    for row in rows:
        cells = [f"{row[c]['mean']:10.2f} +- {row[c]['spread']:4.2f}" if c in row else "" for c in COLUMNS]
        print("  ".join([f"{row['method']:8}", *(f"{cell:>18}" for cell in cells)]))
    means = {row["method"]: row["integers"]["mean"] for row in rows if "integers" in row}
    for name in ("hsd", "hsd-all", "hsd-tet"):
        for other in ("plain", "tet"):
            if name in means and other in means:
                print(f"{name} - {other}: {means[name] - means[other]:+.2f} points")


def main() -> int:
    arguments = parse()
    arguments.out.mkdir(parents=True, exist_ok=True)
    results: list[dict[str, Any]] = []
    dataset = settings("plain", 0, arguments).data.dataset
    for seed in arguments.seeds:
        for name in METHODS:
            if name in arguments.only:
                results.append(result(name, seed, arguments))
                rows = [summary(results, each) for each in arguments.only]
                content = {"dataset": dataset, "settings": [*DEFAULTS, *arguments.words], "runs": results, "rows": rows}
                (arguments.out / "hsd.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    show([summary(results, name) for name in arguments.only], dataset)
    failed = [each for each in results if "failed" in each]
    for each in failed:
        print(f"{each['method']}, seed {each['seed']} failed: {each['failed']}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
