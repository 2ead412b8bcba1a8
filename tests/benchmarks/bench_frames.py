"""How long frames take: binning, reading a batch out of the cache, augmenting it. One run, one core.

python tests/benchmarks/bench_frames.py
"""

from __future__ import annotations

import tempfile
import timeit
from collections.abc import Callable

import numpy as np

from neurodeploy.data.augment import AugmentConfig, augment
from neurodeploy.data.config import DataConfig
from neurodeploy.data.datasets import find
from neurodeploy.data.frame_set import open_frames
from neurodeploy.data.frames import bin_by_count, bin_by_duration


def milliseconds(call: Callable[[], object]) -> str:
    times = np.array(timeit.repeat(call, number=5, repeat=9)) / 5 * 1e3
    return f"{np.median(times):8.3f} ms  (fastest {times.min():.3f}, slowest {times.max():.3f})"


def main() -> None:
    rng = np.random.default_rng(0)
    streams = [recording.load() for recording in find("digits-dvs").open().train[:64]]
    events = np.mean([len(stream) for stream in streams])
    print(f"64 recordings of {events:.0f} events, T = 8, 2 x 34 x 34")
    print("  bin by duration", milliseconds(lambda: [bin_by_duration(stream, 8) for stream in streams]))
    print("  bin by count   ", milliseconds(lambda: [bin_by_count(stream, 8) for stream in streams]))
    with tempfile.TemporaryDirectory() as cache:
        for binary in (True, False):
            split = open_frames(DataConfig(cache=cache, binary=binary)).train
            indices = rng.integers(0, len(split), 64)
            frames = split.batch(indices)
            kind = "binary" if binary else "counts"
            print(f"  read a batch, {kind}    ", milliseconds(lambda s=split, i=indices: s.batch(i)))
            print(f"  augment a batch, {kind} ", milliseconds(lambda f=frames: augment(f, AugmentConfig(), rng)))


if __name__ == "__main__":
    main()
