"""Learning from a part of the recordings: accuracy against learning from all, and what time it saves.

    python tests/benchmarks/bench_select.py mnist-saccade --path MNIST --second NMNIST [--methods sadp random infobatch]
        [--ratios 0.5] [--seeds 0 1 2] [--epochs 16] [--limit 6000] [--threads 1] [--out build/bench-select] [key=value ...]

Trains with all recordings ("full") and with each method and ratio, for the same number of epochs, and prints one table.
The trainings of a seed take turns, one epoch each, in one process, so that a busy machine slows all of them. Measured
seconds hold everything of an epoch: choosing recordings, scoring them, reading and augmenting frames, learning, and
validation, which costs the same whatever is left out; not the writing of checkpoints. Each run is kept as JSON (and
every epoch as a checkpoint): the same command goes on where it was stopped. A run whose time was not taken in turns with
that of "full", because that one was there already, is marked "*".

visited      recordings learned / (recordings * epochs)
theory       ratio * (epochs that leave recordings out) / epochs; infobatch: 1 - visited
saved        1 - seconds / seconds of "full"; "learning": without validation; "CPU": of the process's CPU time, which
             other processes disturb less, and which says little on CUDA
efficiency   saved / theory
scoring      seconds of scoring and sampling / seconds

`--second` is a folder of N-MNIST: real recordings as a second test set. Other settings are key=value words.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from select_runs import Contestant, Data, Result, train_in_turns, with_select

from neurodeploy.config import override
from neurodeploy.data.config import DataConfig
from neurodeploy.train.config import RunConfig
from neurodeploy.train.run_dir import write_json

Seconds = dict[str, float]


def seconds(run: Result) -> Seconds:
    """Of all epochs together: in all, of learning, of validation, of scoring; and of CPU time."""
    names = {"learn": "learn_s", "validation": "validation_s", "scoring": "select_s", "cpu": "cpu_s"}
    found = {name: sum(record.get(key, 0.0) for record in run["epochs"]) for name, key in names.items()}
    return {"all": found["learn"] + found["validation"], **found}


def compared(run: Result, full: Result) -> dict[str, float]:
    """The numbers of a run beside those of the run with all recordings and the same seed."""
    own, theirs, theory = seconds(run), seconds(full), run["theoretical_saving"]
    saved = {key: 1 - own[key] / theirs[key] for key in ("all", "learn", "cpu")}
    efficiency = {f"efficiency_{key}": value / theory if theory else np.nan for key, value in saved.items()}
    accuracies = {key: 100 * value for key, value in run.items() if "_accuracy_" in key}
    differences = {f"{key}_difference": value - 100 * full[key] for key, value in accuracies.items()}
    return {
        **accuracies,
        **differences,
        **efficiency,
        **{f"saved_{key}": value for key, value in saved.items()},
        "visited": run["visited_ratio"],
        "theory": theory,
        "seconds": own["all"],
        "validation_share": own["validation"] / own["all"],
        "scoring_share": own["scoring"] / own["all"],
    }


def spread(values: list[float], digits: int = 2) -> str:
    """Mean and standard deviation over seeds."""
    deviation = f" +- {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{deviation}"


def percent(values: list[float]) -> str:
    return spread([100 * value for value in values], 1)


def table(rows: dict[str, list[dict[str, float]]], tests: list[str]) -> str:
    """Markdown: one row for each method and ratio."""
    columns = {f"{test}, %": (f"{test}_accuracy_integer", spread) for test in tests}
    columns |= {f"{test}: points to full": (f"{test}_accuracy_integer_difference", spread) for test in tests}
    columns |= {"visited, %": ("visited", percent), "seconds": ("seconds", spread), "theory, %": ("theory", percent)}
    for key, name in (("all", ""), ("learn", ", learning"), ("cpu", ", CPU")):
        columns |= {f"saved{name}, %": (f"saved_{key}", percent), f"efficiency{name}": (f"efficiency_{key}", spread)}
    columns |= {"validation, % of s": ("validation_share", percent), "scoring, % of s": ("scoring_share", percent)}
    lines = [f"| method | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, found in rows.items():
        cells = [show([each[key] for each in found]) for key, show in columns.values()]
        lines.append(f"| {name} | {' | '.join('-' if 'nan' in cell else cell for cell in cells)} |")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Learning from a part of the recordings; see the top of this file.")
    parser.add_argument("dataset", choices=["mnist-saccade", "fashion-saccade", "nmnist", "digits-dvs"])
    parser.add_argument("--path", default="")
    parser.add_argument("--second", default="", help="N-MNIST: a second test set")
    parser.add_argument("--methods", nargs="+", default=["sadp", "random", "infobatch"])
    parser.add_argument("--ratios", nargs="+", type=float, default=[0.5])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--delta", type=float, default=0.875)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/bench-select"))
    given, words = parser.parse_known_args()
    given.words = words
    return given


def main() -> None:
    given = arguments()
    data = DataConfig(dataset=given.dataset, path=given.path, limit=given.limit)
    base = RunConfig(data=data)
    base = override(replace(base, train=replace(base.train, epochs=given.epochs, threads=given.threads)), given.words)
    second = replace(base.data, dataset="nmnist", path=given.second, limit=0) if given.second else None
    frames = Data(base.data, second)
    choices = [("full", 0.0), *((method, ratio) for method in given.methods for ratio in given.ratios)]
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    for seed in given.seeds:
        configs = [with_select(base, kind, ratio, given.warmup, given.delta, seed) for kind, ratio in choices]
        contestants = [Contestant(config, given.out, frames) for config in configs]
        train_in_turns(contestants, given.threads)
        full, *_ = results = [each.result for each in contestants if each.result is not None]
        for (kind, ratio), run in zip(choices, results, strict=True):
            mark = "" if full["name"] in run["together"] else " *"
            rows[(kind if kind == "full" else f"{kind} {ratio:g}") + mark].append(compared(run, full))
    tests = [key.removesuffix("_accuracy_integer") for key in full if key.endswith("_accuracy_integer")]
    counts = ", ".join(f"{test}: {full[f'{test}_recordings']} recordings" for test in tests)
    print(
        f"\n{given.dataset}, {full['recordings']} recordings learned, {given.epochs} epochs, seeds {given.seeds}; {counts}"
    )
    print(
        f"{base.data.steps} timesteps, {given.threads} thread(s), device {base.device}; accuracy of the deployed integers\n"
    )
    print(table(rows, tests))
    write_json(given.out / f"{given.dataset}-table.json", dict(rows))


if __name__ == "__main__":
    main()
