"""A small data set of event files, for tests that train runs: class k fires in a stripe of its own."""

from pathlib import Path

import numpy as np

from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.formats.npz import encode

SIDE = 10


def write_recordings(folder: Path, classes: int = 3, train: int = 16, test: int = 6, seed: int = 0) -> Path:
    """`folder` with train/<class>/<number>.npz and test/<class>/<number>.npz; counts are those of each class."""
    rng = np.random.default_rng(seed)
    for split, count in (("train", train), ("test", test)):
        for label in range(classes):
            place = folder / split / str(label)
            place.mkdir(parents=True)
            for number in range(count):
                (place / f"{number:03d}.npz").write_bytes(encode(_recording(label, classes, rng)))
    return folder


def _recording(label: int, classes: int, rng: np.random.Generator) -> EventStream:
    noise, signal = 60, 60
    events = np.zeros(noise + signal, EVENT)
    events["t"] = np.sort(rng.integers(0, 100_000, len(events)))
    events["x"] = rng.integers(0, SIDE, len(events))
    rows = rng.integers(label * SIDE // classes, (label + 1) * SIDE // classes, signal)
    events["y"] = rng.permutation(np.concatenate([rng.integers(0, SIDE, noise), rows]))
    events["p"] = rng.integers(0, 2, len(events))
    return EventStream(events, (SIDE, SIDE))
