"""Early exit after TET training: timesteps that are left, and the integer lead against the published float scores.

    python tests/benchmarks/bench_early_exit.py nmnist.tar.gz [--epochs 60] [--seeds 0 1 2] [train.batch_size=64 ...]
    python tests/benchmarks/bench_early_exit.py --run runs/mnist-saccade-0001 [--resample 200]

The first form trains strided CNNs at T = 8 with the TET loss. For each run and score the threshold is chosen as
`neurodeploy early-exit` does it, on the validation recordings and copies of them (0.5 points of right answers may get
lost), and frozen; printed are the average timesteps and the accuracy on the test split. "best" is the fewest timesteps
at which any threshold would have stayed within 0.5 points of the full accuracy on the test split: it knows the test
labels and compares scores only.

--resample draws validation sets from the first 2,000 test recordings instead, chooses on them in three ways, and gives
mean and standard deviation of what that costs on the test recordings left over, and how often it was at most 0.5 points.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from neurodeploy import subject
from neurodeploy.config import read_config
from neurodeploy.data.augment import augment
from neurodeploy.early_exit import certainty, choose, confidence, exit_curve, exit_steps, fit_scale, margins
from neurodeploy.exiting import Kept, answers_of, kept_answers, trained_network
from neurodeploy.graph.numeric import FRACTION_BITS
from neurodeploy.quantize import quantize
from neurodeploy.train.config import RunConfig
from neurodeploy.train.run_dir import load_run
from neurodeploy.train.training import train_run

MAX_LOSS = 0.005
SIZES, DRAWN, COPIES = (80, 400), 2000, 8
"""Sizes of validation sets, the test recordings that they are drawn from, and copies of each of these."""

Score = Callable[[np.ndarray], np.ndarray]


def train(folder: Path, data: str, epochs: int, seed: int, words: list[str]) -> Path:
    settings = ["data.dataset=nmnist", f"data.path={data}", "data.timesteps=8", "train.loss=tet"]
    settings += [f"train.epochs={epochs}", f"seed={seed}", *words]
    return train_run(read_config(RunConfig, None, settings), folder)


def logit(path: Path) -> float:
    """Units of the deployed output that are one logit of the trained network."""
    run = load_run(path)
    graph = run.task.graph(run.model)
    found = quantize(graph, run.config.train.weight_bits, run.config.data.steps, run.model.formats)
    return float(found.scales[graph.output.name] * 2**FRACTION_BITS) if run.model.readout is not None else 1.0


def scores(kept: Kept, unit: float) -> dict[str, Score]:
    fitted = fit_scale(kept.recordings.prefix, kept.recordings.labels)
    return {
        "lead, integers": margins,
        "confidence, a = 1": lambda prefix: confidence(prefix, 1 / unit),
        "confidence, a fitted": lambda prefix: confidence(prefix, fitted),
        "entropy, a = 1": lambda prefix: certainty(prefix, 1 / unit),
        "entropy, a fitted": lambda prefix: certainty(prefix, fitted),
    }


def left(score: np.ndarray, right: np.ndarray, threshold: float) -> tuple[float, float]:
    """Average timesteps and accuracy."""
    steps = exit_steps(score, threshold)
    return float(steps.mean()), float(right[np.arange(len(right)), steps - 1].mean())


def compare(path: Path) -> dict[str, tuple[float, float]]:
    """Timesteps and lost points on the test split for each score."""
    network = trained_network(path)
    kept, tested = kept_answers(path, network), answers_of(network, subject.samples(path))
    full, found = float(tested.right[:, -1].mean()), {}
    recordings = f"{len(kept.recordings.labels)} validation recordings (and {kept.copies} copies of each)"
    print(f"{path.name}: {recordings}, {len(tested.labels)} test recordings; all timesteps {full:.2%}")
    for name, score in scores(kept, logit(path)).items():
        curve = exit_curve(score(kept.pool.prefix), kept.pool.right)
        place = choose(curve, MAX_LOSS)
        steps, accuracy = left(score(tested.prefix), tested.right, curve.thresholds[place])
        ideal = exit_curve(score(tested.prefix), tested.right)
        best = float(ideal.steps[choose(ideal, MAX_LOSS, set_off_gains=True)])
        lost = 100 * (full - accuracy)
        print(
            f"  {name:22} {steps:.3f} timesteps, {accuracy:.2%}, lost {lost:+.2f} points; best {best:.3f}", flush=True
        )
        found[name] = steps, lost
    return found


WAYS = {"accuracy": (0, True), "lost answers": (0, False), "lost answers, with copies": (COPIES, False)}
"""How a threshold is chosen -> copies of each recording, whether gains are set off against losses."""


def resample(path: Path, times: int) -> None:
    network, samples = trained_network(path), subject.samples(path)
    tested, config = answers_of(network, samples), load_run(path).config.augment
    few = samples.take(np.arange(min(DRAWN, len(samples.labels))), samples.source)
    rng = np.random.default_rng(0)
    copies = [answers_of(network, few, lambda frames: augment(frames, config, rng)) for _ in range(COPIES)]
    leads = np.stack([margins(each.prefix) for each in copies])
    rights = np.stack([each.right for each in copies])
    lead, right = margins(tested.prefix), tested.right
    for size in (size for size in SIZES if size < len(few.labels)):
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for _ in range(times):
            chosen = rng.permutation(len(few.labels))[:size]
            others = np.setdiff1d(np.arange(len(right)), chosen)
            for way, (number, gains) in WAYS.items():
                scored = np.concatenate([lead[chosen], *leads[:number, chosen]])
                judged = np.concatenate([right[chosen], *rights[:number, chosen]])
                curve = exit_curve(scored, judged)
                threshold = curve.thresholds[choose(curve, MAX_LOSS, set_off_gains=gains)]
                steps, accuracy = left(lead[others], right[others], threshold)
                found[way].append((steps, 100 * (float(right[others, -1].mean()) - accuracy)))
        for way, results in found.items():
            (steps, loss), (steps_sd, loss_sd) = np.mean(results, 0), np.std(results, 0)
            within = np.mean([each[1] <= 100 * MAX_LOSS for each in results])
            spent = f"{steps:.2f} +- {steps_sd:.2f} timesteps, lost {loss:.2f} +- {loss_sd:.2f} points"
            print(f"  {size:5} recordings, by {way:26} {spent}, within half a point {within:.0%}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", help="folder or archive of N-MNIST recordings")
    parser.add_argument("settings", nargs="*", help="key=value settings of the training")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--run", type=Path, nargs="*", default=[], help="runs that exist already")
    parser.add_argument(
        "--resample", type=int, default=0, help="how often a validation set is drawn from the test split"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = list(options.run)
        for seed in options.seeds if options.data else ():
            runs.append(train(Path(folder), options.data, options.epochs, seed, options.settings))
        found = [compare(path) for path in runs]
        for path in runs if options.resample else ():
            print(f"{path.name}, validation sets drawn {options.resample} times from its test split:")
            resample(path, options.resample)
    for name in found[0] if len(found) > 1 else ():
        each = np.array([one[name] for one in found])
        print(f"{name:24} mean {each[:, 0].mean():.2f} timesteps (" + ", ".join(f"{s:.2f}" for s in each[:, 0]), end="")
        print(f"), lost {each[:, 1].mean():+.2f} points (" + ", ".join(f"{p:+.2f}" for p in each[:, 1]) + ")")


if __name__ == "__main__":
    main()
