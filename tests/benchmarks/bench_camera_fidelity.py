"""How close the camera model comes to real recordings of the same images; and how fast it is.

    python tests/benchmarks/bench_camera_fidelity.py [DATA]

DATA holds nmnist-small/ and mnist/ (default: $NEURODEPLOY_DATA, or ../shared/data beside the repository). N-MNIST
recording i shows MNIST image i - 1 of the same split. The camera was tuned on pairs of the training split only; the
pairs of the test split are shown to see whether that holds elsewhere. The last column of each split compares the model
with itself under another seed: what a perfect model would reach.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurodeploy.data.camera import record
from neurodeploy.data.camera_config import CameraConfig
from neurodeploy.data.datasets import find
from neurodeploy.data.events import EventStream
from neurodeploy.data.frames import bin_by_duration
from neurodeploy.data.idx import read_idx

CELLS = 34 * 34
TIMESTEPS = 8


def cells(stream: EventStream) -> np.ndarray:
    return stream.events["y"].astype(np.int64) * 34 + stream.events["x"]


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def count_image(stream: EventStream) -> np.ndarray:
    return np.bincount(cells(stream), minlength=CELLS)


def rate(stream: EventStream) -> np.ndarray:
    """Events in each 10 ms."""
    return np.histogram(stream.events["t"], 32, (0, 320_000))[0]


def intervals(streams: Sequence[EventStream], polarity: int) -> float:
    """Median time between two events of the same pixel and polarity that follow each other, in ms."""
    found = []
    for stream in streams:
        order = np.lexsort((stream.events["t"], cells(stream)))
        place, kind, when = cells(stream)[order], stream.events["p"][order], stream.events["t"][order]
        same = (np.diff(place) == 0) & (kind[1:] == polarity) & (kind[:-1] == polarity)
        found.append(np.diff(when)[same])
    return float(np.median(np.concatenate(found))) / 1000


def alone(streams: Sequence[EventStream]) -> dict[str, float]:
    """Figures of one set of recordings."""
    counts = [len(stream) for stream in streams]
    binary = [(bin_by_duration(stream, TIMESTEPS) > 0).mean() for stream in streams]
    return {
        "events, median": float(np.median(counts)),
        "events, 5 %": float(np.percentile(counts, 5)),
        "events, 95 %": float(np.percentile(counts, 95)),
        "share of ON events, median": float(np.median([stream.events["p"].mean() for stream in streams])),
        "last event, median, ms": float(np.median([stream.events["t"][-1] for stream in streams])) / 1000,
        "interval OFF-OFF of a pixel, median, ms": intervals(streams, 0),
        "interval ON-ON of a pixel, median, ms": intervals(streams, 1),
        f"busy cells of binary frames, T = {TIMESTEPS}": float(np.mean(binary)),
    }


def together(first: Sequence[EventStream], second: Sequence[EventStream]) -> dict[str, float]:
    """Medians over pairs of recordings of the same image, unless said otherwise."""
    pairs = list(zip(first, second, strict=True))
    frames = [[bin_by_duration(stream, TIMESTEPS) for stream in pair] for pair in pairs]
    logs = np.log([[len(stream) for stream in pair] for pair in pairs])
    shapes = [np.mean([rate(stream) for stream in streams], axis=0) for streams in (first, second)]
    return {
        "event count, correlation over recordings": correlation(logs[:, 0], logs[:, 1]),
        "event count, relative difference": float(np.median(np.abs(np.expm1(logs[:, 1] - logs[:, 0])))),
        "count image, correlation": float(np.median([correlation(*map(count_image, pair)) for pair in pairs])),
        f"frames T = {TIMESTEPS} x polarity, correlation": float(np.median([correlation(*pair) for pair in frames])),
        "rate in 10 ms, correlation": float(np.median([correlation(*map(rate, pair)) for pair in pairs])),
        "rate in 10 ms, mean of all, correlation": correlation(*shapes),
    }


def show(split: str, real: Sequence[EventStream], model: Sequence[EventStream], other: Sequence[EventStream]) -> None:
    print(f"\n{split}: {len(real)} pairs" + " " * 32 + "real     model")
    for (name, found), made in zip(alone(real).items(), alone(model).values(), strict=True):
        print(f"  {name:44s} {found:9.4g} {made:9.4g}")
    print(" " * 42 + "real-model  model-model")
    for (name, found), ceiling in zip(together(real, model).items(), together(model, other).values(), strict=True):
        print(f"  {name:44s} {found:9.4f} {ceiling:9.4f}")


def main(data: Path) -> None:
    opened = find("nmnist").open(data / "nmnist-small" / "nmnist-small.tar.gz")
    for split, recordings, name in (("Train", opened.train, "train"), ("Test", opened.test, "t10k")):
        numbers = [int(Path(recording.id).stem) - 1 for recording in recordings]
        images = read_idx(data / "mnist" / f"{name}-images-idx3-ubyte.gz", axes=3)[numbers]
        start = time.perf_counter()
        model = record(images, numbers, 1, CameraConfig())
        speed = len(images) / (time.perf_counter() - start)
        show(split, [recording.load() for recording in recordings], model, record(images, numbers, 2, CameraConfig()))
    print(f"\n{speed:.0f} recordings per second")


if __name__ == "__main__":
    default = os.environ.get("NEURODEPLOY_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data")
    main(Path(sys.argv[1] if len(sys.argv) > 1 else default))
