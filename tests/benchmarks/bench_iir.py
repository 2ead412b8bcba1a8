"""How much accuracy one timestep costs: a chain of phases 8 -> 4 -> 2 -> 1 against one timestep from the start and against 8.

    python tests/benchmarks/bench_iir.py DATA --out FOLDER [--dataset nmnist] [--second NMNIST] [--seeds 0 1 2] [--epochs 30]
                                         [--ann-epochs 0] [key=value ...]

DATA is what data.path of the data set takes; --second adds the test split of real N-MNIST recordings. For each seed:
"8" is plain training with 8 timesteps; "chain" are the stages of recipe.kind=iir, each with so many epochs; "direct" is
plain training with one timestep and as many epochs, and "direct, long" with those of all stages. Every row is the deployed
integers: share of right answers on the test split, and synaptic operations and spikes per inference there.

FOLDER keeps the runs and results.json; the same call again goes on where it ended.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurodeploy import subject
from neurodeploy.config import read_config
from neurodeploy.costs import accuracy, costs
from neurodeploy.files import write_file
from neurodeploy.train.config import RunConfig
from neurodeploy.train.run_dir import deployment, load_run
from neurodeploy.train.training import resume_run, train_run

CHAIN = (8, 4, 2, 1)
KEPT = ("accuracy", "synaptic_operations", "spikes")

Rows = dict[str, dict[str, Any]]


def trained(folder: Path, words: Sequence[str]) -> Path:
    """The complete run in `folder`: trained now, continued, or found."""
    (run, *_) = [*folder.glob("*-0001"), None]
    if run is None or not (run / "config.json").exists():
        return train_run(read_config(RunConfig, None, words), folder)
    return resume_run(run)


def measured(run: Path, second: Sequence[str]) -> dict[str, Any]:
    """Numbers of a run or of an earlier phase."""
    network, found = deployment(load_run(run)), {}
    result = {key: value for key, value in costs(network, subject.samples(run)).items() if key in KEPT}
    if second:
        found = {"second": accuracy(network, subject.samples(run, second))}
    return {**result, **found, "s": load_run(run).metrics["wall_s"]}


def of_seed(folder: Path, words: Sequence[str], epochs: int, ann_epochs: int, second: Sequence[str]) -> Rows:
    plain = {"8": (8, epochs), "direct": (1, epochs), "direct, long": (1, epochs * len(CHAIN))}
    rows: Rows = {}
    for name, (steps, count) in plain.items():
        own = [*words, f"data.timesteps={steps}", f"train.epochs={count}"]
        rows[name] = measured(trained(folder / name.replace(", ", "-"), own), second)
    iir = ["recipe.kind=iir", f"recipe.chain={list(CHAIN)}", f"recipe.ann_epochs={ann_epochs}", "data.timesteps=1"]
    run = trained(folder / "chain", [*words, *iir, f"train.epochs={epochs}"])
    stages = sorted(path for path in (run / "phases").iterdir() if not path.name.endswith("-ann"))
    for steps, stage in zip(CHAIN, [*stages, run], strict=True):
        rows[f"chain, {steps}"] = measured(stage, second)
    return rows


def line(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    parts = [f"{name:14}"]
    for key in ("accuracy", "second"):
        if key in rows[0]:
            shares = [row[key] for row in rows]
            each = ", ".join(f"{share:.1%}" for share in shares)
            parts.append(f"{np.mean(shares):6.1%} ({each})")
    parts += [f"{np.mean([row[key] for row in rows]):12,.0f}" for key in ("synaptic_operations", "spikes", "s")]
    return "  ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("words", nargs="*", help="key=value settings of all trainings")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dataset", default="nmnist")
    parser.add_argument("--second", help="real N-MNIST recordings, as a second test split")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--ann-epochs", type=int, default=0)
    given = parser.parse_intermixed_args()
    second = ["data.dataset=nmnist", f"data.path={given.second}", "data.limit=0"] if given.second else []
    words = [f"data.dataset={given.dataset}", f"data.path={given.data}", *given.words]
    found: dict[str, Rows] = {}
    for seed in given.seeds:
        own = [*words, f"seed={seed}"]
        found[str(seed)] = of_seed(given.out / str(seed), own, given.epochs, given.ann_epochs, second)
        content = {"settings": vars(given) | {"out": str(given.out)}, "seeds": found}
        write_file(given.out / "results.json", (json.dumps(content, indent=1) + "\n").encode())
    print(f"{given.dataset}, {given.epochs} epochs a stage, seeds {given.seeds}; {' '.join(given.words)}")
    columns = "accuracy (each seed)" + (", on real N-MNIST" if second else "")
    print(f"{'':14}  {columns}, synaptic operations, spikes, training s of the stage")
    for name in next(iter(found.values())):
        print(line(name, [rows[name] for rows in found.values()]))
    lost = [100 * (rows["8"]["accuracy"] - rows["chain, 1"]["accuracy"]) for rows in found.values()]
    print(
        f"one timestep after the chain against 8: {np.mean(lost):+.1f} points lost ({', '.join(f'{x:+.1f}' for x in lost)})"
    )


if __name__ == "__main__":
    main()
